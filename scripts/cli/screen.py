"""Text for a terminal: tables that fit it, ages, and nothing that could steer it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click
from rich.cells import cell_len, set_cell_size


def plain(text: str) -> str:
    """Return the text as one line without control characters; what peers write may hold escape sequences."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def cut(text: str, cells: int) -> str:
    """Return the text in at most so many cells of the terminal."""
    return text if cell_len(text) <= cells else set_cell_size(text, max(0, cells - 1)) + "…"


def columns() -> int | None:
    """Return the width of the terminal, or None when the output goes into a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(head: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None] = ()) -> None:
    """Print rows under a head; the last column gets what is left of the terminal's width."""
    cells = [[plain(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells)]
    room = columns()
    for row, colour in zip(cells, ("bright_black", *(colours or [None] * len(rows)))):
        padded = [set_cell_size(cell, width) for cell, width in zip(row[:-1], widths)]
        line = "  ".join([*padded, row[-1]]).rstrip()
        click.secho(line if room is None else cut(line, room), fg=colour)


def age(seconds: float) -> str:
    """Return a length of time in its largest unit, rounded down: `40 s`, `3 min`, `2 h`, `5 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(max(0.0, seconds))} s"
