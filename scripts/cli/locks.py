"""`cccc locks`."""

from __future__ import annotations

import click

from cccc.common.commands import locks
from cccc.common.paths import Project
from cccc.scripts.cli import printing


@click.command()
def command() -> None:
    """List the locks and who holds them.

    Lists the services' locks in .cccc/state/run with the process that holds each, and what delivery has locked
    (.cccc/state/locks.json). A lock ends with its process; there is nothing to remove by hand.

    \b
    Example:
      cccc locks

    Exit codes: 0 done, 5 no project here.
    """
    printing.show(locks.lines(Project.find()))
