"""What the peers say to each other: the insight rule, the REV gate, the filter, pause.

Nothing is lost: a message that is held keeps its body and goes on when its author pays what it
owes or a person resumes; one that is dropped is a fact. The author hears the reason, but not
again for the same reason within `TOLD_AGAIN` seconds, so that two machines cannot argue for ever.
A message that passes, or a resume, ends that silence: what is held after it is told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Dict, List, Union

import msgspec

from cccc.common import card
from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.common.machine.waits import left
from cccc.common.paths import other
from cccc.common.text.lines import seconds
from cccc.services.orchestrator.decision import Around, Said, Write
from cccc.services.orchestrator.decisions import rfd_cards
from cccc.services.orchestrator.mail import insight
from cccc.services.orchestrator.talk import worth

# ruff: noqa: UP006, UP007, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

TOLD_AGAIN = 600.0
REMIND_AFTER = 600.0
SUPERSEDED = "superseded"
RESTATES = 0.85  # share of words in common from which an insight only repeats its message
_NEEDED = ("delta", "refs", "next")
_UNPAID = ("missing-insight", "not-revise-kind", "missing", "similar-to-body")

_TEACH = """\
MESSAGE HELD {mid}: it has no insight block at its end. It is kept.
To release it, write to_peer.md with only the block, or write the message again with the block at its end:

```insight
to: {peer}
kind: ask | counter | question | risk | revise | note
msg: one new angle, not a repeat of the message
refs: what it rests on
next: the next step
```"""
_REVISE = """\
MESSAGE HELD {mid}: {reason}. It is kept.
After a COUNTER or a QUESTION your next message must have `kind: revise` with delta, refs and next, or carry a diff.
That releases the held message."""
_REMIND = "A COUNTER or QUESTION of {peer} still needs your revise (kind: revise with delta, refs, next) or a diff."
_DROPPED = "MESSAGE NOT FORWARDED {mid}: {reason}"


class Parcel(msgspec.Struct):
    """A held message: where its body lies, and what its preview says."""

    mid: str
    why: str  # insight, revise, paused
    sha: str
    size: int
    text: str


class Debt(msgspec.Struct):
    """A review that a peer owes, since the fact `seq`."""

    seq: int
    since: str
    reminded: bool = False


class Side(msgspec.Struct):
    """One peer's end of the talk."""

    debt: Union[Debt, None] = None
    held: List[Parcel] = msgspec.field(default_factory=list)
    told: Dict[str, float] = msgspec.field(default_factory=dict)  # reason -> when it was told last


class State(msgspec.Struct):
    paused: bool = False
    filter_on: Union[bool, None] = None  # as a person switched it; None: as the settings say
    sides: Dict[str, Side] = msgspec.field(default_factory=lambda: {"PeerA": Side(), "PeerB": Side()})
    filter: worth.State = msgspec.field(default_factory=worth.State)


# What follows from a fact of the talk, and how it changes the state.
decide: ByKind[Sequence[Said]] = ByKind(())


@decide.rule
def _without_insight(state: State, fact: f.TeachIntercept, around: Around) -> list[Said]:
    text = _TEACH.format(mid=fact.mid, peer=other(fact.peer))
    return _tell(state, fact.peer, fact, fact.reason, text, around.write)


@decide.rule
def _without_revise(state: State, fact: f.ReviseIntercept, around: Around) -> list[Said]:
    text = _REVISE.format(mid=fact.mid, reason=fact.reason)
    return _tell(state, fact.peer, fact, fact.reason, text, around.write)


@decide.rule
def _while_paused(state: State, fact: f.HandoffHeld, around: Around) -> list[Said]:
    text = f"MESSAGE HELD {fact.mid}: handoffs are paused by the user; it is delivered when they resume."
    return _tell(state, fact.author, fact, "paused", text, around.write)


@decide.rule
def _dropped(state: State, fact: f.HandoffDrop, around: Around) -> list[Said]:
    if fact.reason.startswith(SUPERSEDED):
        return []
    text = _DROPPED.format(mid=fact.mid, reason=fact.reason)
    return _tell(state, fact.author, fact, fact.reason, text, around.write)


@decide.rule
def _released(state: State, fact: f.HandoffRelease, around: Around) -> list[Said]:
    _owe(state, fact.author, insight.read(around.text), fact)
    return [around.write(fact.author, other(fact.author), fact.mid, around.text)]


@decide.rule
def _remind(state: State, fact: f.ReviseRemind, around: Around) -> list[Said]:
    debt = state.sides[fact.peer].debt
    if debt:
        debt.reminded = True
    return [around.write("System", fact.peer, f"sys-{fact.seq}", _REMIND.format(peer=other(fact.peer)))]


@decide.rule
def _switch(state: State, fact: f.FilterSwitched, around: Around) -> list[Said]:
    state.filter_on = fact.on
    return []


@decide.rule
def _pause(state: State, fact: f.Pause, around: Around) -> list[Said]:
    state.paused = True
    return []


@decide.rule
def _resume(state: State, fact: f.Resume, around: Around) -> list[Said]:
    state.paused = False
    for side in state.sides.values():
        _hush_over(side, "paused")
    return [said for author, side in state.sides.items() for said in _release(author, _let_go(side, "paused"))]


def due_reminders(state: State, now: float) -> list[tuple[f.ReviseRemind, int]]:
    """Return the reminders that are due at `now` (Unix seconds), with the fact that raised the debt."""
    due = []
    for peer, side in state.sides.items():
        debt = side.debt
        if debt and not debt.reminded and not state.paused and not left(seconds(debt.since), REMIND_AFTER, now):
            due.append((f.ReviseRemind(peer=peer, since=debt.since), debt.seq))
    return due


