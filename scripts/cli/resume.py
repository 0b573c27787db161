"""`cccc resume`."""

from __future__ import annotations

import getpass

import click

from cccc.common.commands import Asker, answer, peers
from cccc.common.paths import Project


@click.command()
def command() -> None:
    """Let the handoffs between the peers go on.

    Those that were held go first.

    \b
    Example:
      cccc resume

    Exit codes: 0 resumed, or nothing was paused, 2 wrong usage, 4 not running.
    """
    project = Project.find()
    reply = peers.resume(project, "", Asker(getpass.getuser(), "cli"))
    answer.say(project, reply.facts)
    click.echo(reply.text)
