"""How many tests a run executed, skipped and failed, and which: read from what the runners say. Pure.

A skipped test is not an executed one. Names are there only where they account for every failure. Seen
for real: pytest, unittest, node, cargo, go, jest, vitest, mocha, TAP, JUnit XML of pytest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable, Optional
from xml.etree import ElementTree

_Names = Optional[frozenset[str]]


@dataclass(frozen=True)
class Tally:
    """What the runners of one command say together."""

    tests: int  # executed
    failed: int
    skipped: int
    failing: _Names = None  # None: the runner does not name them all
    passing: _Names = None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.tests + other.tests,
            self.failed + other.failed,
            self.skipped + other.skipped,
            _both(self.failing, other.failing),
            _both(self.passing, other.passing),
        )


def read(output: str, reports: Iterable[bytes] = ()) -> Tally | None:
    """Return the tally of a run's output (without terminal sequences), None when no runner tells.

    `reports` are JUnit XML files of the run. Where they are there they count, and the output does not.
    """
    said = [tally for tally in map(junit, reports) if tally] or [
        tally for tally in (reader(output) for reader in _READERS) if tally
    ]
    return sum(said[1:], said[0]) if said else None


def junit(report: bytes) -> Tally | None:
    """Return the tally of a JUnit XML file, None when it is none."""
    try:
        root = ElementTree.fromstring(report)
    except ElementTree.ParseError:
        return None
    outcomes: dict[str, list[str]] = {"failed": [], "skipped": [], "passed": []}
    for case in root.iter("testcase"):
        found = {child.tag for child in case}
        outcome = "failed" if found & {"failure", "error"} else "skipped" if "skipped" in found else "passed"
        outcomes[outcome].append("::".join(filter(None, (case.get("classname"), case.get("name")))))
    if root.tag not in ("testsuites", "testsuite"):
        return None
    failed = frozenset(outcomes["failed"])
    executed = len(failed) + len(outcomes["passed"])
    return Tally(executed, len(failed), len(outcomes["skipped"]), failed, frozenset(outcomes["passed"]) - failed)


def _pytest(output: str) -> Tally | None:
    lines = re.findall(r"(?m)^=* ?((?:no tests ran|\d+ \w+(?:, \d+ \w+)*) in [\d.]+s)", output)
    if not lines:
        return None
    failing = re.findall(r"(?m)^(?:FAILED|ERROR) ([^\s\[]+(?:\[.*?\])?)(?= - |$)", output)
    failed = _sum(lines, r"(\d+) (?:failed|errors?)\b")
    passed = _sum(lines, r"(\d+) (?:passed|xfailed|xpassed)\b")
    return _tally(passed + failed, failed, _sum(lines, r"(\d+) skipped\b"), failing)


def _unittest(output: str) -> Tally | None:
    ran = re.findall(r"(?m)^Ran (\d+) tests? in", output)
    if not ran:
        return None
    ends = re.findall(r"(?m)^(?:OK|FAILED|NO TESTS RAN)(?: \(.*\))?$", output)
    skipped = _sum(ends, r"\bskipped=(\d+)")
    failed = _sum(ends, r"(?<!expected )\b(?:failures|errors|unexpected successes)=(\d+)")
    return _tally(sum(map(int, ran)) - skipped, failed, skipped, re.findall(r"(?m)^(?:FAIL|ERROR): (.+)$", output))


def _cargo(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^test result: .*$", output)
    if not ends:
        return None
    names: dict[str, list[str]] = {"ok": [], "FAILED": []}
    binary = ""
    for running, name, outcome in re.findall(
        r"(?m)^ *(?:Running|Doc-tests) (.+)$|^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED)$", output
    ):
        binary = re.sub(r" ?\(.*\)$", "", running) if running else binary
        if name:
            names[outcome].append(f"{binary}: {name}")
    failed, passed = _sum(ends, r"(\d+) failed"), _sum(ends, r"(\d+) passed")
    return _tally(passed + failed, failed, _sum(ends, r"(\d+) ignored"), names["FAILED"], names["ok"])


def _go(output: str) -> Tally | None:
    packages = re.findall(r"(?m)^(?:ok|FAIL)[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\))(.*)$", output)
    if not packages and not re.search(r"(?m)\[no test(?:s to run| files)\]", output):
        return None
    names: dict[str, list[str]] = {"PASS": [], "FAIL": [], "SKIP": []}
    section: list[tuple[str, str]] = []
    for outcome, name, package in re.findall(r"(?m)^--- (PASS|FAIL|SKIP): (\S+)|^(?:ok|FAIL)[ \t]+(\S+)", output):
        section += [(outcome, name)] if outcome else []
        if package:
            for word, test in section:
                names[word].append(f"{package}.{test}")
            section = []
    if "=== RUN" not in output:  # without -v only packages are told
        ran = sum("no tests to run" not in rest for rest in packages)
        return _tally(ran, len(names["FAIL"]), 0, names["FAIL"])
    executed = len(names["PASS"]) + len(names["FAIL"])
    return _tally(executed, len(names["FAIL"]), len(names["SKIP"]), names["FAIL"], names["PASS"])


def _jest_or_vitest(output: str) -> Tally | None:
    lines = re.findall(r"(?m)^\s*Tests:? +(.*\d.*)$", output)
    if not lines:
        return None
    failed = _sum(lines, r"(\d+) failed")
    named = re.findall(r"(?m)^ FAIL  (.+ > .+)$|^  ● (?!Console$)(.+)$", output)
    failing = [vitest or jest for vitest, jest in named]
    return _tally(failed + _sum(lines, r"(\d+) passed"), failed, _sum(lines, r"(\d+) skipped"), failing)


def _mocha(output: str) -> Tally | None:
    passing = re.findall(r"(?m)^\s*(\d+ passing)\b", output)
    if not passing:
        return None
    failed = _sum(re.findall(r"(?m)^\s*\d+ failing$", output), r"(\d+)")
    skipped = _sum(re.findall(r"(?m)^\s*\d+ pending$", output), r"(\d+)")
    return _tally(_sum(passing, r"(\d+)") + failed, failed, skipped, [])


def _node(output: str) -> Tally | None:
    total = {name: int(number) for name, number in re.findall(r"(?m)^(?:#|\u2139) (\w+) (\d+)$", output)}
    if "tests" not in total:
        return _tap(output)
    skipped = total.get("skipped", 0) + total.get("todo", 0)
    failed = total.get("fail", 0) + total.get("cancelled", 0)
    shown = re.findall(r"(?m)^test at (\S+?):\d+:\d+\n\u2716 (.*?)(?: \([\d.]+ms\))?$", output)
    failing = _tap_failures(output) or [f"{file}: {name}" for file, name in shown]
    return _tally(total["tests"] - skipped, failed, skipped, failing)


def _tap_failures(output: str) -> list[str]:
    """Return the failures of node's TAP, each with the suites it is in; a suite fails with its tests."""
    above: list[str] = []
    failing: list[str] = []
    pattern = r"(?m)^((?: {4})*)(?:# Subtest: (.*)|not ok \d+ - (.*?)(?: # .*)?)$"
    for indent, subtest, failed in re.findall(pattern, output):
        above = above[: len(indent) // 4]
        if subtest:
            above.append(subtest)
            continue
        name = " > ".join([*above, failed])
        if not any(known.startswith(f"{name} > ") for known in failing):
            failing.append(name)
    return failing


def _tap(output: str) -> Tally | None:
    if not re.search(r"(?m)^1\.\.\d+", output):
        return None
    points = re.findall(r"(?m)^(not )?ok\b *\d* *-? *(.*)$", output)
    skipped = [name for _, name in points if re.search(r"(?i)# skip", name)]
    failing = [name for bad, name in points if bad and not re.search(r"(?i)# (?:todo|skip)", name)]
    return _tally(len(points) - len(skipped), len(failing), len(skipped), failing)


_READERS: tuple[Callable[[str], Tally | None], ...] = (
    *(_pytest, _unittest, _cargo, _go, _jest_or_vitest, _mocha, _node),
)


def _tally(tests: int, failed: int, skipped: int, failing: list[str], passing: list[str] | None = None) -> Tally:
    names = frozenset(failing)
    return Tally(
        tests,
        failed,
        skipped,
        names if len(names) == failed else None,
        None if passing is None else frozenset(passing) - names,
    )


def _sum(lines: list[str], pattern: str) -> int:
    return sum(int(number) for line in lines for number in re.findall(pattern, line))


def _both(one: _Names, other: _Names) -> _Names:
    return None if one is None or other is None else one | other
