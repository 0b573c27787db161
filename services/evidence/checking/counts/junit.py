"""JUnit XML, as nearly every runner can write it. Tried with pytest's, jest-junit's, vitest's and Surefire's."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from cccc.services.evidence.checking.counts.tally import Tally, tally

# In pytest's and jest's words: a file that did not load, a test whose fixtures failed.
_UNRUN = re.compile(r"collection failure|failed on setup|test setup failure|Test suite failed to run")


def read(report: bytes) -> Tally | None:
    """Return the tally of a report, None when it is none."""
    try:
        root = ElementTree.fromstring(report)
    except ElementTree.ParseError:
        return None
    if root.tag not in ("testsuites", "testsuite"):
        return None
    outcomes: dict[str, list[str]] = {"failed": [], "skipped": [], "passed": []}
    unrun = set()
    for case in root.iter("testcase"):
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        outcome = _outcome(case)
        outcomes[outcome].append(name)
        if outcome == "passed" and name in outcomes["failed"]:  # it was tried again
            outcomes["failed"].remove(name)
        error = case.find("error")
        words = (case.get("classname") or "", "" if error is None else error.get("message") or "")
        if outcome == "failed" and (any(map(_UNRUN.match, words)) or case.get("classname") == case.get("name")):
            unrun.add(name)  # vitest names a file that did not load twice
    failed = frozenset(outcomes["failed"])
    executed = len(failed) + len(outcomes["passed"])
    return tally(executed, len(failed), len(outcomes["skipped"]), outcomes["failed"], outcomes["passed"], len(unrun))


def _outcome(case: ElementTree.Element) -> str:
    """An expected failure, which pytest writes as skipped, was executed."""
    found = {child.tag for child in case}
    if found & {"failure", "error"}:
        return "failed"
    skipped = case.find("skipped")
    return "passed" if skipped is None or skipped.get("type") == "pytest.xfail" else "skipped"
