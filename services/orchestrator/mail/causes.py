"""What a peer's hand-in follows from: the edge by which a request of the user leads to its commit. Pure.

What the hand-in names in `refs:` counts first, else the newest message that the peer was given in the turn in which it
wrote. What is not known stays unknown.
"""

from __future__ import annotations

import re
from typing import Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.paths import PEERS

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_REFS = re.compile(r"(?m)^[ \t]*refs:[ \t]*(\S.*)$")
_NAME = re.compile(r"cccc-\d+-[0-9a-f]{6}\b|\b[0-9a-f]{7,40}\b")

_MOST_NAMES = 5  # each may be asked for at git


class Turn(msgspec.Struct):
    """What a peer has before it."""

    unread: Dict[int, int] = msgspec.field(default_factory=dict)  # inbox_seq -> seq of the handoff
    newest: int = 0  # inbox_seq of the newest message that it was given
    handoff: int = 0  # its seq
    ended: str = ""  # when the turn ended in which that was


class State(msgspec.Struct):
    turns: Dict[str, Turn] = msgspec.field(default_factory=lambda: {peer: Turn() for peer in PEERS})


fold: ByKind[None] = ByKind(None)


@fold.rule
def _handed_over(state: State, fact: f.Handoff) -> None:
    state.turns[fact.to].unread[fact.inbox_seq] = fact.seq


@fold.rule
def _given(state: State, fact: f.HandoffAccepted | f.AckFile) -> None:
    turn = state.turns[fact.author]
    handoff = turn.unread.get(fact.inbox_seq, 0)
    if isinstance(fact, f.AckFile):
        turn.unread.pop(fact.inbox_seq, None)
        handoff = 0 if fact.unread else handoff
    if handoff and fact.inbox_seq > turn.newest:
        turn.newest, turn.handoff, turn.ended = fact.inbox_seq, handoff, ""


@fold.rule
def _over(state: State, fact: f.TurnEnd | f.PeerExited) -> None:
    turn = state.turns[fact.peer]
    turn.ended = turn.ended or fact.ts


def of_the_turn(state: State, peer: str, written: str) -> int | None:
    """Return the seq of the handoff on which a peer worked when it wrote something, None when it is not known."""
    turn = state.turns[peer]
    return None if turn.ended and written > turn.ended else turn.handoff or None


def named(text: str) -> List[str]:
    """Return the first messages, patches and commits that a text names in `refs:`, as they are written there."""
    return [name for line in _REFS.findall(text) for name in _NAME.findall(line)][:_MOST_NAMES]
