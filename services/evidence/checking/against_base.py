"""What the base's own run says about a run with the patch: what was red before, what the patch broke. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cccc.common.text.plural import plural
from cccc.services.evidence.checking import cause, checks
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.counts import Tally

_NAMED = 10
_VARIES = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{7,}\b|\d+")  # numbers, times, hashes


@dataclass(frozen=True)
class Compared:
    """How a red run with the patch stands to the same command on the base."""

    not_worse: bool  # proved: nothing fails that does not fail on the base
    words: str  # for the author; "" when the base is green
    missing: str = ""  # in words: what passes on the base and was not run


def compare(run: Tally | None, base_word: str, base: Tally | None) -> Compared:
    """Tell a red run and its base's apart. `base_word` is the verdict of the base."""
    if base_word == "broken":
        return Compared(False, "the same command could not run on the base")
    if base_word != "red":
        return Compared(False, "")
    if run is None or base is None:
        return Compared(False, "red on the base too")
    if not run.failing or not base.failing:
        return Compared(False, "red on the base too, and the runner does not name all failures")
    before, new = run.failing & base.failing, run.failing - base.failing
    words = [f"failing on the base too: {names(before)}"] if before else ["the failures on the base are different"]
    words += [f"failing with the patch only: {names(new)}"] if new else []
    gone = _missing(run, base)
    words += [gone] if gone else []
    return Compared(not new, "; ".join(words), gone)


def named(tally: Tally | None) -> str:
    """Return which tests failed, as far as the runner says, for people; "" when it names none."""
    if tally is None or not tally.failed:
        return ""
    names = list(tally.shown) or sorted(tally.failing or ())
    more = tally.failed - len(names[:_NAMED])
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if names and more > 0 else "")


def proves_nothing(run: Ended, counted: Tally | None, before: Ended, counted_before: Tally | None) -> bool:
    """Whether a run says nothing of the patch: no test was run in it and none on the base, and both ended alike.

    Alike is: with the same exit code, and no file failed to load that loads on the base; where the runner names no
    files, with the same last useful line, numbers aside. Such a run is broken, by what only the user can mend.
    """
    if any(tally and tally.executed for tally in (counted, counted_before)):
        return False
    if (run.code, run.over) != (before.code, before.over):
        return False
    if counted and counted_before and counted.failing and counted_before.failing:
        return counted.failing <= counted_before.failing
    return bool(run.over) or _steady(cause.of(run.output)) == _steady(cause.of(before.output))


def adds_nothing(run: Ended, before: Ended) -> bool:
    """Whether lint with the patch says nothing that it does not say on the base, numbers aside."""
    said, said_before = (Counter(_steady(checks.plain(ended.output)).split("\n")) for ended in (run, before))
    return run.code == before.code and not said - said_before


def repaired(run: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """Return the files in which lint changed more lines than on the base."""
    return [path for path, lines in run.items() if lines > before.get(path, 0)]


def _steady(text: str) -> str:
    return _VARIES.sub("0", text)


def _missing(run: Tally, base: Tally) -> str:
    if run.passing is not None and base.passing is not None:
        gone = base.passing - run.passing - (run.failing or frozenset())
        if gone:
            return f"passing on the base and missing with the patch: {names(gone)}"
    if run.tests < base.tests or run.skipped > base.skipped:
        before = f"{plural(base.tests, 'test')} and {base.skipped} skipped on the base"
        return f"{before}, {run.tests} and {run.skipped} with the patch"
    return ""


def names(tests: frozenset[str]) -> str:
    """Return tests for people, the first of many."""
    more = f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    return ", ".join(sorted(tests)[:_NAMED]) + more
