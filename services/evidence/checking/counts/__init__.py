"""How many tests a run executed, skipped and failed, and which: read from what the runners say. Pure.

A skipped test is not an executed one, an expected failure is. A file, package or program of which no test could be run
is one failure. Names are there only where they account for every failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Callable

from cccc.services.evidence.checking.counts import building, compiled, javascript, junit, jvm, python, scripting, tap
from cccc.services.evidence.checking.counts.tally import Tally

__all__ = ["Tally", "read", "reports"]

# Their parts of an output are taken out before the others read the rest.
AROUND: tuple[tuple[tuple[re.Pattern[str], re.Pattern[str]], Callable[[str], Tally]], ...] = (
    (building.CTEST, building.ctest),
    (building.MESON, building.meson),
    (building.BAZEL, building.bazel),
)
_BY_FAMILY = (python, compiled, javascript, tap, building, jvm, scripting)
_READERS: tuple[Callable[[str], Tally | None], ...] = tuple(each for family in _BY_FAMILY for each in family.READERS)
# Where runners leave JUnit XML without being asked, by what their commands have in them.
_REPORTS = (
    (re.compile(r"\bmvnw?\b"), ("**/target/surefire-reports/TEST-*.xml", "**/target/failsafe-reports/TEST-*.xml")),
    (re.compile(r"\bgradlew?\b"), ("**/build/test-results/*/TEST-*.xml",)),
    (re.compile(r"\bsbt\b"), ("**/target/test-reports/*.xml",)),
)


def read(output: str, found: Iterable[bytes] = ()) -> Tally | None:
    """Return the tally of a run's output (without terminal sequences), None when no runner tells.

    `found` are JUnit XML files of the run. Where they are there they count, and the output does not.
    """
    said = [tally for tally in map(junit.read, found) if tally] or _told(output)
    return sum(said[1:], said[0]) if said else None


def _told(output: str) -> list[Tally]:
    said = []
    for (begin, end), reader in AROUND:
        first = begin.search(output)
        last = end.search(output, first.end()) if first else None
        while first and last:
            said.append(reader(output[first.start() : last.end()]))
            output = output[: first.start()] + output[last.end() :]
            first = begin.search(output, first.start())
            last = end.search(output, first.end()) if first else None
    return said + [tally for tally in (reader(output) for reader in _READERS) if tally]


def reports(command: str) -> list[str]:
    """Return the patterns of the JUnit XML files that the runner of a command leaves without being asked.

    None where the command runs others too, which leave no reports and have to be counted by what they print.
    """
    alone = "&&" not in re.sub(r"\bcd [^&|;]+ && ", "", command)
    return [pattern for runner, patterns in _REPORTS if alone and runner.search(command) for pattern in patterns]
