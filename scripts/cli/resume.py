"""`cccc resume`."""

from __future__ import annotations

import getpass
import time

import click

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.paths import Project


@click.command()
def command() -> None:
    """Let the handoffs between the peers go on.

    Those that were held go first.

    \b
    Example:
      cccc resume

    Exit codes: 0 resumed, 2 wrong usage, 3 not running.
    """
    bus.tell(Project.find(), "cli", [f.Resume(id=f"cli-resume-{time.time_ns()}", who=getpass.getuser())])
    click.echo("resumed")
