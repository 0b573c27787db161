"""What delivery remembers: the fold of its facts, per peer."""

from __future__ import annotations

from typing import Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.paths import PEERS
from cccc.common.text.lines import seconds
from cccc.services.delivery.nudge import Flight
from cccc.services.delivery.panes.screen import RUNS

# ruff: noqa: UP006, UP035  # msgspec evaluates annotations

LIVED_LONG = 60.0  # seconds after which a CLI's end is no failed start
_MOST_UNPROVED = 50


class Letter(msgspec.Struct):
    """One handoff on its way: `seq` is that of its fact."""

    seq: int
    mid: str
    sha: str
    file: str


class Wish(msgspec.Struct):
    """A line that is to be typed as it is; `seq` is that of the wish, `sha` its text's, "" for a compaction."""

    seq: int
    sha: str


class Life(msgspec.Struct):
    """The runs of one peer's CLI."""

    starts: int = 0  # ever; numbers the next
    attempt: int = 0  # starts since it last lived long
    running: bool = False
    started_at: float = 0.0
    ended_at: float = 0.0
    again_s: float = 0.0
    session: str = ""  # of the CLI's own; the next start goes on with it
    hooked: bool = False  # this run's hooks have told something
    stuck: str = ""  # a limit or a login; "" when turns succeed
    stuck_at: float = 0.0
    plain: bool = False  # starts without the login profile, which did not come to the CLI


class Peer(msgspec.Struct):
    """Everything about one peer. Letters are by inbox_seq."""

    owed: Dict[int, Letter] = msgspec.field(default_factory=dict)  # not in the inbox yet
    waiting: Dict[int, Letter] = msgspec.field(default_factory=dict)  # in the inbox
    put_away: Dict[int, bool] = msgspec.field(default_factory=dict)  # those to be taken out unread: into processed/?
    unproved: Dict[str, int] = msgspec.field(default_factory=dict)  # by mid: not seen to be given to the model
    read: List[str] = msgspec.field(default_factory=list)  # files in processed/, oldest first
    flight: Flight = msgspec.field(default_factory=Flight)
    stop: int = 0  # seq of a wish to interrupt its turn
    wishes: List[Wish] = msgspec.field(default_factory=list)  # oldest first
    typing: int = 0  # the wish that is said to be typed, with no outcome yet
    compacting: int = 0  # the wish for a compaction that was typed
    compacting_at: float = 0.0
    life: Life = msgspec.field(default_factory=Life)


class Memory(msgspec.Struct):
    peers: Dict[str, Peer] = msgspec.field(default_factory=lambda: {name: Peer() for name in PEERS})
    differs: str = ""  # how the ledger is not the one that was acknowledged; no nudge until a person accepts it


# What each kind of fact changes in the memory.
fold: ByKind[None] = ByKind(None)


@fold.rule
def _differs(memory: Memory, fact: f.LedgerDiffers) -> None:
    memory.differs = fact.reason


@fold.rule
def _accepted(memory: Memory, fact: f.LedgerAccepted) -> None:
    memory.differs = ""


# --- letters ---


@fold.rule
def _owed(memory: Memory, fact: f.Handoff) -> None:
    letter = Letter(fact.seq, fact.mid, fact.sha, f"{fact.inbox_seq:06d}.{fact.mid}.txt")
    memory.peers[fact.to].owed[fact.inbox_seq] = letter


@fold.rule
def _delivered(memory: Memory, fact: f.HandoffDelivered) -> None:
    peer = memory.peers[fact.to]
    peer.waiting[fact.inbox_seq] = peer.owed.pop(fact.inbox_seq)
    peer.unproved[fact.mid] = fact.inbox_seq
    if len(peer.unproved) > _MOST_UNPROVED:
        del peer.unproved[next(iter(peer.unproved))]


@fold.rule
def _given(memory: Memory, fact: f.HandoffAccepted) -> None:
    memory.peers[fact.author].unproved.pop(fact.mid, None)


@fold.rule
def _put_away(memory: Memory, fact: f.StartupInboxDiscard) -> None:
    peer = memory.peers[fact.peer]
    peer.put_away = {number: fact.kept for number in peer.waiting if number <= fact.upto}


@fold.rule
def _read(memory: Memory, fact: f.AckFile) -> None:
    peer = memory.peers[fact.author]
    letter = peer.waiting.pop(fact.inbox_seq)
    peer.put_away.pop(fact.inbox_seq, None)
    if fact.ok:
        peer.read.append(letter.file)
    flight = peer.flight
    flight.attempt, flight.losses, flight.escalated, flight.held, flight.blocked = 0, 0, 0, "", False
    flight.progress_at = seconds(fact.ts)
    flight.answered, flight.armed = True, False


# --- nudges ---


@fold.rule
def _typing(memory: Memory, fact: f.NudgeTyping) -> None:
    flight = memory.peers[fact.to].flight
    flight.typed += 1
    flight.token = fact.token
    flight.answered = False
    flight.beside, flight.armed = "", False


