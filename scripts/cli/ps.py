"""`cccc ps`."""

from __future__ import annotations

import time

import click

from cccc.common import supervisor
from cccc.common.lines import age
from cccc.common.paths import Project
from cccc.scripts.cli.screen import table


@click.command()
def command() -> None:
    """List the service processes.

    One line each, in start order: name, state, process id, time since its start, and what is wrong. RUNNING means that
    the process runs; whether it is ready says `cccc status`.

    \b
    Example:
      cccc ps

    Exit codes: 0 done, 3 not running.
    """
    project = Project.find()
    rows = [
        (row.name, row.state, str(row.pid or "-"), age(time.time() - row.since) if row.since else "-", row.error)
        for row in supervisor.processes(project)
    ]
    supervisord = str(supervisor.call(project, "getPID"))
    table(("service", "state", "pid", "since", "error"), [*rows, ("supervisord", "RUNNING", supervisord, "-", "")])
