"""What is known of the tests before a patch: of what landed last on its branch, else of the base itself. Pure."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional

import msgspec

from cccc.common import facts as f
from cccc.services.evidence import policy
from cccc.services.evidence.policy import Counted, Need

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

_KEPT = 50
_DROPPED = "nothing is known of the tests before this patch: their run on the base was dropped"


class Known(msgspec.Struct):
    """The runs of the tests on one base, under the same settings and environment."""

    runs: int = 0  # begun
    is_open: bool = False  # the last one has not ended
    ended: bool = False  # by itself: nothing more is to be learned
    dropped: bool = False  # by a person
    counted: Optional[Counted] = None

    @property
    def settled(self) -> bool:
        return self.ended or self.dropped


class State(msgspec.Struct):
    by_mid: Dict[str, Known] = msgspec.field(default_factory=dict)
    counted: Dict[str, Counted] = msgspec.field(default_factory=dict)  # by branch: of what landed last
    uncounted: List[str] = msgspec.field(default_factory=list)  # branches on which what landed last was not counted

    def landed(self, branch: str, counted: Counted | None) -> None:
        """Take in that a patch whose tests were run has landed."""
        self.counted.pop(branch, None)
        self.uncounted = [name for name in self.uncounted if name != branch]
        if counted:
            self.counted[branch] = counted
        else:
            self.uncounted.append(branch)

    def knows(self, branch: str) -> bool:
        """Whether a patch whose tests were run has landed on the branch."""
        return branch in self.counted or branch in self.uncounted


class Before(NamedTuple):
    """What a patch's tests are compared with."""

    counted: Counted | None = None
    on_base: bool = False  # counted on this very base: another run there would tell nothing new
    dropped: bool = False

    def fewer(self, now: Counted | None) -> list[Need]:
        """What people have to decide when `now` so many tests were run."""
        return [Need("tests", _DROPPED)] if self.dropped else policy.fewer_tests(self.counted, now)


def fold(state: State, fact: f.Fact) -> None:
    """Take one fact into the state."""
    if isinstance(fact, f.BaseRun):
        known = state.by_mid.pop(fact.mid, Known())
        state.by_mid[fact.mid] = known
        known.runs, known.is_open = known.runs + 1, True
        for mid in [mid for mid, old in state.by_mid.items() if not old.is_open][:-_KEPT]:
            del state.by_mid[mid]
    elif isinstance(fact, f.BaseTest) and fact.mid in state.by_mid:
        known = state.by_mid[fact.mid]
        known.is_open, known.ended = False, True
        known.counted = None if fact.tests is None else Counted(fact.tests, fact.skipped or 0)
    elif isinstance(fact, f.BaseDrop) and fact.mid in state.by_mid:
        known = state.by_mid[fact.mid]
        known.dropped = known.dropped or (known.is_open and not fact.reason)
        known.is_open = False


def before(state: State, branch: str, mid: str) -> Before:
    """Return what a patch on the branch is compared with; `mid` names the run on its base."""
    if state.knows(branch):
        return Before(state.counted.get(branch))
    known = state.by_mid.get(mid, Known())
    return Before(known.counted, on_base=True, dropped=known.dropped)
