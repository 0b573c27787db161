"""`cccc pause`."""

from __future__ import annotations

import getpass

import click

from cccc.common import facts as f
from cccc.common.commands import answer
from cccc.common.paths import Project


@click.command()
def command() -> None:
    """Stop the handoffs between the peers.

    What the peers say to each other is held, in order, until `cccc resume`. What they say to you, their patches, and
    what you say to them go on.

    \b
    Example:
      cccc pause

    Exit codes: 0 paused, 2 wrong usage, 4 not running.
    """
    answer.say(Project.find(), [f.Pause(who=getpass.getuser())])
    click.echo("paused; `cccc resume` lets the handoffs go on")
