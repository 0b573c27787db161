"""`cccc queue`."""

from __future__ import annotations

import json

import click

from cccc.common.paths import Project
from cccc.scripts.cli.lines import ago
from cccc.scripts.cli.screen import table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(as_json: bool) -> None:
    """Show the patches that wait or are being checked.

    Prints the patch queue in the order in which they came: where each patch is, since when, and why. A held patch does
    not keep those behind it. Works from .cccc/state/queue.json, also when the project is down.

    \b
    Example:
      cccc queue

    Exit codes: 0 done (also for an empty queue), 3 no project here.
    """
    entries = read(Project.find())
    if as_json:
        click.echo(json.dumps(entries, indent=1, ensure_ascii=False))
    else:
        show(entries)


def read(project: Project) -> list[dict[str, str]]:
    """Return the entries of the patch queue: mid, from, source, stage, reason, since."""
    path = project.state / "queue.json"
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def show(entries: list[dict[str, str]]) -> None:
    """Print the patch queue."""
    if not entries:
        click.echo("no patch waits")
        return
    rows = [
        (str(place), e["mid"], e["from"], e["stage"], ago(e["since"]), e["reason"])
        for place, e in enumerate(entries, 1)
    ]
    table(("#", "patch", "from", "stage", "since", "reason"), rows)
