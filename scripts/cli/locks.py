"""`cccc locks`."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import click

from cccc.common.paths import Project
from cccc.scripts.cli.screen import table


@click.command()
def command() -> None:
    """Show what is locked, and by whom.

    Lists the locks of the services in .cccc/state/run with the process that holds each, and what delivery keeps for
    itself at the moment (.cccc/state/locks.json). A lock ends with its process; there is nothing to remove by hand.

    \b
    Example:
      cccc locks

    Exit codes: 0 done, 3 no project here.
    """
    project = Project.find()
    rows = [(path.name, _holder(path)) for path in sorted(project.run.glob("*.lock"))]
    kept = project.state / "locks.json"
    if kept.exists():
        for name, value in json.loads(kept.read_text(encoding="utf-8")).items():
            rows.append((f"delivery: {name}", json.dumps(value, ensure_ascii=False)))
    if rows:
        table(("lock", "held by"), rows)
    else:
        click.echo("no locks")


def _holder(path: Path) -> str:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            number = file.read().decode()
            return f"process {number}" if number else "its service"  # check.lock while no check runs
    return "nobody"
