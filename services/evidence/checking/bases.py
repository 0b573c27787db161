"""What is known of the tests before a patch: of what landed last on its branch, else of the base itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Dict, List, NamedTuple, Optional

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.text import redaction
from cccc.services.evidence import policy
from cccc.services.evidence.policy import Counted, Need

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

_KEPT = 50
_LONGEST_NAMES = f.LONGEST_FACT // 4  # as JSON
_DROPPED = "no test results before this patch: the run on the base was dropped"


class Known(msgspec.Struct):
    """The runs of the tests on one base, under the same settings and environment."""

    number: int = 0  # of the last one, among all runs of bases
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
    machine: str
    branch: str
    rfd_id: str = ""
    outcome: str = ""  # as in `rfd-settled`


class State(msgspec.Struct):
    by_mid: Dict[str, Known] = msgspec.field(default_factory=dict)
    begun: int = 0  # runs, ever
    questions: int = 0  # ever
    asked: Dict[str, Asked] = msgspec.field(default_factory=dict)
    red: Dict[str, List[str]] = msgspec.field(default_factory=dict)  # by machine: tests that are known to fail there
    again: int = 0  # the fact by which a person wants the tests of what is checked out run
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

    def was_asked(self, why: str, names: Iterable[str], machine: str) -> bool:
        """Whether people were asked about all of this, with more or without, and have not answered or have said no."""
        wanted = set(names)
        return any(
            (asked.why, asked.machine) == (why, machine)
            and wanted.issubset(asked.names)
            and asked.outcome in ("", "rejected")
            for asked in self.asked.values()
        )

    def ask_again(self, branch: str = "") -> None:
        """Let a no of people count no more: on the branch, since it is green, else everywhere."""
        for asked in self.asked.values():
            if asked.outcome == "rejected" and (not branch or (asked.why, asked.branch) == ("red", branch)):
                asked.outcome = "void"

    def knows(self, branch: str) -> bool:
        """Whether a patch whose tests were run has landed on the branch."""
        return branch in self.counted or branch in self.uncounted


def as_told(names: Iterable[str]) -> frozenset[str]:
    """Return tests as facts name them: without what looks like a secret."""
    return frozenset(map(redaction.default.redact, names))


def can_be_told(names: Iterable[str]) -> bool:
    """Whether one fact can name all of these tests."""
    return len(msgspec.json.encode(list(names))) <= _LONGEST_NAMES


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


fold: ByKind[None] = ByKind(None)


@fold.rule
def _run(state: State, fact: f.BaseRun) -> None:
    known = state.by_mid.pop(fact.mid, Known())
    state.by_mid[fact.mid] = known
    state.begun += 1
    known.number, known.is_open, known.ended, known.dropped = state.begun, True, False, False
    state.again = 0
    for mid in [mid for mid, old in state.by_mid.items() if not old.is_open][:-_KEPT]:
        del state.by_mid[mid]


@fold.rule
def _test(state: State, fact: f.BaseTest) -> None:
    known = state.by_mid.get(fact.mid)
    if known:
        known.is_open, known.ended = False, True
        known.counted = None if fact.tests is None else Counted(fact.tests, fact.skipped or 0)
        if fact.verdict == "green":
            state.ask_again(fact.branch)


@fold.rule
def _drop(state: State, fact: f.BaseDrop) -> None:
    known = state.by_mid.get(fact.mid, Known())
    state.again = state.again if known.is_open else 0
    known.dropped = known.dropped or (known.is_open and not fact.reason)
    known.is_open = False


@fold.rule
def _again(state: State, fact: f.BaseAgain) -> None:
    state.again = fact.seq
    state.ask_again()


@fold.rule
def _checks(state: State, fact: f.GateChecks) -> None:
    state.checks = fact.linted_by + fact.tested_by + fact.programs


@fold.rule
def _needs_decision(state: State, fact: f.BaseNeedsDecision) -> None:
    state.questions += 1
    state.asked[fact.id] = Asked(fact.why, sorted(fact.names), fact.machine, fact.branch)
    for old in list(state.asked)[:-_KEPT]:
        del state.asked[old]


@fold.rule
def _rfd(state: State, fact: f.Rfd) -> None:
    for asked in state.asked.values() if fact.machine else ():
        same = (asked.why, asked.names, asked.machine) == (fact.why, sorted(fact.names), fact.machine)
        if same and not asked.rfd_id:
            asked.rfd_id = fact.rfd_id


@fold.rule
def _settled(state: State, fact: f.RfdSettled) -> None:
    for asked in state.asked.values():
        if asked.rfd_id == fact.rfd_id:
            asked.outcome = fact.outcome


@fold.rule
def _accepted(state: State, fact: f.BaseAccepted) -> None:
    if fact.why == "untested" and fact.machine not in state.untested:
        state.untested.append(fact.machine)
    elif fact.why == "red":
        state.red[fact.machine] = sorted(state.known_red(fact.machine).union(fact.names))


@fold.rule
def _forgotten(state: State, fact: f.BaseForgotten) -> None:
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
