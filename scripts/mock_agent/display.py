"""What the pane shows: a pure layout of rows, and the terminal that paints the rows that changed."""

from __future__ import annotations

import contextlib
import os
import termios
import tty
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from cccc.scripts.mock_agent.dialog import Dialog

# Below this many rows the rules and the footer give way to the composer.
ROWS_FOR_CHROME = 5
PROMPT = "❯\u00a0"
_ALTERNATE_ON = "\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[?25l"
_ALTERNATE_OFF = "\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"


class Row(NamedTuple):
    """One line of the screen; `style` is an SGR parameter."""

    text: str
    style: str = ""


class Frame(NamedTuple):
    """The whole screen and the cursor, column and row from 0."""

    rows: list[Row]
    x: int
    y: int


@dataclass
class View:
    """All that is to be seen."""

    transcript: list[str] = field(default_factory=list)
    draft: str = ""
    draft_before_cursor: str = ""
    queued: list[str] = field(default_factory=list)
    spinner: str = ""  # empty: idle
    footer: str = ""
    dialog: Dialog | None = None


def cells(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


@lru_cache(maxsize=4096)
def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _fitting(line: str, width: int) -> int:
    """Return how many characters of a line fit, at least one."""
    if line[: width + 1].isascii():
        return max(1, min(width, len(line)))
    column = 0
    for at, character in enumerate(line):
        column += _cell(character)
        if column > width:
            return max(1, at)
    return len(line)


def fold(text: str, width: int, at_blanks: bool = False) -> list[str]:
    """Return the rows of a text. Without `at_blanks` a prefix of the text folds to a prefix of the rows."""
    rows = []
    for line in text.split("\n"):
        while (fits := _fitting(line, width)) < len(line):
            blank = line.rfind(" ", 1, fits + 1) if at_blanks else -1
            cut = blank if line[: max(blank, 0)].strip() else fits
            rows.append(line[:cut])
            line = line[cut + 1 :] if cut == blank else line[cut:]
        rows.append(line)
    return rows


@lru_cache(maxsize=512)
def _paragraph(text: str, width: int) -> tuple[str, ...]:
    return tuple(fold(text, width, at_blanks=True))


def layout(view: View, width: int, height: int) -> Frame:
    """Return the frame for a screen of any size: the transcript above, the composer or the dialog at the bottom."""
    bottom = _dialog(view.dialog, width) if view.dialog else _composer(view, width, height)
    # A bottom that does not fit loses its upper rows.
    rows = bottom.rows[-height:]
    room = height - len(rows)
    above = _transcript(view, width, room)
    cut = len(bottom.rows) - len(rows)
    return Frame(above + rows, min(bottom.x, width - 1), max(0, room + bottom.y - cut))


def _transcript(view: View, width: int, room: int) -> list[Row]:
    tail = [*view.transcript, *(f"❯ {text}\n  ⎿  Queued" for text in view.queued)]
    if view.spinner:
        tail.append(view.spinner)
    rows: list[Row] = []
    for paragraph in reversed(tail):
        if len(rows) >= room:
            break
        rows[:0] = [Row(text) for text in _paragraph(paragraph, width)]
    rows = rows[-room:] if room else []
    return rows + [Row("")] * (room - len(rows))


def _composer(view: View, width: int, height: int) -> Frame:
    inner = max(1, width - cells(PROMPT))
    placeholder = "" if view.draft or not view.queued else "Press up to edit queued messages"
    lines = fold(view.draft, inner)
    before = fold(view.draft_before_cursor, inner)
    row, column = len(before) - 1, cells(before[-1])
    if column >= inner:
        row, column = row + 1, 0
        lines += [""] * (row + 1 - len(lines))
    chrome = height >= ROWS_FOR_CHROME
    most = max(1, height - 4) if chrome else max(1, height)
    first = max(0, min(row - most + 1, len(lines) - most))
    rows = [Row((" " * 2 if first + at else PROMPT) + text) for at, text in enumerate(lines[first : first + most])]
    if placeholder:
        rows = [Row(PROMPT + placeholder[:inner], "2")]
    if chrome:
        rule = Row("─" * width, "2")
        rows = [rule, *rows, rule, Row(view.footer[:width], "2")]
    return Frame(rows, column + cells(PROMPT), row - first + chrome)


def _dialog(dialog: Dialog, width: int) -> Frame:
    rows = [Row("╌" * width, "2")]
    rows += [Row(f" {text}") for line in dialog.above for text in fold(line, max(1, width - 1), at_blanks=True)]
    cursor = 0
    for number, option in enumerate(dialog.options):
        if number == dialog.highlighted:
            cursor = len(rows)
        mark = "❯" if number == dialog.highlighted else " "
        texts = fold(option, max(1, width - 6), at_blanks=True)
        rows += [Row(f" {mark} {number + 1}. {texts[0]}"), *(Row(f"      {text}") for text in texts[1:])]
    rows.append(Row(f" {dialog.below}"[:width], "2"))
    return Frame(rows, 1, cursor)


class Terminal:
    """The tty in raw mode and its alternate screen, from `open` to `close`."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self._target = target
        self._before = termios.tcgetattr(source)
        self._painted: list[Row] = []
        self._title = ""
        self.width, self.height = 80, 24

    def open(self) -> None:
        tty.setraw(self.source)
        self._write(_ALTERNATE_ON)
        self.measure()

    def close(self) -> None:
        """Give the terminal back. A terminal that is gone already is left alone."""
        with contextlib.suppress(OSError, termios.error):
            self._write(_ALTERNATE_OFF)
            termios.tcsetattr(self.source, termios.TCSANOW, self._before)

    def measure(self) -> None:
        """Read the size anew; the next paint draws everything."""
        size = os.get_terminal_size(self._target)
        self.width, self.height = size.columns or 80, size.lines or 24
        self._painted = []

    def paint(self, frame: Frame, title: str) -> None:
        out = "" if self._painted else "\x1b[2J"
        old = self._painted or [Row("")] * self.height
        for y, row in enumerate(frame.rows):
            if row != old[y]:
                out += f"\x1b[{y + 1};1H\x1b[2K\x1b[{row.style}m{row.text}\x1b[0m"
        if title != self._title:
            out += f"\x1b]0;{title}\x07"
        self._painted, self._title = frame.rows, title
        self._write(f"{out}\x1b[{frame.y + 1};{frame.x + 1}H")

    def _write(self, text: str) -> None:
        remaining = text.encode("utf-8", "replace")
        while remaining:
            remaining = remaining[os.write(self._target, remaining) :]