@decide.rule
def _message(state: State, fact: f.ToPeer, around: Around) -> list[Said]:
    """Forward, hold or drop a message, by the first of these that applies.

    A card alone is forwarded. Without an insight, or without the revise that is owed, it is held; one that pays
    releases what was held for that. A pause holds. The filter drops. A diff stands for insight and revise, and is not
    dropped.
    """
    text, write, rules = around.text, around.write, around.policies.handoff_filter
    author, side, read = fact.author, state.sides[fact.author], insight.read(text)
    body = f.Body(sha=fact.sha, size=fact.size, text=fact.text)
    own = Parcel(fact.mid, "paused", **body)
    if rfd_cards.stands_alone(text) or card.stands_alone(text):  # it needs no insight, and pays no revise
        return _wait(side, author, [own]) if state.paused else [write(author, other(author), fact.mid, text)]
    if read.fields is None and not around.diff:
        side.held.append(Parcel(fact.mid, "insight", **body))
        return [Said(f.TeachIntercept(peer=author, mid=fact.mid, reason="missing-insight", **body))]
    unpaid = _unpaid(read) if side.debt and not around.diff else ""
    if unpaid:
        side.held.append(Parcel(fact.mid, "revise", **body))
        return [Said(f.ReviseIntercept(peer=author, mid=fact.mid, reason=unpaid, **body))]
    side.debt = None
    _hush_over(side, *_UNPAID)
    dropped, going = _superseded(side, author, fact.mid, read.body), _let_go(side, "insight", "revise")
    waiting = going if going and not read.body.strip() else [*going, own]  # a bare block only releases
    if state.paused:
        return [*dropped, *_wait(side, author, waiting)]
    if going:
        return [*dropped, *_release(author, waiting)]
    direction = f"{author}->{other(author)}"
    on = rules.enabled if state.filter_on is None else state.filter_on
    reason = worth.refusal(state.filter, rules, direction, read.body, seconds(fact.ts)) if on else ""
    if reason and not around.diff and not dropped:
        return [Said(f.HandoffDrop(author=author, to=other(author), mid=fact.mid, reason=reason))]
    _owe(state, author, read, fact)
    return [*dropped, write(author, other(author), fact.mid, text)]


def _unpaid(read: insight.Message) -> str:
    """Return why a message does not pay a review debt, or ""."""
    fields = read.fields or {}
    if read.kind not in insight.PAYS_DEBT:
        return f"not-revise-kind: you owe a revise, and this insight's kind is {read.kind or 'missing'}"
    missing = [name for name in _NEEDED if not fields.get(name)]
    if missing:
        return f"missing:{','.join(missing)}: a revise says what changed, what it rests on and what comes next"
    said = insight.words(" ".join(fields.values()))
    if insight.likeness(said, insight.words(read.body)) >= RESTATES:
        return "similar-to-body: the insight only repeats the message"
    return ""


def _owe(state: State, author: str, read: insight.Message, fact: Fact) -> None:
    """A forwarded counter, question or risk raises a debt on the other side; a held one raises none."""
    side = state.sides[other(author)]
    if read.kind in insight.RAISES_DEBT and not side.debt:
        side.debt = Debt(fact.seq, fact.ts)


def _superseded(side: Side, author: str, mid: str, body: str) -> list[Said]:
    """Drop what was held for its missing insight and is now written again with one."""
    new = insight.words(body[: f.PREVIEW])
    again = [
        parcel
        for parcel in side.held
        if parcel.why == "insight" and body and insight.likeness(insight.words(parcel.text), new) >= RESTATES
    ]
    side.held = [parcel for parcel in side.held if parcel not in again]
    reason = f"{SUPERSEDED}: written again as {mid}"
    return [Said(f.HandoffDrop(author=author, to=other(author), mid=parcel.mid, reason=reason)) for parcel in again]


def _let_go(side: Side, *whys: str) -> list[Parcel]:
    """Return every message that was held for these reasons, oldest first, and hold it no more."""
    going = [parcel for parcel in side.held if parcel.why in whys]
    side.held = [parcel for parcel in side.held if parcel.why not in whys]
    return going


def _release(author: str, parcels: list[Parcel]) -> list[Said]:
    return [Said(f.HandoffRelease(author=author, **_of(parcel))) for parcel in parcels]


def _wait(side: Side, author: str, parcels: list[Parcel]) -> list[Said]:
    """Hold these messages until a person resumes."""
    side.held += [msgspec.structs.replace(parcel, why="paused") for parcel in parcels]
    return [Said(f.HandoffHeld(author=author, **_of(parcel))) for parcel in parcels]


def _of(parcel: Parcel) -> dict[str, Any]:
    return {"mid": parcel.mid, "sha": parcel.sha, "size": parcel.size, "text": parcel.text}


def _tell(state: State, peer: str, fact: Fact, reason: str, text: str, write: Write) -> list[Said]:
    reason, now, told = reason.partition(":")[0], seconds(fact.ts), state.sides[peer].told
    if left(told.get(reason, 0.0), TOLD_AGAIN, now):
        return []
    told[reason] = now
    return [write("System", peer, f"sys-{fact.seq}", text)]


def _hush_over(side: Side, *reasons: str) -> None:
    for reason in reasons:
        side.told.pop(reason, None)
