"""`cccc ps`."""

from __future__ import annotations

import time

import click

from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.common.text.lines import age
from cccc.scripts.cli.printing import table

SECTION = "Watch", 7


@click.command()
def command() -> None:
    """List the service processes.

    One line each, in start order: name, state, process id, uptime, and what is wrong. RUNNING means that the process
    runs; `cccc status` shows whether it is ready. BACKOFF means that it died while starting; the next attempt and the
    last line of its log are shown.

    \b
    Example:
      cccc ps

    Exit codes: 0 done, 4 not running.
    """
    project, now = Project.find(), time.time()
    rows = [
        (row.name, row.state, str(row.pid or "-"), age(now - row.since) if row.since else "-", _wrong(row, now))
        for row in supervisor.processes(project)
    ]
    supervisord = str(supervisor.call(project, "getPID"))
    table(("service", "state", "pid", "since", "error"), [*rows, ("supervisord", "RUNNING", supervisord, "-", "")])


def _wrong(row: supervisor.Row, now: float) -> str:
    """Return why a service does not run, and when it is tried again."""
    why = supervisor.reason(row)
    return f"next try in {age(row.next_try - now)}: {why}" if row.state == "BACKOFF" else why
