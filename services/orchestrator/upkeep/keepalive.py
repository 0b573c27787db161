"""When both peers have been idle for long and something is left to do, the leader is asked for the next step. Pure.

Something is left while there is a PROJECT.md or an open CLAIM. Each further time waits twice as long, until the
user says something or a patch is handed in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Dict

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.common.machine.waits import left
from cccc.common.paths import PEERS, other
from cccc.common.text.lines import seconds

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_MOST_DOUBLINGS = 5
_TEXT = """\
KEEPALIVE: nothing has happened for {minutes} minutes, and both inboxes are empty.{claim}
Take the next small step of what is agreed, or hand {other} one CLAIM for it. If only the user can continue, do nothing:
ask once in to_user.md if you have not."""
_CLAIM = " The last CLAIM has not led to a landed patch yet."


class State(msgspec.Struct):
    since: str = ""  # when something happened last
    seq: int = 0  # that fact
    sent: int = 0  # since the work moved
    claim: bool = False  # is open
    turns: Dict[str, bool] = msgspec.field(default_factory=lambda: dict.fromkeys(PEERS, False))


fold: ByKind[None] = ByKind(None)


def _happened(state: State, fact: Fact) -> None:
    state.since, state.seq = fact.ts, fact.seq


@fold.rule
def _begun(state: State, fact: f.NudgeAccepted, text: str) -> None:
    state.turns[fact.to] = True
    _happened(state, fact)


@fold.rule
def _ended(state: State, fact: f.TurnEnd | f.PeerStarted | f.PeerExited, text: str) -> None:
    state.turns[fact.peer] = False
    _happened(state, fact)


@fold.rule
def _asked(state: State, fact: f.Keepalive, text: str) -> None:
    state.sent = fact.count
    _happened(state, fact)


@fold.rule
def _moved(state: State, fact: f.UserMessage | f.Patch, text: str) -> None:
    state.sent = 0
    _happened(state, fact)


@fold.rule
def _landed(state: State, fact: f.PatchCommit, text: str) -> None:
    state.sent, state.claim = 0, False
    _happened(state, fact)


@fold.rule
def _claimed(state: State, fact: f.ToPeer, text: str) -> None:
    state.claim = state.claim or "CLAIM:" in text
    _happened(state, fact)


@fold.rule
def _went_on(state: State, fact: f.ToUser | f.Handoff | f.AckFile | f.Resume, text: str) -> None:
    _happened(state, fact)


def due(state: State, minutes: float, has_brief: bool, now: datetime) -> f.Keepalive | None:
    """Return the keepalive that is due; `minutes` is `delivery.keepalive_minutes`, 0 for none.

    Asked only while nothing lies in an inbox and handoffs are not paused.
    """
    if not minutes or not state.since or any(state.turns.values()) or not (has_brief or state.claim):
        return None
    wait = minutes * 2 ** min(state.sent, _MOST_DOUBLINGS)
    if left(seconds(state.since), wait * 60, now.timestamp()):
        return None
    return f.Keepalive(minutes=round(wait), count=state.sent + 1, claim=state.claim)


def text(fact: f.Keepalive, leader: str) -> str:
    """Return what the leader is told."""
    return _TEXT.format(minutes=fact.minutes, claim=_CLAIM if fact.claim else "", other=other(leader))
