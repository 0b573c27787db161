"""`cccc resume`."""

from __future__ import annotations

import getpass

import click

from cccc.common.commands import Asker, answer, peers
from cccc.common.paths import Project

SECTION = "Talk to the peers", 4


@click.command()
def command() -> None:
    """Resume handoffs between the peers.

    Held messages are delivered first.

    \b
    Example:
      cccc resume

    Exit codes: 0 resumed, or not paused, 2 wrong usage, 4 not running.
    """
    project = Project.find()
    reply = peers.resume(project, "", Asker(getpass.getuser(), "cli"))
    answer.say(project, reply.facts)
    click.echo(reply.text)
