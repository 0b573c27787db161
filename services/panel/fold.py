"""What the ledger tells of the whole project, folded fact by fact.

It stays small however long the ledger is: what is finished is counted and dropped.
"""

from __future__ import annotations

from typing import Dict, List, Optional

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.common.paths import PEERS
from cccc.common.shown.short import line_of, one_line
from cccc.common.shown.status import TOLD, Counts, FactLine, LastHandoff, NoticeLine, PatchLine, RfdLine, Skip, ToldLine
from cccc.common.text.plural import plural

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

_FACTS = 12
_NOTICES = 5
_SETTLED = 5
_SKIPS = 20


class Mail(msgspec.Struct):
    """What the ledger says of one peer."""

    command: str = ""
    delivered: int = 0
    read: int = 0
    last: Optional[LastHandoff] = None


class Call(msgspec.Struct):
    """The last fact for which a person is needed."""

    seq: int
    ts: str
    text: str


class State(msgspec.Struct):
    """The fold; kept in the worker's snapshot."""

    seq: int = 0
    mail: Dict[str, Mail] = msgspec.field(default_factory=lambda: {peer: Mail() for peer in PEERS})
    patches: Dict[str, PatchLine] = {}  # open ones by mid, oldest first
    settled: List[PatchLine] = []  # newest first, as the lists below
    told: List[ToldLine] = []
    notices: List[NoticeLine] = []
    rfds: Dict[str, RfdLine] = {}  # by id, oldest first
    skipped: List[Skip] = []
    facts: List[FactLine] = []
    call: Optional[Call] = None
    linted_by: str = ""
    tested_by: str = ""
    tested: str = ""
    ran: Dict[str, str] = {}  # how the tests of each open patch ended last
    leftovers: str = ""
    paused: str = ""  # since when
    filter_on: Optional[bool] = None  # as a person switched it
    counts: Counts = msgspec.field(default_factory=Counts)
    mailbox_counts: Dict[str, Dict[str, int]] = msgspec.field(
        default_factory=lambda: {peer: {"to_user": 0, "to_peer": 0, "patch": 0} for peer in PEERS}
    )


# What a kind changes besides the list of last facts.
_fold: ByKind[None] = ByKind(None)


def fold(state: State, fact: Fact) -> None:
    """Change the state from one fact, whatever its kind."""
    state.seq = fact.seq
    state.facts.insert(0, line_of(fact))
    del state.facts[_FACTS:]
    text = fact.call()
    if text:
        state.call = Call(fact.seq, fact.ts, one_line(text))
    _fold(state, fact)


@_fold.rule
def _handed_in(state: State, fact: f.ToPeer | f.ToUser | f.Patch) -> None:
    state.mailbox_counts[fact.author][fact.kind] += 1
    if isinstance(fact, f.ToUser):
        state.told.insert(0, ToldLine(fact.seq, fact.ts, fact.author, fact.mid, line_of(fact).text))
        del state.told[TOLD:]


@_fold.rule
def _handoff(state: State, fact: f.Handoff) -> None:
    to = state.counts.handoffs.setdefault(fact.author, {})
    to[fact.to] = to.get(fact.to, 0) + 1
    text = line_of(fact).text
    state.mail[fact.to].last = LastHandoff(fact.author, fact.mid, fact.inbox_seq, "handed", fact.ts, text)


@_fold.rule
def _handoff_drop(state: State, fact: f.HandoffDrop) -> None:
    state.counts.drops += 1


@_fold.rule
def _handoff_delivered(state: State, fact: f.HandoffDelivered) -> None:
    state.mail[fact.to].delivered += 1
    _reach(state.mail[fact.to], "inbox", fact.ts, fact.inbox_seq)


@_fold.rule
def _nudged(state: State, fact: f.Nudge) -> None:
    state.counts.nudges += 1
    mail = state.mail[fact.to]
    if mail.last and mail.last.stage == "inbox":
        _reach(mail, "nudged", fact.ts, mail.last.inbox_seq)


@_fold.rule
def _ack_file(state: State, fact: f.AckFile) -> None:
    state.mail[fact.author].read += 1
    _reach(state.mail[fact.author], "put away" if fact.unread else "read", fact.ts, fact.inbox_seq)


def _reach(mail: Mail, stage: str, ts: str, inbox_seq: int) -> None:
    if mail.last and mail.last.inbox_seq == inbox_seq:
        mail.last.stage, mail.last.ts = stage, ts


@_fold.rule
def _peer_started(state: State, fact: f.PeerStarted) -> None:
    state.mail[fact.peer].command = one_line(fact.command)


@_fold.rule
def _queued(state: State, fact: f.PatchQueued) -> None:
    state.patches[fact.mid] = PatchLine(fact.author, fact.mid, "queued", fact.ts)


