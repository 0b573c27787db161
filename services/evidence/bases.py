"""What is known of the tests before a patch: of what landed last on its branch, else of the base itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Dict, List, NamedTuple, Optional

import msgspec

from cccc.common import facts as f
from cccc.common.plural import plural
from cccc.services.evidence import policy
from cccc.services.evidence.branch import short
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


class Asked(msgspec.Struct):
    """A question about a base, by the id of its fact."""

    why: str
    names: List[str]
    base: str
    rfd_id: str = ""
    outcome: str = ""  # as in `rfd-settled`


class State(msgspec.Struct):
    by_mid: Dict[str, Known] = msgspec.field(default_factory=dict)
    asked: Dict[str, Asked] = msgspec.field(default_factory=dict)
    red: Dict[str, List[str]] = msgspec.field(default_factory=dict)  # by machine: tests that are known to fail there
    again: bool = False  # a person wants the tests of what is checked out run
    checks: str = ""  # what was last said of them
    untested: List[str] = msgspec.field(default_factory=list)  # machines where patches may land untested
    counted: Dict[str, Counted] = msgspec.field(default_factory=dict)  # by branch: of what landed last
    uncounted: List[str] = msgspec.field(default_factory=list)  # branches on which what landed last was not counted
    heads: Dict[str, str] = msgspec.field(default_factory=dict)  # by branch: the last commit whose tests were run

    def landed(self, branch: str, commit: str, counted: Counted | None) -> None:
        """Take in that a patch whose tests were run has landed."""
        self.heads[branch] = commit
        self.counted.pop(branch, None)
        self.uncounted = [name for name in self.uncounted if name != branch]
        if counted:
            self.counted[branch] = counted
        else:
            self.uncounted.append(branch)

    def known_red(self, machine: str) -> frozenset[str]:
        """The tests that people know to fail on the machine, patch or no patch."""
        return frozenset(self.red.get(machine, ()))

    def times(self, why: str, names: list[str]) -> int:
        """How often people were asked just this."""
        return sum((asked.why, asked.names) == (why, names) for asked in self.asked.values())

    def answer(self, why: str, names: list[str]) -> Asked | None:
        """Return the last question about just this, None when it was never asked or is to be asked again."""
        found = [asked for asked in self.asked.values() if (asked.why, asked.names) == (why, names)]
        return None if not found or found[-1].outcome in ("expired", "used", "void") else found[-1]

    def knows(self, branch: str) -> bool:
        """Whether a patch whose tests were run has landed on the branch."""
        return branch in self.counted or branch in self.uncounted


def question(why: str, names: Iterable[str], branch: str) -> str:
    """Return what people are asked, on one line."""
    if why == "untested":
        return "nothing tests this project; may patches to its code land untested? (gate.allow_without_tests)"
    named = sorted(names)
    fail = "fails" if len(named) == 1 else "fail"
    return f"{plural(len(named), 'test')} {fail} on {short(branch)} without any patch: accept as known on this machine?"


class Before(NamedTuple):
    """What a patch's tests are compared with."""

    counted: Counted | None = None
    on_base: bool = False  # counted on this very base: another run there would tell nothing new
    dropped: bool = False
    known_red: frozenset[str] = frozenset()  # tests that fail on this machine, as people know
    untested: bool = False  # people let patches land untested on this machine

    def fewer(self, now: Counted | None) -> list[Need]:
        """What people have to decide when `now` so many tests were run."""
        return [Need("tests", _DROPPED)] if self.dropped else policy.fewer_tests(self.counted, now)


def fold(state: State, fact: f.Fact) -> None:
    """Take one fact into the state."""
    if isinstance(fact, f.BaseRun):
        known = state.by_mid.pop(fact.mid, Known())
        state.by_mid[fact.mid] = known
        known.runs, known.is_open, known.ended, known.dropped = known.runs + 1, True, False, False
        state.again = False
        for mid in [mid for mid, old in state.by_mid.items() if not old.is_open][:-_KEPT]:
            del state.by_mid[mid]
    elif isinstance(fact, f.BaseTest) and fact.mid in state.by_mid:
        known = state.by_mid[fact.mid]
        known.is_open, known.ended = False, True
        known.counted = None if fact.tests is None else Counted(fact.tests, fact.skipped or 0)
    elif isinstance(fact, f.BaseAgain):
        state.again = True
        for asked in state.asked.values():
            asked.outcome = "void" if asked.outcome == "rejected" else asked.outcome
    elif isinstance(fact, f.GateChecks):
        state.checks = fact.linted_by + fact.tested_by + fact.programs
    elif isinstance(fact, f.BaseNeedsDecision):
        state.asked[fact.id] = Asked(fact.why, sorted(fact.names), fact.base)
        for old in list(state.asked)[:-_KEPT]:
            del state.asked[old]
    elif isinstance(fact, f.Rfd) and fact.machine:
        for asked in state.asked.values():
            if (asked.why, asked.names, asked.rfd_id) == (fact.why, sorted(fact.names), ""):
                asked.rfd_id = fact.rfd_id
    elif isinstance(fact, f.RfdSettled):
        for asked in state.asked.values():
            if asked.rfd_id == fact.rfd_id:
                asked.outcome = fact.outcome
    elif isinstance(fact, f.BaseAccepted):
        _accept(state, fact)
    elif isinstance(fact, f.BaseForgotten):
        _forget(state, fact)
    elif isinstance(fact, f.BaseDrop) and fact.mid in state.by_mid:
        known = state.by_mid[fact.mid]
        known.dropped = known.dropped or (known.is_open and not fact.reason)
        known.is_open = False


def _accept(state: State, fact: f.BaseAccepted) -> None:
    if fact.why == "untested" and fact.machine not in state.untested:
        state.untested.append(fact.machine)
    elif fact.why == "red":
        state.red[fact.machine] = sorted(state.known_red(fact.machine).union(fact.names))


def _forget(state: State, fact: f.BaseForgotten) -> None:
    if fact.why == "untested":
        state.untested = [machine for machine in state.untested if machine != fact.machine]
    else:
        state.red[fact.machine] = sorted(state.known_red(fact.machine).difference(fact.names))


def before(state: State, branch: str, mid: str, machine: str) -> Before:
    """Return what a patch on the branch is compared with; `mid` names the run on its base."""
    red, untested = state.known_red(machine), machine in state.untested
    if state.knows(branch):
        return Before(state.counted.get(branch), known_red=red, untested=untested)
    known = state.by_mid.get(mid, Known())
    return Before(known.counted, on_base=True, dropped=known.dropped, known_red=red, untested=untested)
