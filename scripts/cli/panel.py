"""`cccc panel`."""

from __future__ import annotations

import click

from cccc.services.tui import program

SECTION = "Watch", 1


@click.command()
def command() -> int:
    """Open the dashboard.

    Shows what needs you, the peers, patches, services and the last facts, with an input line for messages and commands
    as in `cccc console`. Ctrl-R opens the decision requests, Esc closes answers, Ctrl-Q or `q` quits. Any number of
    panels can run; the lower right pane of `cccc attach` is one.

    \b
    Example:
      cccc panel

    Exit codes: 0 quit, 1 not a terminal, 2 wrong usage, 5 no project here.
    """
    return program.main()
