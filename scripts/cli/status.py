"""`cccc status`."""

from __future__ import annotations

import json

import click

from cccc.common import facts as f
from cccc.common.commands import answer, status
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.scripts.cli import printing, running

SECTION = "Watch", 2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--clear", is_flag=True, help="Mark the skipped facts as seen.")
def command(as_json: bool, clear: bool) -> int:
    """Show the state of the project.

    Services, the peers' panes and inboxes, the patch queue and the last facts; what needs you is red. While the project
    is down, it shows what is in the ledger and the mailbox.

    \b
    Examples:
      cccc status
      cccc status --json | jq .troubles

    Exit codes: 0 running, 1 --clear was refused, 2 wrong usage, 4 not running.
    """
    project = Project.find()
    if clear:
        running.require(project)
        answer.say(project, [f.SkipsCleared()])
    found = status.look(project)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        printing.show(status.lines(found))
    return 0 if found["running"] else NotRunning.exit_code
