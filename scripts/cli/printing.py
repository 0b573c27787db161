"""Lines on a terminal: cut to its width, in their colours."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from cccc.common.text import lines
from cccc.common.text.lines import Line


def columns() -> int | None:
    """Return the width of the terminal, or None when the output goes into a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def show(shown: Iterable[Line]) -> None:
    """Print lines, each in at most one line of the terminal."""
    room = columns()
    for line in shown:
        text = line.text if room is None else lines.cut(line.text, room)
        click.secho(text, fg=line.colour, bold=line.bold or None)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None] = ()) -> None:
    """Print rows under a head."""
    show(lines.table(head, rows, colours))
