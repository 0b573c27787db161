"""The panel: the picture of the whole project above a line to type in.

It does nothing while nothing happens: the status file and the end of its writer wake it, a key, a new size, and the
turn of a minute. What a person types is answered in a thread, one line after the other.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Callable

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cccc.common.commands.console import Console, leaves
from cccc.common.errors import CcccError
from cccc.common.machine import tmux
from cccc.common.paths import Project
from cccc.common.terminal import typed_by
from cccc.common.text import lines as shown
from cccc.common.text import redaction
from cccc.services.tui.follow import Follow, end_of
from cccc.services.tui.output import Output
from cccc.services.tui.requests import Decide
from cccc.services.tui.typed import CommandLine

LOOK_EVERY = 5.0  # where no event tells that the writer of the status has ended
FOLLOW_AGAIN_AFTER = 1.0  # where the folder of the status is not there


class Picture(Widget):
    """The status in as many lines as there is room for."""

    def __init__(self, follow: Follow) -> None:
        super().__init__()
        self._follow = follow

    def render(self) -> Text:
        text = Text("\n").join(self._follow.picture(self.size.width, self.size.height))
        text.no_wrap, text.overflow = True, "crop"
        return text


class Panel(App[None]):
    """One panel; any number of them can run."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    Picture { height: 1fr; min-height: 3; }
    Output { height: auto; max-height: 50%; display: none; border-top: solid ansi_bright_black;
        border-title-color: ansi_bright_black; }
    Output { scrollbar-size-vertical: 1; }
    #typing { height: auto; max-height: 8; layout: horizontal; }
    #prompt { width: 2; color: ansi_green; }
    CommandLine { height: auto; max-height: 8; padding: 0; background: transparent; }
    CommandLine:focus { background: transparent; }
    CommandLine .text-area--placeholder { color: ansi_bright_black; }
    """
    BINDINGS = [  # noqa: RUF012  # as textual reads it
        Binding("ctrl+r", "decide", priority=True),
        Binding("escape", "clear"),
        Binding("pageup", "read(-1)", priority=True),
        Binding("pagedown", "read(1)", priority=True),
        Binding("ctrl+q", "leave", priority=True),
    ]

    def __init__(self, project: Project) -> None:
        super().__init__(ansi_color=True)  # the terminal's own colours and background
        self.theme = "ansi-dark"
        self._project = project
        self._follow = Follow(project)
        self._console: Console | None = None
        self._typed: asyncio.Queue[str] = asyncio.Queue()
        self._writer = (0, -1)  # process and descriptor
        self._bell = 0

    def compose(self) -> ComposeResult:
        yield Picture(self._follow)
        yield Output()
        with Widget(id="typing"):
            yield Static("❯", id="prompt")
            yield CommandLine(self._project)

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._follow.fileno(), self._while_shown(self._changed))
        loop.add_signal_handler(signal.SIGTERM, self.exit)
        self.query_one(CommandLine).focus()
        self.run_worker(self._answer())
        self._bell = self._follow.status.bell if self._follow.status else 0
        self._follow_again()
        self._minute()

    def on_unmount(self) -> None:
        if self._console:
            self._console.close()
        asyncio.get_running_loop().remove_reader(self._follow.fileno())
        self._follow.close()
        self._watch_writer(0)

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.set_timer(seconds, self._while_shown(callback))

    def _while_shown(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Return the callback, which then does nothing once the panel ends: textual calls a late timer all the same."""
        return lambda: callback() if self.is_running else None

    # --- the picture ---

    def _changed(self) -> None:
        if self._follow.changed():
            self._new_status()
        if not self._follow.follow():
            self._later(FOLLOW_AGAIN_AFTER, self._follow_again)

    def _follow_again(self) -> None:
        if not self._follow.follow():
            self._later(FOLLOW_AGAIN_AFTER, self._follow_again)
        self._new_status()

    def _new_status(self) -> None:
        status = self._follow.status
        if status and status.bell > self._bell:
            self._bell = status.bell
            self.bell()
        self._watch_writer(self._follow.writer())
        self._hear()
        if isinstance(self.screen, Decide):
            self.screen.look()
        self._draw()

    def _draw(self) -> None:
        for picture in self.screen_stack[0].query(Picture):
            picture.refresh()

    def _minute(self) -> None:
        self._draw()
        self._later(60.1 - time.time() % 60, self._minute)

    def _watch_writer(self, pid: int) -> None:
        known, descriptor = self._writer
        if pid == known:
            return
        loop = asyncio.get_running_loop()
        if descriptor >= 0:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._writer = pid, -1
        if not pid:
            return
        end = end_of(pid)
        if end is None:
            self._later(LOOK_EVERY, self._look_at_writer)
            return
        self._writer = pid, end
        loop.add_reader(end, self._while_shown(self._writer_ended))

    def _writer_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._writer[1])
        self._draw()

    def _look_at_writer(self) -> None:
        self._draw()
        if self._writer[1] < 0:
            self._later(LOOK_EVERY, self._look_at_writer)

    # --- what is typed ---

    def on_command_line_typed(self, event: CommandLine.Typed) -> None:
        if leaves(event.text):
            self.action_leave()
        elif event.text.strip():
            self._typed.put_nowait(event.text)

    def on_command_line_choices(self, event: CommandLine.Choices) -> None:
        words = [choice.strip() for choice in event.choices]
        self._say([shown.Line(" ".join(words))])

    def action_decide(self) -> None:
        if isinstance(self.screen, Decide):
            self.screen.dismiss("")
            return

        def decided(command: str | None) -> None:
            if command:
                self._typed.put_nowait(command)

        redact = self._console.redact if self._console else redaction.default.redact
        self.push_screen(Decide(self._project, redact), decided)

    def action_clear(self) -> None:
        self.query_one(Output).clear()

    def action_read(self, by: int) -> None:
        text = self.screen.query_one(VerticalScroll)
        text.scroll_page_up(animate=False) if by < 0 else text.scroll_page_down(animate=False)

    def action_leave(self) -> None:
        """Leave this panel; in the session's own panel pane, leave the session, which goes on."""
        here = typed_by.pane_of_environment(self._project)
        if here and tmux.panes(self._project)["panel"].id == here:
            tmux.detach(self._project)
        else:
            self.exit()

    async def _answer(self) -> None:
        while True:
            text = await self._typed.get()
            lines = await asyncio.to_thread(self._answered, text)
            first = text.strip().split("\n")[0]
            self._say([shown.Line(f"❯ {first}", "bright_black"), *lines], from_its_top=True)

    def _answered(self, text: str) -> list[shown.Line]:
        try:
            self._console = self._console or Console(self._project, "panel")
        except CcccError as error:
            return [shown.Line(str(error), "red")]
        return self._console.answer(text)

    def _hear(self) -> None:
        """Show what the peers said to the user; at first what they said last."""
        try:
            if self._console is None:
                self._console = Console(self._project, "panel")
                self._say(self._console.before())
            self._say(self._console.heard())
        except CcccError as error:
            self._console = None
            self._say([shown.Line(str(error), "red")])

    def _say(self, lines: list[shown.Line], from_its_top: bool = False) -> None:
        self.screen_stack[0].query_one(Output).add(lines, from_its_top)
