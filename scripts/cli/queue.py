"""`cccc queue`."""

from __future__ import annotations

import json

import click

from cccc.common.commands import queue
from cccc.common.paths import Project
from cccc.scripts.cli import printing

SECTION = "Watch", 3


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """List the patches that are queued or being checked.

    In order of arrival: where each patch is, since when, and why. A held patch does not block those behind it. Reads
    .cccc/state/queue.json, so it also works while the project is down.

    \b
    Example:
      cccc queue

    Exit codes: 0 done (also for an empty queue), 5 no project here.
    """
    entries = queue.read(Project.find())
    if as_json:
        click.echo(json.dumps(entries, indent=1, ensure_ascii=False))
    else:
        printing.show(queue.lines(entries))
