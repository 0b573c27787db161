"""What a captured pane shows: decided from its rows and cursor alone.

Only `idle` may be typed into: the cursor stands at the begin of a composer that is positively
recognised and empty. Whatever is not recognised is `unknown`, which is never typed into.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cccc.services.delivery.panes.pane import Look

IDLE = "idle"  # an empty composer
DRAFT = "draft"  # text in the composer
BUSY = "busy"  # a turn runs
DIALOG = "waiting"  # a question that Enter would answer
STARTING = "starting"
UNKNOWN = "unknown"
DEAD = "dead"

RUNS = "a turn runs"  # why a busy pane is not typed into

_SHELL = "!"  # stands for the mark while what is typed is for the shell
_NEAR = 4  # rows above the composer in which a CLI says what it does
_BOTTOM = 30
_NUMBERED = re.compile(r"\d\.")  # the options of a menu begin like a composer
_SGR = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|[\x0e\x0f]")


class Cell(NamedTuple):
    """One sign of the screen; `inverse` is often a cursor that the CLI draws itself."""

    sign: str
    faint: bool
    inverse: bool


@dataclass(frozen=True)
class Appearance:
    """How one kind of CLI looks. `prompt` is for those without a composer: the whole row up to the cursor."""

    mark: str = ""  # the composer's first sign
    busy_near: re.Pattern[str] | None = None  # in the rows right above the composer, or below it
    busy_title: re.Pattern[str] | None = None
    dialogs: tuple[tuple[str, re.Pattern[str]], ...] = ()
    dialog_title: re.Pattern[str] | None = None
    prompt: re.Pattern[str] | None = None
    busy_anywhere: tuple[re.Pattern[str], ...] = ()
    bracketed: bool = True  # a line is pasted as such; else it comes as if it were typed
    keys: tuple[str, ...] = ("Enter", "Enter")  # that submit it, each only while it still stands there
    key_after: float = 0.15  # seconds after it is shown; a CLI takes an Enter right behind a paste for a line break
    again_after: float = 0.6  # seconds between two of the keys
    settles: float = 0.0  # seconds for which the first composer after a start has to stand before it is trusted
    twice: float = 0.0  # seconds between two looks that have to agree


@dataclass(frozen=True)
class View:
    """What the pane is in, why it may not be typed into, and the text in its composer."""

    state: str
    reason: str = ""
    draft: str = (
        ""  # without blanks, so that it can be compared however it is wrapped; at a prompt: all up to the cursor
    )


def read(look: Look, appearance: Appearance) -> View:
    """Return what the pane is in."""
    if look.dead:
        return View(DEAD, "the CLI has ended")
    if look.in_mode:
        return View(UNKNOWN, "the pane is scrolled back")
    rows = _cells(look.rows)
    text = ["".join(cell.sign for cell in row) for row in rows]
    if not any(row.strip() for row in text):
        return View(STARTING, "the screen is still empty")
    return _composer(look, appearance, rows, text) if appearance.mark else _prompt(look, appearance, text)


def _composer(look: Look, appearance: Appearance, rows: list[list[Cell]], text: list[str]) -> View:
    top = _top(look, appearance.mark, text)
    draft = "" if top is None else _draft(look, rows, text, top)
    menu = top is None or _NUMBERED.match(draft)
    question = _question(look, appearance, text if menu else [])
    if question:
        return View(DIALOG, f"a dialog is open: {question}", draft)
    if top is None:
        return View(UNKNOWN, "the screen is not recognised")
    near = [row for row in text[:top] if row.strip()][-_NEAR:] + text[look.y + 1 :]
    if _found(appearance.busy_title, look.title) or any(_found(appearance.busy_near, row) for row in near):
        return View(BUSY, RUNS, draft)
    if draft:
        return View(DRAFT, "there is a draft in the composer", draft)
    if look.x != 2 or look.y != top:
        return View(UNKNOWN, "the cursor is not in the composer")
    return View(IDLE)


def _top(look: Look, mark: str, text: list[str]) -> int | None:
    """Return the row in which the composer that holds the cursor begins."""
    if look.x < 2:
        return None
    for y in range(min(look.y, len(text) - 1), -1, -1):
        row = text[y]
        if row[:1] in (mark, _SHELL):
            return y if row[1:2] in ("", " ", "\u00a0") else None
        if row[:2].strip():
            return None
    return None


def _draft(look: Look, rows: list[list[Cell]], text: list[str], top: int) -> str:
    """Return what somebody typed, without blanks. A placeholder is faint, so it is no draft."""
    end = look.y + 1
    while end < len(text) and text[end].startswith("  ") and text[end].strip():
        end += 1
    shown = [cell for row in rows[top:end] for cell in row[2:] if cell.sign.strip()]
    typed = [cell for cell in shown if not cell.faint]
    if len(typed) == 1 and typed[0].inverse and len(shown) > 1:
        return ""  # the CLI's own cursor, drawn on the first sign of the placeholder
    first = _SHELL if text[top][:1] == _SHELL else ""
    return first + "".join(cell.sign for cell in typed)


def _question(look: Look, appearance: Appearance, text: list[str]) -> str:
    """Return which dialog is open. Above a composer, the same words are only talk."""
    if _found(appearance.dialog_title, look.title):
        return "permission"
    below = "\n".join("\n".join(text).rstrip().split("\n")[-_BOTTOM:])  # some are drawn at the top of a large pane
    return next((name for name, pattern in appearance.dialogs if pattern.search(below)), "")


def _prompt(look: Look, appearance: Appearance, text: list[str]) -> View:
    if any(pattern.search(row) for row in text[-_BOTTOM:] for pattern in appearance.busy_anywhere):
        return View(BUSY, RUNS)
    row = text[look.y] if look.y < len(text) else ""
    if appearance.prompt and row.strip() and look.x >= len(row.rstrip()) and appearance.prompt.search(row):
        return View(IDLE)
    before = "".join([*text[: look.y], row[: look.x]])
    return View(UNKNOWN, "no prompt is recognised", "".join(before.split()))


def _found(pattern: re.Pattern[str] | None, text: str) -> bool:
    return bool(pattern and pattern.search(text))


def _cells(rows: Sequence[str]) -> list[list[Cell]]:
    """Return the signs of rows with SGR sequences; a style goes on over the end of a row."""
    faint = inverse = False
    cells = []
    for row in rows:
        line: list[Cell] = []
        at = 0
        for found in _SGR.finditer(row):
            line += [Cell(sign, faint, inverse) for sign in row[at : found.start()]]
            faint, inverse = _style(found.group(1), faint, inverse)
            at = found.end()
        cells.append(line + [Cell(sign, faint, inverse) for sign in row[at:]])
    return cells


def _style(codes: str | None, faint: bool, inverse: bool) -> tuple[bool, bool]:
    """Return faint and inverse after one SGR sequence; None is another sequence, "" a reset."""
    numbers = [] if codes is None else re.split(r"[;:]", codes)
    skip = 0
    for at, number in enumerate(numbers):
        if skip:
            skip -= 1
        elif number in ("38", "48", "58"):  # a colour: its numbers are no styles
            skip = 2 if numbers[at + 1 : at + 2] == ["5"] else 4
        elif number in ("", "0"):
            faint = inverse = False
        elif number == "2":
            faint = True
        elif number == "22":
            faint = False
        elif number in ("7", "27"):
            inverse = number == "7"
    return faint, inverse
