"""`cccc resume`."""

from __future__ import annotations

import getpass
import time

import click

from cccc.common import bus
from cccc.common.commands import Asker, peers
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
    (wish,) = reply.facts
    wish.id = f"cli-resume-{time.time_ns()}"
    bus.tell(project, "cli", [wish])
    click.echo(reply.text)
