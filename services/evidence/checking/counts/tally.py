"""What a runner says of a run, and how two of them add up. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Optional

_Names = Optional[frozenset[str]]


@dataclass(frozen=True)
class Tally:
    """What the runners of one command say together."""

    tests: int  # executed, with those of `unrun`
    failed: int
    skipped: int
    failing: _Names = None  # None: the runner does not name them all
    passing: _Names = None
    unrun: int = 0  # of `failed`: files, packages or programs of which no test could be run
    shown: tuple[str, ...] = field(default=(), compare=False)  # what the runner names of `failed`, in its order

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.tests + other.tests,
            self.failed + other.failed,
            self.skipped + other.skipped,
            None if self._shares(other) else _both(self.failing, other.failing),
            _both(self.passing, other.passing),
            self.unrun + other.unrun,
            self.shown + other.shown,
        )

    def _shares(self, other: Tally) -> bool:
        """Whether a test that failed has the name of one of the other: which of them it is, no name says."""
        ours, theirs = self.failing or frozenset(), other.failing or frozenset()
        return bool(ours & (theirs | (other.passing or frozenset())) or theirs & (self.passing or frozenset()))

    @property
    def executed(self) -> int:
        """How many tests were really run."""
        return self.tests - self.unrun


def tally(
    tests: int,
    failed: int,
    skipped: int,
    failing: Iterable[str],
    passing: Iterable[str] | None = None,
    unrun: int = 0,
) -> Tally:
    """Return a tally by what a runner counts and names. Its names count as all of them only if the numbers agree."""
    shown = tuple(dict.fromkeys(failing))
    names = frozenset(shown)
    return Tally(
        max(tests, failed),
        failed,
        skipped,
        names if len(names) == failed else None,
        None if passing is None else frozenset(passing) - names,
        min(unrun, failed),
        shown,
    )


def added(lines: Iterable[str], pattern: str) -> int:
    """Return the sum of the numbers that the pattern finds in the lines."""
    return sum(int(number) for line in lines for number in re.findall(pattern, line))


def _both(one: _Names, other: _Names) -> _Names:
    return None if one is None or other is None else one | other
