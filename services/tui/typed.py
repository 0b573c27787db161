"""The line that a person types in the panel: history, completion, several lines."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea

from cccc.common.commands.console import completions
from cccc.common.commands.history import History
from cccc.common.paths import Project

_NEWLINE = ("ctrl+j", "alt+enter", "shift+enter")


class CommandLine(TextArea):
    """Enter hands the text over; Ctrl-J begins another line; up and down look back; Tab completes."""

    @dataclass
    class Typed(Message):
        """A person ended the line."""

        text: str

    @dataclass
    class Choices(Message):
        """What the line can be completed to."""

        choices: list[str]

    def __init__(self, project: Project) -> None:
        super().__init__(compact=True, highlight_cursor_line=False, placeholder="a message (a: b: both:) or /help")
        self.cursor_blink = False
        self._project = project
        self._history = History(project)
        self._place = len(self._history.lines)
        self._draft = ""

    def on_key(self, event: Key) -> None:
        if event.key == "enter":
            self._end()
        elif event.key in _NEWLINE:
            self.insert("\n")
        elif event.key == "tab":
            self._complete()
        elif event.key == "ctrl+c" and self.text:
            self._show("")
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cursor_up(self, select: bool = False) -> None:
        if select or self.cursor_location[0] > 0:
            super().action_cursor_up(select)
        else:
            self._look(self._place - 1)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or self.cursor_location[0] < self.document.line_count - 1:
            super().action_cursor_down(select)
        else:
            self._look(self._place + 1)

    def _end(self) -> None:
        text = self.text
        if text.strip():
            self._history.add(text)
        self._show("")
        self._place = len(self._history.lines)
        self.post_message(self.Typed(text))

    def _look(self, place: int) -> None:
        lines = self._history.lines
        if not 0 <= place <= len(lines):
            return
        if self._place == len(lines):
            self._draft = self.text
        self._place = place
        self._show(lines[place] if place < len(lines) else self._draft)

    def _complete(self) -> None:
        found = completions(self._project, self.text)
        if found:
            self._show(_beginning(found))
        if len(found) > 1:
            self.post_message(self.Choices(found))

    def _show(self, text: str) -> None:
        self.text = text
        self.move_cursor(self.document.end)


def _beginning(texts: list[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    same = next((place for place, (one, other) in enumerate(zip(first, last)) if one != other), len(first))
    return first[:same]
