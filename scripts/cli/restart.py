"""`cccc restart`."""

from __future__ import annotations

import click

from cccc.common import settings, terminal
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.scripts.cli import ready

SECTION = "Start and stop", 4


@click.command()
@click.argument("services", nargs=-1, metavar="[SERVICE...]")
def command(services: tuple[str, ...]) -> None:
    """Restart services.

    Restarts each SERVICE (default: all), so that it reads its settings again, and returns when it is ready. The peers
    keep running in their panes, even while `delivery` restarts. `cccc ps` lists the names.

    \b
    Examples:
      cccc restart
      cccc restart evidence
      cccc restart orchestrator delivery

    Exit codes: 0 ready again, 1 not ready or a setting is wrong, 2 wrong usage, 3 no such service, 4 not running.
    """
    project = Project.find()
    settings.load(project)
    if supervisor.is_up(project):
        terminal.renew(project)
    supervisor.restart(project, services)
    services = services or tuple(row.name for row in supervisor.processes(project) if row.pid)
    ready.wait(project, services)
    click.echo(f"restarted: {', '.join(dict.fromkeys(services))}")
