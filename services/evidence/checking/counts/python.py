"""pytest, and unittest with those who print as it does: Django and nose2. Tried for real."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally


def pytest(output: str) -> Tally | None:
    lines = re.findall(r"(?m)^=* ?((?:no tests ran|\d+ [a-z ]+(?:, \d+ [a-z ]+)*) in [\d.]+s)", output)
    if not lines:
        return None
    named = re.findall(r"(?m)^(FAILED|ERROR) ([^\s\[]+(?:\[.*?\])?)(?= - |$)", output)
    failing = [name for _, name in named]
    failed = added(lines, r"(\d+) (?:failed|errors?)\b")
    passed = added(lines, r"(\d+) (?:passed|xfailed|xpassed)\b")
    unrun = added(lines, r"(\d+) errors?\b")  # files that did not load, tests whose fixtures failed
    return tally(passed + failed, failed, added(lines, r"(\d+) skipped\b"), failing, unrun=unrun)


def unittest(output: str) -> Tally | None:
    ran = re.findall(r"(?m)^Ran (\d+) tests? in", output)
    if not ran:
        return None
    ends = re.findall(r"(?m)^(?:OK|FAILED|NO TESTS RAN)(?: \(.*\))?$", output)
    skipped = added(ends, r"\bskipped=(\d+)")
    failed = added(ends, r"(?<!expected )\b(?:failures|errors|unexpected successes)=(\d+)")
    failing = re.findall(r"(?m)^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$", output)
    unready = len({name for name in failing if name.startswith(("setUpClass ", "setUpModule ", "_ErrorHolder"))})
    unloaded = len({name for name in failing if re.search(r"\b(?:_FailedTest|ModuleImportFailure)\b", name)})
    # A class without its set-up is not counted as run, and a test once, however many of its subtests fail.
    more = unready + len(failing) - len({re.sub(r"(?<=\)) [\[(].*", "", name) for name in failing})
    tests = max(0, sum(map(int, ran)) - skipped) + more
    return tally(tests, failed, skipped, failing, unrun=unready + unloaded)


READERS = (pytest, unittest)