@fold.rule
def _beside(memory: Memory, fact: f.NudgeBeside) -> None:
    flight = memory.peers[fact.to].flight
    flight.typed += 1
    flight.answered = False
    flight.beside, flight.armed = fact.token, True


@fold.rule
def _taken(memory: Memory, fact: f.NudgeAccepted) -> None:
    memory.peers[fact.to].flight.accepted = fact.token


@fold.rule
def _nudged(memory: Memory, fact: f.Nudge) -> None:
    flight = memory.peers[fact.to].flight
    if not flight.attempt:
        flight.first_at = fact.ts
    flight.attempt += not flight.answered  # a quick peer reads before we have seen that it took the line
    flight.last = fact.seq
    flight.sent_at = seconds(fact.ts)
    flight.sent = fact.token
    flight.token, flight.losses, flight.held, flight.blocked = "", 0, "", False
    flight.armed = False


@fold.rule
def _lost(memory: Memory, fact: f.NudgeLost) -> None:
    flight = memory.peers[fact.to].flight
    if fact.token == flight.sent:  # it counted as sent
        flight.attempt = max(0, flight.attempt - 1)
    flight.token, flight.sent, flight.held, flight.armed = "", "", "", False
    flight.losses += 1
    flight.lost_at = seconds(fact.ts)


@fold.rule
def _held(memory: Memory, fact: f.NudgeHeld) -> None:
    flight = memory.peers[fact.to].flight
    flight.holds += 1
    if flight.held in ("", RUNS):
        flight.held_since, flight.held_at = fact.ts, seconds(fact.ts)
    flight.held = fact.reason


@fold.rule
def _unanswered(memory: Memory, fact: f.NudgeUnanswered) -> None:
    memory.peers[fact.to].flight.escalated = fact.attempts


@fold.rule
def _blocked(memory: Memory, fact: f.PeerBlocked) -> None:
    memory.peers[fact.peer].flight.blocked = True


# --- wishes of people ---


@fold.rule
def _stop(memory: Memory, fact: f.PeerStop) -> None:
    memory.peers[fact.peer].stop = fact.seq


@fold.rule
def _stopped(memory: Memory, fact: f.PeerStopped) -> None:
    memory.peers[fact.peer].stop = 0


@fold.rule
def _wish(memory: Memory, fact: f.RawInput | f.ContextCompactTry) -> None:
    memory.peers[fact.peer].wishes.append(Wish(fact.seq, fact.sha if isinstance(fact, f.RawInput) else ""))


@fold.rule
def _wish_typing(memory: Memory, fact: f.RawTyping) -> None:
    memory.peers[fact.peer].typing = fact.of


@fold.rule
def _wish_typed(memory: Memory, fact: f.RawTyped) -> None:
    peer = memory.peers[fact.peer]
    done = _done(peer, fact.of)
    if done and not done.sha:
        peer.compacting, peer.compacting_at = fact.of, seconds(fact.ts)


@fold.rule
def _compacted(memory: Memory, fact: f.ContextCompact) -> None:
    peer = memory.peers[fact.peer]
    _done(peer, fact.of)
    if fact.of == peer.compacting:
        peer.compacting = 0


def _done(peer: Peer, of: int) -> Wish | None:
    """Take a wish as done and return it."""
    done = next((wish for wish in peer.wishes if wish.seq == of), None)
    if done:
        peer.wishes.remove(done)
        peer.typing = 0
    return done


# --- the runs of the CLIs ---


@fold.rule
def _started(memory: Memory, fact: f.PeerStarted) -> None:
    peer = memory.peers[fact.peer]
    life = peer.life
    life.starts += 1
    life.attempt = fact.attempt
    life.running = True
    life.hooked, life.stuck = False, ""
    life.started_at = seconds(fact.ts)
    # A new program knows nothing of earlier nudges.
    peer.flight.attempt, peer.flight.losses, peer.flight.escalated, peer.flight.held = 0, 0, 0, ""
    peer.flight.armed = False


@fold.rule
def _exited(memory: Memory, fact: f.PeerExited) -> None:
    life = memory.peers[fact.peer].life
    life.running = False
    life.ended_at = seconds(fact.ts)
    life.again_s = fact.again_s
    life.plain = not fact.planned and (life.plain or fact.status.startswith(f.PROFILE))
    if fact.lived_s >= LIVED_LONG or fact.planned:
        life.attempt = 0


@fold.rule
def _session(memory: Memory, fact: f.PeerSession) -> None:
    life = memory.peers[fact.peer].life
    life.hooked, life.session = True, fact.session


@fold.rule
def _stuck(memory: Memory, fact: f.PeerLimit | f.PeerLogin) -> None:
    life = memory.peers[fact.peer].life
    life.hooked, life.stuck, life.stuck_at = True, fact.text, seconds(fact.ts)


@fold.rule
def _turn_end(memory: Memory, fact: f.TurnEnd) -> None:
    life = memory.peers[fact.peer].life
    life.hooked = True
    if fact.outcome == "done":
        life.stuck = ""
