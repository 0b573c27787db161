"""`cccc pause`."""

from __future__ import annotations

import getpass

import click

from cccc.common import facts as f
from cccc.common.commands import answer
from cccc.common.paths import Project

SECTION = "Talk to the peers", 3


@click.command()
def command() -> None:
    """Pause handoffs between the peers.

    Messages between the peers are held, in order, until `cccc resume`. Messages to and from you and patches are not
    affected.

    \b
    Example:
      cccc pause

    Exit codes: 0 paused, 2 wrong usage, 4 not running.
    """
    answer.say(Project.find(), [f.Pause(who=getpass.getuser())])
    click.echo("paused; `cccc resume` to continue")
