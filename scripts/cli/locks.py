"""`cccc locks`."""

from __future__ import annotations

import click

from cccc.common.commands import locks
from cccc.common.paths import Project
from cccc.scripts.cli import screen


@click.command()
def command() -> None:
    """Show what is locked, and by whom.

    Lists the locks of the services in .cccc/state/run with the process that holds each, and what delivery keeps for
    itself at the moment (.cccc/state/locks.json). A lock ends with its process; there is nothing to remove by hand.

    \b
    Example:
      cccc locks

    Exit codes: 0 done, 5 no project here.
    """
    screen.show(locks.lines(Project.find()))