@_fold.rule
def _checked(state: State, fact: f.Lint | f.Test) -> None:
    if isinstance(fact, f.Test):
        state.counts.tests[fact.verdict] = state.counts.tests.get(fact.verdict, 0) + 1
        state.ran[fact.mid] = _counted(fact)
    _move(state, fact.mid, fact.kind, fact.ts, fact.verdict)


@_fold.rule
def _held(state: State, fact: f.PatchHeld) -> None:
    _move(state, fact.mid, "held", fact.ts, fact.reason)


@_fold.rule
def _patch_needs_decision(state: State, fact: f.PatchNeedsDecision) -> None:
    _move(state, fact.mid, "decision", fact.ts, fact.question)


@_fold.rule
def _rfd(state: State, fact: f.Rfd) -> None:
    state.rfds[fact.rfd_id] = RfdLine(fact.rfd_id, fact.why, one_line(fact.title), fact.ts, fact.expires)


@_fold.rule
def _rfd_settled(state: State, fact: f.RfdSettled) -> None:
    state.rfds.pop(fact.rfd_id, None)
    if fact.outcome == "approved":
        _move(state, fact.mid, "approved", fact.ts, fact.rfd_id)


@_fold.rule
def _patch_landing(state: State, fact: f.PatchLanding) -> None:
    _move(state, fact.mid, "landing", fact.ts, fact.branch)


@_fold.rule
def _landed(state: State, fact: f.PatchCommit) -> None:
    state.counts.landed += 1
    ran = state.ran.get(fact.mid, "")
    state.tested = f"{ran} on {fact.branch.removeprefix('refs/heads/')}" if ran else state.tested
    _settle(state, PatchLine(fact.author, fact.mid, "landed", fact.ts, line_of(fact).text))


@_fold.rule
def _base_tested(state: State, fact: f.BaseTest) -> None:
    state.tested = f"{_counted(fact) or fact.verdict} on {fact.branch.removeprefix('refs/heads/')}"


@_fold.rule
def _gate_checks(state: State, fact: f.GateChecks) -> None:
    state.linted_by, state.tested_by = fact.linted_by, fact.tested_by


def _counted(fact: f.Test | f.BaseTest) -> str:
    if fact.tests is None:
        return ""
    failed = f"{fact.failed} of " if fact.failed else ""
    return f"{failed}{plural(fact.tests, 'test')}{' failed' if failed else ''} in {fact.seconds:.0f} s"


@_fold.rule
def _patch_reverted(state: State, fact: f.PatchReverted) -> None:
    for patch in state.settled:
        if patch.mid == fact.mid:
            patch.stage, patch.reason = "reverted", line_of(fact).text
        elif patch.reason.startswith(f"reverted by {fact.mid} "):
            patch.stage, patch.reason = "landed", f"its revert {fact.mid} was reverted"


@_fold.rule
def _settings_applied(state: State, fact: f.SettingsApplied) -> None:
    state.counts.landed += 1
    _settle(state, PatchLine(fact.author, fact.mid, "landed", fact.ts, ", ".join(fact.paths)))


@_fold.rule
def _refused(state: State, fact: f.PatchReject | f.PatchPrecheckFail) -> None:
    state.counts.refused += 1
    _settle(state, PatchLine(fact.author, fact.mid, "refused", fact.ts, line_of(fact).text))


def _move(state: State, mid: str, stage: str, ts: str, reason: str) -> None:
    if mid in state.patches:
        patch = state.patches[mid]
        patch.stage, patch.ts, patch.reason = stage, ts, one_line(reason)


def _settle(state: State, patch: PatchLine) -> None:
    state.patches.pop(patch.mid, None)
    state.ran.pop(patch.mid, None)
    state.settled.insert(0, patch)
    del state.settled[_SETTLED:]


@_fold.rule
def _notice(state: State, fact: f.Notice) -> None:
    state.notices.insert(0, NoticeLine(fact.ts, one_line(fact.text), fact.about))
    del state.notices[_NOTICES:]


@_fold.rule
def _leftover_edits(state: State, fact: f.LeftoverEdits) -> None:
    names = ", ".join(fact.paths)
    state.leftovers = one_line(f"{plural(fact.count, 'path')} since {fact.since}: {names}") if fact.count else ""


@_fold.rule
def _pause(state: State, fact: f.Pause) -> None:
    state.paused = state.paused or fact.ts


@_fold.rule
def _resume(state: State, fact: f.Resume) -> None:
    state.paused = ""


@_fold.rule
def _filter_switched(state: State, fact: f.FilterSwitched) -> None:
    state.filter_on = fact.on


@_fold.rule
def _fact_skipped(state: State, fact: f.FactSkipped) -> None:
    state.skipped.insert(0, Skip(fact.service, fact.fact, one_line(fact.error), fact.ts))
    del state.skipped[_SKIPS:]


@_fold.rule
def _skips_cleared(state: State, fact: f.SkipsCleared) -> None:
    state.skipped.clear()
