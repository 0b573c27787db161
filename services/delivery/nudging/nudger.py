"""The nudges of both peers: when one is due it is said, typed once that was heard, and its outcome said."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from cccc.common import facts as f
from cccc.common.machine.waits import left
from cccc.common.paths import folder
from cccc.common.worker import Worker
from cccc.services.delivery import nudge
from cccc.services.delivery.memory import Memory
from cccc.services.delivery.nudging.without_keys import Beside
from cccc.services.delivery.panes import hands, screen
from cccc.services.delivery.panes.hands import Hands
from cccc.services.delivery.panes.typed_line import TypedLine

_SAYS_WITHIN = 3.0
_PROVED_WITHIN = 5.0


class Nudger:
    """Brings each peer's nudge forward by one step per call."""

    def __init__(self, service: Worker, memory: Memory, hands_: Mapping[str, Hands], beside: Beside) -> None:
        self._service = service
        self._memory = memory
        self._hands = hands_
        self._beside = beside
        self._profiles = service.settings.cli_profiles
        self._project = service.project
        self._intended: dict[str, str] = {}  # the token that this process means to type
        self._missing: dict[str, tuple[str, float]] = {}  # by peer: a token beside the pane, and since when it is gone
        self._unproved: dict[str, tuple[str, float]] = {}  # by peer: a token that was sent, and when it counts as lost
        self._due: set[str] = set()

    def step(self, peer: str) -> None:
        """Look, type or wait, whichever is due. Raises Gone when the pane is not there any more."""
        known, at = self._memory.peers[peer], self._hands.get(peer)
        if at is None or not known.life.running or self._awaits(peer):
            return
        flight = known.flight
        if self._memory.differs and not at.typing:
            if known.waiting:
                self._say(peer, at, hands.Outcome(hands.HELD, self._memory.differs))
            return
        self._go_beside(peer)
        if flight.token and flight.token == flight.accepted:
            at.accepted()
            self._say(peer, at, hands.Outcome(hands.SENT))
            return
        proof_in = self._proof_in(peer)
        if known.life.hooked and not proof_in:
            self._say(peer, at, hands.Outcome(hands.LOST, "the CLI did not take it"))
            return
        if flight.token and at.typing is None:
            adopted = flight.token != self._intended.get(peer)
            at.type(TypedLine(self._line(peer, flight.token), flight.token), adopted)
        wait = nudge.due(flight, len(known.waiting), self._profiles.delivery, time.time())
        if wait <= 0 and peer not in self._due:
            at.look_at = 0.0
        (self._due.add if wait <= 0 else self._due.discard)(peer)
        if not at.typing and wait > 0 and at.view.state in (screen.IDLE, screen.DEAD) and not at.turn and not at.stale:
            self._service.wake_in(min(wait, proof_in))
            return
        stuck = self._stuck_for(peer)
        if wait <= 0 and not at.typing and stuck > 0:
            self._say(peer, at, hands.Outcome(hands.HELD, known.life.stuck))
            self._service.wake_in(stuck)
            return
        now = time.monotonic()
        if now >= at.look_at:
            self._look_or_type(peer, at, now, wait <= 0)
        self._service.wake_in(max(0.0, at.look_at - time.monotonic()))

    def _look_or_type(self, peer: str, at: Hands, now: float, due: bool) -> None:
        if at.typing and not self._memory.peers[peer].waiting and at.untouched:
            at.typing = None
            self._say(peer, at, hands.Outcome(hands.LOST, "the inbox is empty by now"))
        elif at.typing:
            self._say(peer, at, at.step(now))
        elif due:
            if self._escalate(peer) and not self._profiles.delivery.nudge_keepalive:
                return
            outcome = at.offer(now)
            self._say(peer, at, outcome)
            if outcome and outcome.what == hands.HELD and outcome.reason != screen.RUNS:
                self._tell_of_block(peer, outcome.reason)
        else:
            at.watch(now)

    def _go_beside(self, peer: str) -> None:
        """Give the CLI a line without a key, once its fact was heard; take back what it needs no more."""
        flight = self._memory.peers[peer].flight
        if not flight.armed:
            self._beside.tidy(peer)
        elif self._intended.pop(peer, "") == flight.beside:
            outcome = self._beside.give(peer, self._line(peer, flight.beside))
            self._say(peer, self._hands[peer], outcome)

    def _gone_beside(self, peer: str) -> None:
        """A line is not there to be taken back: the CLI has just taken it and says so, or a crash came before it."""
        flight, now = self._memory.peers[peer].flight, time.monotonic()
        token, since = self._missing.get(peer, ("", now))
        if token != flight.beside:
            self._missing[peer] = (flight.beside, now)
        elif now - since > _SAYS_WITHIN:
            lost = f.NudgeLost(to=peer, token=flight.beside, reason="no sign that the CLI took it")
            self._service.say(lost, id_=f"{_id(peer, flight.typed)}.lost")

    def _proof_in(self, peer: str) -> float:
        """Return the seconds until an unproved nudge counts as lost; infinity when none is."""
        token, now = nudge.unproved(self._memory.peers[peer].flight), time.monotonic()
        if not token:
            return math.inf
        if self._unproved.get(peer, ("", 0.0))[0] != token:
            self._unproved[peer] = (token, now + _PROVED_WITHIN)
        return max(0.0, self._unproved[peer][1] - now)

    def words(self, peer: str) -> str:
        """Return where the peer's nudge stands, for people."""
        known = self._memory.peers[peer]
        if not known.waiting:
            return ""
        if known.flight.held:
            return f"held: {known.flight.held}"
        if known.flight.attempt:
            return f"sent {known.flight.attempt} of {self._profiles.delivery.nudge_escalate_after}"
        return "due"

    def _awaits(self, peer: str) -> bool:
        """Return whether something said about the peer's nudge is not heard yet."""
        typed = self._memory.peers[peer].flight.typed
        ids = (_id(peer, typed + 1), f"{_id(peer, typed)}.sent", f"{_id(peer, typed)}.lost")
        return any(self._service.pending(id_) for id_ in ids)

    def _say(self, peer: str, at: Hands, outcome: hands.Outcome | None) -> None:
        if outcome is None:
            return
        known = self._memory.peers[peer]
        flight, id_ = known.flight, _id(peer, known.flight.typed)
        cause = min((letter.seq for letter in known.waiting.values()), default=None)
        if outcome.what == hands.READY:
            if flight.armed and not self._beside.withdraw(peer):
                self._gone_beside(peer)
                return
            token = outcome.token or nudge.token(self._project.key, peer, flight.typed + 1)
            self._intended[peer] = token
            typing = f.NudgeTyping(to=peer, token=token, pane=at.pane)
            self._service.say(typing, id_=_id(peer, flight.typed + 1), cause=cause)
        elif outcome.what == hands.SENT:
            sent = f.Nudge(to=peer, token=_on_its_way(flight), attempt=flight.attempt + 1, waiting=len(known.waiting))
            self._service.say(sent, id_=f"{id_}.sent", cause=cause)
        elif outcome.what == hands.LOST:
            lost = f.NudgeLost(to=peer, token=_on_its_way(flight) or flight.sent, reason=outcome.reason)
            self._service.say(lost, id_=f"{id_}.lost", cause=cause)
        elif outcome.reason != flight.held:
            held = f.NudgeHeld(to=peer, reason=outcome.reason)
            self._service.say(held, id_=f"{folder(peer)}.held.{flight.holds + 1}", cause=cause)

    def _escalate(self, peer: str) -> bool:
        """Tell the user of unanswered nudges, when it is time to; return whether it is."""
        flight = self._memory.peers[peer].flight
        if not nudge.unanswered(flight, self._profiles.delivery):
            return False
        told = f.NudgeUnanswered(to=peer, attempts=flight.attempt, since=flight.first_at)
        self._service.say(told, id_=f"{flight.last}.unanswered", cause=flight.last)
        return True

    def _stuck_for(self, peer: str) -> float:
        """Return the seconds for which nothing is typed after a limit or an expired login; 0 without one."""
        life, pause = self._memory.peers[peer].life, self._profiles.delivery.nudge_backoff_max_ms / 1000
        return left(life.stuck_at, pause, time.time()) if life.stuck else 0.0

    def _tell_of_block(self, peer: str, reason: str) -> None:
        """Tell the user, once, of mail that has waited for long because the pane is not safe."""
        flight, minutes = self._memory.peers[peer].flight, self._profiles.delivery.blocked_minutes
        if flight.held and not flight.blocked and minutes and not left(flight.held_at, 60 * minutes, time.time()):
            blocked = f.PeerBlocked(peer=peer, reason=reason, since=flight.held_since)
            self._service.say(blocked, id_=f"{folder(peer)}.held.{flight.holds}.blocked")
            route = self._beside.route(peer)
            if route:
                token = nudge.token(self._project.key, peer, flight.typed + 1)
                self._intended[peer] = token
                told = f.NudgeBeside(to=peer, token=token, route=route)
                self._service.say(told, id_=_id(peer, flight.typed + 1))

    def _line(self, peer: str, token: str) -> str:
        suffix = getattr(self._profiles, folder(peer)).nudge_suffix
        return nudge.line(self._project.inbox(peer), suffix, token)


def _on_its_way(flight: nudge.Flight) -> str:
    return flight.beside if flight.armed else flight.token


def _id(peer: str, number: int) -> str:
    """Return the id of a peer's nudge."""
    return f"{folder(peer)}.nudge.{number}"
