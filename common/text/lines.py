"""Text for people: tables, ages and times, and nothing that could steer a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Line(NamedTuple):
    """One line; a place without colours shows the text alone."""

    text: str
    colour: str | None = None
    bold: bool = False


def printable(line: str) -> str:
    """Return a line with nothing in it that a terminal would obey; tabs become blanks."""
    return "".join(sign if sign.isprintable() else "?" for sign in line.expandtabs(4))


def plain(text: str) -> str:
    """Return the text as one line without control characters; what peers write may hold escape sequences."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def cut(text: str, cells: int) -> str:
    """Return the text in at most so many cells of the terminal."""
    return text if cell_len(text) <= cells else set_cell_size(text, max(0, cells - 1)) + "…"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None] = ()) -> list[Line]:
    """Return rows under a head, in columns."""
    cells = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells)]
    lines = []
    for row, colour in zip(cells, ("bright_black", *(colours or [None] * len(rows)))):
        padded = [set_cell_size(cell, width) for cell, width in zip(row[:-1], widths)]
        lines.append(Line("  ".join([*padded, row[-1]]).rstrip(), colour))
    return lines


def age(seconds: float) -> str:
    """Return a length of time in its largest unit, rounded down: `40 s`, `3 min`, `2 h`, `5 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(max(0.0, seconds))} s"


def moment(ts: str) -> datetime:
    """Return the time of a fact. Python 3.9 does not know the `Z`."""
    return datetime.fromisoformat(ts.replace("Z", "+00:00"))


def seconds(ts: str) -> float:
    """Return the time of a fact as Unix seconds."""
    return moment(ts).timestamp()


def clock(ts: str) -> str:
    """Return the time of a fact as the clock on the wall shows it."""
    return f"{moment(ts).astimezone():%H:%M:%S}"


def day(ts: str) -> str:
    """Return the day, minute and zone of a fact, as the calendar and the clock on the wall show them."""
    return f"{moment(ts).astimezone():%Y-%m-%d %H:%M %Z}"


def ago(ts: str) -> str:
    """Return how long ago the time of a fact is."""
    return age(time.time() - seconds(ts))
