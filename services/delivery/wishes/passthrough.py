"""Lines that are typed as they are: what a person wants in a pane, and the compactions.

They are typed under the same safety as a nudge and go before it. A line that met a restart is
followed if it stands in the composer, and never pasted a second time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Callable

from cccc.common import facts as f
from cccc.common.errors import NotFound
from cccc.common.machine.waits import left
from cccc.common.worker import Worker
from cccc.services.delivery.memory import Memory, Wish
from cccc.services.delivery.panes import hands
from cccc.services.delivery.panes.hands import Hands
from cccc.services.delivery.panes.typed_line import TypedLine
from cccc.services.delivery.running.peers import Kind

TYPED = "typed"
_COMPACTS_WITHIN = 600.0  # a long context takes minutes


class Passthrough:
    """Brings the oldest wish of each peer forward by one step per call."""

    def __init__(
        self, service: Worker, memory: Memory, hands_: Mapping[str, Hands], kind: Callable[[str], Kind]
    ) -> None:
        self._service = service
        self._memory = memory
        self._hands = hands_
        self._kind = kind
        self._give_up = 60 * service.settings.cli_profiles.delivery.blocked_minutes
        self._intended: set[int] = set()  # the wishes that this process means to type
        self._looked_for: dict[int, float] = {}  # by wish: since when
        self._held: dict[str, str] = {}  # by peer: why its line waits

    def step(self, peer: str) -> bool:
        """Look, type or wait, whichever is due; return whether a line has the pane. Raises Gone with the pane."""
        known, at = self._memory.peers[peer], self._hands.get(peer)
        self._follow(peer)
        if not known.wishes or known.flight.token:
            return False
        wish = known.wishes[0]
        if any(self._service.pending(f"{wish.seq}.{stage}") for stage in ("typing", "typed")):
            return True
        text, missing = self._text(peer, wish)
        if at is None or not known.life.running:
            begun = known.typing == wish.seq
            self._say(peer, wish, "the CLI exited while it was typed" if begun else "not typed: the CLI is not running")
        elif not text:
            self._say(peer, wish, f"not typed: {missing}")
        else:
            self._type(peer, at, wish, TypedLine(text))
        return True

    def words(self, peer: str) -> str:
        """Return what the line that is to be typed waits for, for people."""
        held = self._held.get(peer, "") if self._memory.peers[peer].wishes else ""
        return f"behind a line that waits: {held}" if held else ""

    def _type(self, peer: str, at: Hands, wish: Wish, line: TypedLine) -> None:
        announced = self._memory.peers[peer].typing == wish.seq
        if announced and at.typing is None:
            at.type(line, adopted=wish.seq not in self._intended)
        if wish.seq not in self._looked_for:
            self._looked_for[wish.seq] = time.monotonic()
            at.look_at = 0.0
        now = time.monotonic()
        if now >= at.look_at:
            outcome = at.step(now) if at.typing else at.offer_empty(now)
            self._go_on(peer, at, wish, outcome)
        self._service.wake_in(max(0.0, at.look_at - time.monotonic()))

    def _go_on(self, peer: str, at: Hands, wish: Wish, outcome: hands.Outcome | None) -> None:
        if outcome is None:
            return
        self._held[peer] = outcome.reason
        if outcome.what == hands.READY:
            self._intended.add(wish.seq)
            typing = f.RawTyping(peer=peer, of=wish.seq, pane=at.pane)
            self._service.say(typing, id_=f"{wish.seq}.typing", cause=wish.seq)
        elif outcome.what == hands.SENT:
            self._say(peer, wish, TYPED)
        elif outcome.what == hands.LOST and wish.seq not in self._intended:
            self._say(peer, wish, "not known: delivery was restarted while it was typed; look at the pane")
        elif outcome.what == hands.LOST:
            self._say(peer, wish, f"not submitted: {outcome.reason}")
        elif self._give_up and time.monotonic() - self._looked_for[wish.seq] > self._give_up:
            begun = at.typing is not None and not at.untouched
            at.typing = None
            what = "not submitted" if begun else "not typed"
            self._say(peer, wish, f"{what} within {self._give_up / 60:g} min: {outcome.reason}")

    def _say(self, peer: str, wish: Wish, outcome: str) -> None:
        """Say what came of a line; of a compaction that was typed, the CLI's own hook tells the rest."""
        if wish.sha or outcome == TYPED:
            said: f.Fact = f.RawTyped(peer=peer, of=wish.seq, outcome=outcome)
        else:
            said = f.ContextCompact(peer=peer, outcome=outcome, of=wish.seq)
        self._service.say(said, id_=f"{wish.seq}.typed", cause=wish.seq)

    def _follow(self, peer: str) -> None:
        """Say of a compaction that was typed that no hook tells of it."""
        known = self._memory.peers[peer]
        id_ = f"{known.compacting}.compacted"
        if not known.compacting or self._service.pending(id_):
            return
        wait = left(known.compacting_at, _COMPACTS_WITHIN, time.time()) if known.life.hooked else 0.0
        if wait > 0:
            self._service.wake_in(wait)
            return
        why = f"within {_COMPACTS_WITHIN / 60:g} min" if known.life.hooked else "no signal from its hooks"
        outcome = f"typed, but not confirmed: {why}"
        self._service.say(f.ContextCompact(peer=peer, outcome=outcome, of=known.compacting), id_=id_)

    def _text(self, peer: str, wish: Wish) -> tuple[str, str]:
        """Return the line to type, and why there is none."""
        if not wish.sha:
            return self._kind(peer).compact, "no known command for it in this CLI"
        try:
            return self._service.blobs.get(wish.sha).decode(), ""
        except NotFound:
            return "", "its text is gone: removed by the user, or damaged"
