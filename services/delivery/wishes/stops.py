"""`cccc stop`: interrupts a turn, with the one Esc that is ever sent."""

from __future__ import annotations

import time
from collections.abc import Mapping

from cccc.common import facts as f
from cccc.common.worker import Worker
from cccc.services.delivery.memory import Memory
from cccc.services.delivery.panes import pane, screen
from cccc.services.delivery.panes.hands import Hands

_WITHIN = 5.0
_LOOK_EVERY = 0.1


class Stops:
    """Carries out what a person asked for, once: a request that met a restart is looked at again before any key."""

    def __init__(self, service: Worker, memory: Memory, hands_: Mapping[str, Hands]) -> None:
        self._service = service
        self._memory = memory
        self._hands = hands_
        self._pressed: dict[str, tuple[int, float]] = {}  # by peer: the request, and when Esc was sent for it

    def step(self, peer: str) -> None:
        """Look, press Esc or say what came of it. Raises Gone when the pane is not there any more."""
        known, at = self._memory.peers[peer], self._hands.get(peer)
        if not known.stop or self._service.pending(_id(known.stop)):
            return
        if at is None or not known.life.running:
            self._say(peer, "the CLI is not running")
            return
        now = time.monotonic()
        at.watch(now)
        request, pressed_at = self._pressed.get(peer, (0, 0.0))
        if request == known.stop:
            self._follow(peer, at, now - pressed_at)
        elif at.view.state == screen.BUSY:
            pane.escape(self._service.project, at.pane)
            self._pressed[peer] = (known.stop, now)
            self._service.wake_in(_LOOK_EVERY)
        else:
            idle = at.view.state in (screen.IDLE, screen.DRAFT)
            self._say(peer, "no turn runs" if idle else f"nothing was typed: {at.view.reason}")

    def _follow(self, peer: str, at: Hands, since: float) -> None:
        if at.view.state != screen.BUSY:
            self._say(peer, "interrupted")
        elif since > _WITHIN:
            self._say(peer, "Esc was sent, but the turn continues")
        else:
            self._service.wake_in(_LOOK_EVERY)

    def _say(self, peer: str, outcome: str) -> None:
        request = self._memory.peers[peer].stop
        self._service.say(f.PeerStopped(peer=peer, outcome=outcome), id_=_id(request), cause=request)


def _id(request: int) -> str:
    return f"{request}.stopped"
