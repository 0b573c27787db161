"""TAP: a plain stream, as bats prints it, prove's summary, and node's own reporters. Tried for real."""

from __future__ import annotations

import re
from typing import NamedTuple

from cccc.services.evidence.checking.counts.tally import Tally, tally

_POINT = r"(not )?ok(?: +\d+)?(?: -)? *([^\t\n#]*)(?:#\s*(skip|todo)\b[^\n]*|#[^\n]*)?"
_FILE = re.compile(r"\S+\.[cm]?[jt]sx?$")


class _Point(NamedTuple):
    name: str
    failed: bool
    skipped: bool


def node(output: str) -> Tally | None:
    total = {name: int(number) for name, number in re.findall(r"(?m)^(?:#|\u2139) (\w+) (\d+)$", output)}
    if not {"tests", "pass", "fail"} <= total.keys():
        return None
    points = _points(output)
    if points:
        return _of(points)
    shown = re.findall(r"(?m)^test at (\S+?):\d+:\d+\n\u2716 (.*?)(?: \([\d.]+ms\))?( # \w+)?$", output)
    failing = [name if name.endswith(file) else f"{file}: {name}" for file, name, excused in shown if not excused]
    failed = total["fail"] + total.get("cancelled", 0)
    groups = max(0, failed - len(failing)) if failing else 0  # tests that failed by their subtests
    skipped = total.get("skipped", 0)
    return tally(total["tests"] - skipped - groups, failed - groups, skipped, failing, unrun=_files(failing))


def plain(output: str) -> Tally | None:
    """A point that the plan promises and that never came is a failure."""
    plans = re.findall(r"(?m)^1\.\.(\d+)", output)
    if not plans or node(output) or prove(output):
        return None
    top = len(re.findall(rf"(?im)^{_POINT}$", output))
    gone = max(0, sum(map(int, plans)) - top)
    return _of(_points(output), gone)


def _of(points: list[_Point], gone: int = 0) -> Tally:
    failing = [point.name for point in points if point.failed]
    passing = [point.name for point in points if not point.failed and not point.skipped]
    failed = len(failing) + gone
    return tally(
        failed + len(passing), failed, len(points) - len(passing) - len(failing), failing, passing, _files(failing)
    )


def _files(failing: list[str]) -> int:
    """A file that did not load is told as a test of its name."""
    return len({name for name in failing if _FILE.match(name)})


def _points(output: str) -> list[_Point]:
    """Return what was tested, each with the subtests that it is in; a group counts only if it failed by itself."""
    points: list[_Point] = []
    above: list[str] = []
    within: list[tuple[int, bool]] = []  # points that wait for the group they are in: depth, failed
    for indent, subtest, bad, name, word in re.findall(rf"(?im)^((?: {{4}})*)(?:# Subtest: (.*)|{_POINT})$", output):
        depth = len(indent) // 4
        above = above[:depth]
        if subtest:
            above.append(subtest)
            continue
        failed = bool(bad) and not word
        below = [one_failed for at, one_failed in within if at > depth]
        within = [(at, one_failed) for at, one_failed in within if at <= depth]
        within.append((depth, failed or any(below)))
        if not below or (failed and not any(below)):
            points.append(_Point(" > ".join([*above, name.strip()]), failed, word.lower() == "skip"))
    return points


def prove(output: str) -> Tally | None:
    """Perl's, and whatever else prints TAP and is run by it."""
    total = re.findall(r"(?m)^Files=\d+, Tests=(\d+),", output)
    scripts = re.findall(r"(?m)^(\S+) +\(Wstat: .*?Tests: \d+ Failed: (\d+)\)\n((?:  .*\n)*)", output)
    failing: list[str] = []
    failed = unrun = 0
    for script, count, details in scripts:
        numbers = [number for part in re.findall(r"Failed tests?: +([\d, -]+)", details) for number in _numbers(part)]
        failing += [f"{script} {number}" for number in numbers]
        failed += int(count)
        if not int(count):  # it died or has no plan
            failing.append(script)
            failed, unrun = failed + 1, unrun + 1
    return tally(sum(map(int, total)) + unrun, failed, 0, failing, unrun=unrun) if total else None


def _numbers(part: str) -> list[int]:
    numbers: list[int] = []
    for piece in filter(None, re.split(r"[, ]+", part)):
        first, _, last = piece.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


READERS = (node, plain, prove)
