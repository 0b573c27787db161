"""`cccc down`."""

from __future__ import annotations

import time

import click

from cccc.common.machine import supervisor
from cccc.common.paths import Project


@click.command()
def command() -> None:
    """Stop everything.

    Ends the services in their order, then both peers and their terminals. Nothing is lost: what waits in inboxes and
    in the patch queue goes on with the next `cccc up`. What a killed supervisord left behind is ended too.

    \b
    Example:
      cccc down

    Exit codes: 0 nothing runs any more, 5 no project here.
    """
    project, begin = Project.find(), time.monotonic()
    if supervisor.down(project):
        click.echo(f"down, after {time.monotonic() - begin:.1f} s")
    else:
        click.echo("not running; nothing to stop")
