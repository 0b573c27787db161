"""`cccc panel`."""

from __future__ import annotations

import click

from cccc.services.tui import view


@click.command()
def command() -> int:
    """Watch the whole project, decide, and talk.

    Shows the peers, the patches, what waits for you, the services and the last facts, and takes the lines of
    `cccc console` at its foot. Ctrl-R answers requests for decision, Esc clears the answers, Ctrl-Q or `q` leaves.
    Any number of panels can run; the pane at the lower right of `cccc attach` is one.

    \b
    Example:
      cccc panel

    Exit codes: 0 left, 1 no terminal here, 2 wrong usage, 5 no project here.
    """
    return view.main()
