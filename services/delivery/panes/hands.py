"""One peer's pane: when it is safe to type into, and the typing of a line step by step.

A step is one look and at most one paste or Enter; nothing waits in between. While a line of ours
stands in the composer the keys of people are kept back, and only a whole line of ours gets an
Enter: whatever a person added to it stays theirs.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from cccc.common.machine import tmux
from cccc.common.machine.faults import fault
from cccc.common.machine.waits import left
from cccc.common.paths import Project
from cccc.services.delivery import nudge
from cccc.services.delivery.panes import keyboard, pane, screen
from cccc.services.delivery.panes.pane import Look
from cccc.services.delivery.panes.screen import Appearance, View
from cccc.services.delivery.panes.typed_line import TypedLine, Typing

READY, SENT, LOST, HELD = "ready", "sent", "lost", "held"

_STEP = 0.015
_REMOVED = 0.6  # seconds after which a line that is not in the composer any more was removed
_GIVE_UP = 2.0
_FLICKER = 0.03  # a look can fall between two halves of a redraw
_AFTER_A_SUBMIT = (screen.IDLE, screen.BUSY, screen.DRAFT)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_LONGEST_PAUSE_UNASKED = 5.0  # while nothing has to be typed
_LONGEST_KEPT_BACK = 1.0
_NEW = 30.0  # seconds after its start in which a CLI may still draw its first screen
_OVER = 1.5  # seconds of an empty composer that end a turn of whose end no hook told


class Outcome(NamedTuple):
    """What came of a step. READY may name the token of a line that already stands in the composer."""

    what: str
    reason: str = ""
    token: str = ""


class Hands:
    """Looks at one pane and types into it. Times are `time.monotonic()`; `started_at` is Unix time."""

    def __init__(
        self, project: Project, pane_id: str, appearance: Appearance, human_quiet: float, started_at: float
    ) -> None:
        self.pane = pane_id
        self.view = View(screen.STARTING, "it was just started")
        self.typing: Typing | None = None
        self.look_at = 0.0  # no look before this
        self.turn = ""  # the id of the turn that runs as far as the CLI's hooks tell
        self.record = ""
        self.asks = ""  # what the CLI's hooks say that it asks the user for
        self.stale = False  # the CLI's hooks have told something since the last look
        self._idle_since = 0.0
        self._kept_back: tuple[str, ...] | None = None  # terminals; None before the first look
        self._kept_back_at = 0.0
        self._project = project
        self._appearance = appearance
        self._human_quiet = human_quiet
        self._new = left(started_at, _NEW, time.time()) > 0
        self._pause = _SHORTEST_PAUSE
        self._ready_at = ""  # the place where the pane was last seen safe
        self._calm: tuple[str, float] = ("", 0.0)  # the first of two looks that have to agree

    def begin(self, turn: str, record: str) -> None:
        """Note that a turn begins, and where the CLI records it; a look from before it proves nothing."""
        self.turn, self.record = turn, record
        self._idle_since = 0.0

    def over(self, now: float) -> bool:
        """Return whether the composer has stood empty for so long that no turn can be running."""
        return bool(self._idle_since) and now - self._idle_since >= _OVER

    def watch(self, now: float) -> None:
        """Take a look, so that `view` is known."""
        self._see()
        self._slow_down(now, _LONGEST_PAUSE_UNASKED)

    def offer(self, now: float) -> Outcome | None:
        """Return READY when a line may be typed now, HELD when not, None when it takes another look."""
        look = self._see()
        leftover = nudge.ours(self.view.draft)
        if leftover and self.view.state == screen.DRAFT and not self._person_types(look):
            return Outcome(READY, token=leftover)
        return self._ready(look, now)

    def offer_empty(self, now: float) -> Outcome | None:
        """Return what `offer` does, but HELD also when a nudge is left over in the composer."""
        return self._ready(self._see(), now)

    def _ready(self, look: Look, now: float) -> Outcome | None:
        outcome = self._calm_and_empty(look, now)
        if outcome and outcome.what == READY:
            self._ready_at = "" if look.terminals else look.place
        return outcome

    def type(self, line: TypedLine, adopted: bool = False) -> None:
        """Begin to type a line whose fact was heard; `step` goes on with it."""
        self.typing = Typing(line, "" if adopted else self._ready_at, adopted)
        self._ready_at = ""
        self.look_at = 0.0

    @property
    def untouched(self) -> bool:
        """Whether the line that is to be typed is not in the pane yet, for all we know."""
        return self.typing is not None and not self.typing.pasted_at and not self.typing.adopted

    def accepted(self) -> None:
        """Take note that the CLI's own hook shows the line as submitted."""
        self.typing = None
        self.let_go()
        self.look_at, self._pause = 0.0, _SHORTEST_PAUSE

    def let_go(self) -> None:
        """Let the keys go on that were kept back."""
        if self._kept_back:
            keyboard.release(self._kept_back)
            self._kept_back = ()

    def step(self, now: float) -> Outcome | None:
        """Go on with the line. Returns SENT or LOST at its end, HELD while it has to wait."""
        typing = self.typing
        assert typing is not None
        if typing.place:  # seen safe before the fact was said: no second look
            place, typing.place = typing.place, ""
            if self._paste(typing, place, now):
                return None
        try:
            outcome = self._go_on(typing, self._see(), now)
        except tmux.Gone:
            self.let_go()
            raise
        if outcome or now - self._kept_back_at > _LONGEST_KEPT_BACK:
            self.let_go()
        if outcome is None:
            self.look_at = now + _STEP
        elif outcome.what != HELD:
            self.typing = None
            self.look_at, self._pause = now + _SHORTEST_PAUSE, _SHORTEST_PAUSE
        return outcome

    def _go_on(self, typing: Typing, look: Look, now: float) -> Outcome | None:
        if self._stands(typing.line):
            typing.seen_at = now
            typing.pasted_at = typing.pasted_at or now
            typing.shown_at = typing.shown_at or now
            return self._submit(typing, look, now)
        missing = now - typing.seen_at
        known = self._appearance.mark and typing.line.token  # what else does may show any screen
        gone = self.view.state in _AFTER_A_SUBMIT or not known
        if typing.enters and gone and missing > _FLICKER:
            return Outcome(SENT)
        if typing.adopted and self.view.state in _AFTER_A_SUBMIT and self._in_transcript(typing):
            return Outcome(SENT)
        if typing.seen_at and self.view.state in (screen.IDLE, screen.DRAFT) and missing > _REMOVED:
            if self._in_transcript(typing):  # a person pressed Enter
                return Outcome(SENT)
            return Outcome(LOST, "the line was removed from the composer")
        if typing.pasted_at:
            late = now - max(typing.pasted_at, typing.entered_at) > _GIVE_UP
            return (
                Outcome(LOST, f"the line did not appear: {self.view.reason or 'the composer is empty'}")
                if late
                else None
            )
        return self._begin(typing, look, now)

    def _begin(self, typing: Typing, look: Look, now: float) -> Outcome | None:
        """Paste, if the pane is still safe. What was said before a restart is not typed blindly a second time."""
        outcome = self._calm_and_empty(look, now)
        if outcome is None or outcome.what != READY:
            return outcome
        if typing.adopted:
            return Outcome(LOST, "it was not on the screen after a restart")
        if look.terminals and not self._kept_back:  # and look again: they may have typed since this look
            keyboard.hold(look.terminals)
            self._kept_back, self._kept_back_at = look.terminals, now
            return None
        self._paste(typing, look.place, now)
        return None

    def _paste(self, typing: Typing, place: str, now: float) -> bool:
        if not pane.paste(self._project, self.pane, typing.line.text, place, self._appearance.bracketed):
            return False
        fault("delivery.pasted")
        typing.pasted_at = now
        self.look_at = now + _STEP
        return True

    def _submit(self, typing: Typing, look: Look, now: float) -> Outcome | None:
        """Press the keys that submit our line, as long as it stands there."""
        if self.view.state != (screen.DRAFT if self._appearance.mark else screen.UNKNOWN):
            return self._hold(now, self.view.reason)
        if self._appearance.mark and not typing.line.is_all_of(self.view.draft):
            return self._hold(now, "somebody typed into the line")
        keys = self._appearance.keys[typing.enters :]
        since = now - (typing.entered_at if typing.enters else typing.shown_at)
        if not keys and since > _GIVE_UP:
            return Outcome(LOST, f"{self._appearance.keys[-1]} did not submit the line")
        due = keys and since >= (self._appearance.again_after if typing.enters else self._appearance.key_after)
        if due and pane.press(self._project, self.pane, keys[0], look.place):
            fault("delivery.entered")
            typing.enters += 1
            typing.entered_at = now
        return None

    def _stands(self, line: TypedLine) -> bool:
        """Return whether a line stands in the composer, or at the cursor behind a prompt."""
        draft = self.view.draft
        return line.stands_in(draft) if self._appearance.mark else draft.endswith("".join(line.text.split()))

    def _in_transcript(self, typing: Typing) -> bool:
        text = "".join(pane.transcript(self._project, self.pane).split())
        return bool(typing.line.token) and nudge.mark(typing.line.token) in text

    def _calm_and_empty(self, look: Look, now: float) -> Outcome | None:
        if self.view.state != screen.IDLE:
            return self._hold(now, self.view.reason)
        if not self._settled(now):
            self.look_at = self._idle_since + self._appearance.settles
            return Outcome(HELD, "it was just started")
        if self._person_types(look):
            return self._hold(now, "a person is typing")
        place, since = self._calm
        if place != look.place:
            self._calm = (look.place, now)
            since = now
        if self.turn and not self.over(now):
            return self._hold(now, screen.RUNS)
        if now - since >= self._appearance.twice:
            return Outcome(READY)
        self.look_at = since + self._appearance.twice
        return None

    def _settled(self, now: float) -> bool:
        """Return whether the composer has stood for a moment since the start: some draw it before a dialog."""
        self._new = self._new and now - self._idle_since < self._appearance.settles
        return not self._new

    def _person_types(self, look: Look) -> bool:
        return left(look.human, self._human_quiet, time.time()) > 0

    def _see(self) -> Look:
        look = pane.look(self._project, self.pane)
        if self._kept_back is None:  # what a crash may have kept back
            keyboard.release(look.terminals)
            self._kept_back = ()
        self.stale = False
        before, self.view = self.view, screen.read(look, self._appearance)
        if self.view.state != before.state:
            self._pause = _SHORTEST_PAUSE
        if self.view.state != screen.IDLE:
            self._calm = ("", 0.0)
            self._idle_since = 0.0
        elif not self._idle_since:
            self._idle_since = time.monotonic()
        return look

    def _hold(self, now: float, reason: str) -> Outcome:
        self._slow_down(now)
        return Outcome(HELD, reason)

    def _slow_down(self, now: float, longest: float = _LONGEST_PAUSE) -> None:
        self._pause = min(longest, self._pause)
        self.look_at = now + self._pause
        self._pause *= 2
