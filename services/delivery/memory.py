"""What delivery remembers: the fold of its facts, per peer."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.paths import PEERS
from cccc.services.delivery.nudge import Flight
from cccc.services.delivery.screen import RUNS
from cccc.services.delivery.way import PROFILE

# ruff: noqa: UP006, UP035  # msgspec evaluates annotations

LIVED_LONG = 60.0  # seconds after which a CLI's end is no failed start
_MOST_UNPROVED = 50
_OF_A_NUDGE = (
    f.NudgeTyping,
    f.NudgeBeside,
    f.Nudge,
    f.NudgeAccepted,
    f.NudgeHeld,
    f.NudgeLost,
    f.NudgeUnanswered,
)


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


def seconds(ts: str) -> float:
    """Return a fact's time as Unix seconds."""
    return datetime.strptime(ts, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def fold(memory: Memory, fact: f.Fact) -> None:
    """Change the memory from one fact."""
    if isinstance(fact, (f.LedgerDiffers, f.LedgerAccepted)):
        memory.differs = fact.reason if isinstance(fact, f.LedgerDiffers) else ""
    elif isinstance(fact, f.Handoff):
        letter = Letter(fact.seq, fact.mid, fact.sha, f"{fact.inbox_seq:06d}.{fact.mid}.txt")
        memory.peers[fact.to].owed[fact.inbox_seq] = letter
    elif isinstance(fact, f.HandoffDelivered):
        peer = memory.peers[fact.to]
        peer.waiting[fact.inbox_seq] = peer.owed.pop(fact.inbox_seq)
        peer.unproved[fact.mid] = fact.inbox_seq
        if len(peer.unproved) > _MOST_UNPROVED:
            del peer.unproved[next(iter(peer.unproved))]
    elif isinstance(fact, f.HandoffAccepted):
        memory.peers[fact.author].unproved.pop(fact.mid, None)
    elif isinstance(fact, f.StartupInboxDiscard):
        peer = memory.peers[fact.peer]
        peer.put_away = {number: fact.kept for number in peer.waiting if number <= fact.upto}
    elif isinstance(fact, f.AckFile):
        _read(memory.peers[fact.author], fact)
    elif isinstance(fact, _OF_A_NUDGE):
        _fly(memory.peers[fact.to].flight, fact)
    elif isinstance(fact, (f.PeerStop, f.PeerStopped)):
        memory.peers[fact.peer].stop = fact.seq if isinstance(fact, f.PeerStop) else 0
    elif isinstance(fact, (f.RawInput, f.ContextCompactTry, f.RawTyping, f.RawTyped, f.ContextCompact)):
        _wish(memory.peers[fact.peer], fact)
    elif isinstance(fact, f.PeerBlocked):
        memory.peers[fact.peer].flight.blocked = True
    elif isinstance(fact, (f.PeerStarted, f.PeerExited)):
        _live(memory.peers[fact.peer], fact)
    elif isinstance(fact, (f.PeerSession, f.TurnEnd, f.PeerLimit, f.PeerLogin)):
        _turn(memory.peers[fact.peer].life, fact)


def _read(peer: Peer, fact: f.AckFile) -> None:
    letter = peer.waiting.pop(fact.inbox_seq)
    peer.put_away.pop(fact.inbox_seq, None)
    if fact.ok:
        peer.read.append(letter.file)
    flight = peer.flight
    flight.attempt, flight.losses, flight.escalated, flight.held, flight.blocked = 0, 0, 0, "", False
    flight.progress_at = seconds(fact.ts)
    flight.answered, flight.armed = True, False


def _fly(flight: Flight, fact: f.Fact) -> None:
    if isinstance(fact, f.NudgeTyping):
        flight.typed += 1
        flight.token = fact.token
        flight.answered = False
        flight.beside, flight.armed = "", False
    elif isinstance(fact, f.NudgeBeside):
        flight.typed += 1
        flight.answered = False
        flight.beside, flight.armed = fact.token, True
    elif isinstance(fact, f.NudgeAccepted):
        flight.accepted = fact.token
    elif isinstance(fact, f.Nudge):
        if not flight.attempt:
            flight.first_at = fact.ts
        flight.attempt += not flight.answered  # a quick peer reads before we have seen that it took the line
        flight.last = fact.seq
        flight.sent_at = seconds(fact.ts)
        flight.sent = fact.token
        flight.token, flight.losses, flight.held, flight.blocked = "", 0, "", False
        flight.armed = False
    elif isinstance(fact, f.NudgeLost):
        if fact.token == flight.sent:  # it counted as sent
            flight.attempt = max(0, flight.attempt - 1)
        flight.token, flight.sent, flight.held, flight.armed = "", "", "", False
        flight.losses += 1
        flight.lost_at = seconds(fact.ts)
    elif isinstance(fact, f.NudgeHeld):
        flight.holds += 1
        if flight.held in ("", RUNS):
            flight.held_since, flight.held_at = fact.ts, seconds(fact.ts)
        flight.held = fact.reason
    elif isinstance(fact, f.NudgeUnanswered):
        flight.escalated = fact.attempts


def _wish(peer: Peer, fact: f.RawInput | f.ContextCompactTry | f.RawTyping | f.RawTyped | f.ContextCompact) -> None:
    if isinstance(fact, (f.RawInput, f.ContextCompactTry)):
        peer.wishes.append(Wish(fact.seq, fact.sha if isinstance(fact, f.RawInput) else ""))
        return
    if isinstance(fact, f.RawTyping):
        peer.typing = fact.of
        return
    done = next((wish for wish in peer.wishes if wish.seq == fact.of), None)
    if done:
        peer.wishes.remove(done)
        peer.typing = 0
    if isinstance(fact, f.ContextCompact) and fact.of == peer.compacting:
        peer.compacting = 0
    elif done and not done.sha and isinstance(fact, f.RawTyped):
        peer.compacting, peer.compacting_at = fact.of, seconds(fact.ts)


def _live(peer: Peer, fact: f.Fact) -> None:
    life = peer.life
    if isinstance(fact, f.PeerStarted):
        life.starts += 1
        life.attempt = fact.attempt
        life.running = True
        life.hooked, life.stuck = False, ""
        life.started_at = seconds(fact.ts)
        # A new program knows nothing of earlier nudges.
        peer.flight.attempt, peer.flight.losses, peer.flight.escalated, peer.flight.held = 0, 0, 0, ""
        peer.flight.armed = False
    elif isinstance(fact, f.PeerExited):
        life.running = False
        life.ended_at = seconds(fact.ts)
        life.again_s = fact.again_s
        life.plain = not fact.planned and (life.plain or fact.status.startswith(PROFILE))
        if fact.lived_s >= LIVED_LONG or fact.planned:
            life.attempt = 0


def _turn(life: Life, fact: f.Fact) -> None:
    life.hooked = True
    if isinstance(fact, f.PeerSession):
        life.session = fact.session
    elif isinstance(fact, (f.PeerLimit, f.PeerLogin)):
        life.stuck, life.stuck_at = fact.text, seconds(fact.ts)
    elif isinstance(fact, f.TurnEnd) and fact.outcome == "done":
        life.stuck = ""
