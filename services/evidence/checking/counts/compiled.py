"""cargo and nextest, go, GoogleTest. Tried for real; nextest by its documents."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally


def cargo(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^test result: .*$", output)
    uncompiled = sorted(set(re.findall(r"(?m)^error: could not compile `([^`]+` \(.*?\))", output)))
    if not (ends or uncompiled) or nextest(output):  # which shows what each test's own libtest says
        return None
    names: dict[str, list[str]] = {"ok": [], "FAILED": []}
    binary = ""
    for running, name, outcome, listed in re.findall(
        r"(?m)^ *(?:Running|Doc-tests) (.+)$|^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED)$"
        r"|^failures:\n((?: {4}\S.*\n)+)",
        output,
    ):
        binary = re.sub(r" ?\(.*\)$", "", running) if running else binary
        told = [name] if name else [line.strip() for line in listed.splitlines()]
        names[outcome or "FAILED"] += [f"{binary}: {test}" for test in told]
    unrun = [f"{name.replace('`', '')} does not compile" for name in uncompiled]
    failed, passed = added(ends, r"(\d+) failed") + len(unrun), added(ends, r"(\d+) passed")
    failing = [*unrun, *names["FAILED"]]
    return tally(passed + failed, failed, added(ends, r"(\d+) ignored"), failing, names["ok"], len(unrun))


def nextest(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^ *Summary \[ *[\d.]+s\] .*$", output)
    if not ends:
        return None
    failing = re.findall(
        r"(?m)^ *(?:FAIL|SIGABRT|SIGSEGV|TIMEOUT|LEAK-FAIL) \[ *[\d.]+s\] (?:\([ \d/]+\) )?(\S.*)$", output
    )
    failed = added(ends, r"(\d+) (?:failed|timed out|exec failed)")
    passed = added(ends, r"(\d+) passed")
    return tally(passed + failed, failed, added(ends, r"(\d+) skipped"), failing)


def go(output: str) -> Tally | None:
    packages = re.findall(r"(?m)^(?:ok|FAIL)[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\))(.*)$", output)
    unbuilt = re.findall(r"(?m)^FAIL\t(\S+) \[(?:build|setup) failed\]$", output)
    if not packages and not unbuilt and not re.search(r"(?m)\[no test(?:s to run| files)\]", output):
        return None
    names: dict[str, list[str]] = {"PASS": [], "FAIL": [], "SKIP": []}
    section: dict[str, str] = {}
    for outcome, name, package in re.findall(
        r"(?m)^ *--- (PASS|FAIL|SKIP): (\S+)|^(?:ok|FAIL)[ \t]+(\S+)[ \t]+(?:[\d.]+s|\(cached\))", output
    ):
        if outcome:
            section[name] = outcome
        else:
            for test in _leaves(section):
                names[section[test]].append(f"{package}.{test}")
            section = {}
    failing = [*(f"{package} does not build" for package in unbuilt), *names["FAIL"]]
    if "=== RUN" not in output:  # without -v only packages are told
        ran = sum("no tests to run" not in rest for rest in packages) + len(unbuilt)
        return tally(ran, len(failing), 0, failing, unrun=len(unbuilt))
    executed = len(names["PASS"]) + len(failing)
    return tally(executed, len(failing), len(names["SKIP"]), failing, names["PASS"], len(unbuilt))


def _leaves(section: dict[str, str]) -> list[str]:
    """Return the tests that are no group of others, and the groups that failed by themselves."""
    groups: dict[str, bool] = {}  # whether one of its tests failed
    for name, outcome in section.items():
        while "/" in name:
            name = name.rpartition("/")[0]
            groups[name] = groups.get(name, False) or outcome == "FAIL"
    by_itself = {name for name, failed in groups.items() if section.get(name) == "FAIL" and not failed}
    return [name for name in section if name not in groups or name in by_itself]


def googletest(output: str) -> Tally | None:
    ran = re.findall(r"(?m)^\[={10}\] (\d+) tests? from \d+ test (?:suites?|cases?) ran\.", output)
    if not ran:
        return None
    skipped = added(re.findall(r"(?m)^\[  SKIPPED \] \d+ tests?, listed below:$", output), r"(\d+)")
    failed = added(re.findall(r"(?m)^\[  FAILED  \] \d+ tests?, listed below:$", output), r"(\d+)")
    failing = re.findall(r"(?m)^\[  FAILED  \] (\S+\.[^\s,]+)(?:, where .*?)?(?: \(\d+ ms\))?$", output)
    return tally(sum(map(int, ran)) - skipped, failed, skipped, failing)


READERS = (cargo, nextest, go, googletest)
