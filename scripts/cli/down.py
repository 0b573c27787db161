"""`cccc down`."""

from __future__ import annotations

import time

import click

from cccc.common.machine import supervisor
from cccc.common.paths import Project

SECTION = "Start and stop", 3


@click.command()
def command() -> None:
    """Stop everything.

    Stops the services in order, then both peers and their terminals. Nothing is lost: unread messages and queued
    patches continue with the next `cccc up`. Processes left behind by a killed supervisord are stopped too.

    \b
    Example:
      cccc down

    Exit codes: 0 nothing is running, 5 no project here.
    """
    project, begin = Project.find(), time.monotonic()
    if supervisor.down(project):
        click.echo(f"down, after {time.monotonic() - begin:.1f} s")
    else:
        click.echo("not running")
