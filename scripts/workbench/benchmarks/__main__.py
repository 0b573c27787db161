"""Measure and print three tables: `python -m cccc.scripts.workbench.benchmarks`."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

import click

from cccc.scripts.workbench.benchmarks import gate, grown, ledger, projects, real_cli, replay, services, session
from cccc.scripts.workbench.benchmarks.rows import Cells, Row, table


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure everything and print the tables; `replay` and `projects` try the gate with real repositories."""
    if ctx.invoked_subcommand is None:
        _measure()


main.add_command(replay.command, "replay")
main.add_command(projects.command, "projects")


def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="cccc-bench-") as name:
        folder = Path(name)
        rows = [
            _told(row)
            for measure in (ledger.measure, session.measure, gate.measure, real_cli.measure)
            for row in measure(folder)
        ]
        sizes = grown.measure(folder)
        processes = [_told(row) for row in services.measure(folder)]
    click.echo(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}")
    for head, body in ((Row._fields, rows), (grown.HEAD, sizes), (services.HEAD, processes)):
        click.echo(f"\n{table(head, body)}")


def _told(row: Cells) -> Cells:
    click.echo(f"bench: {' | '.join(row)}", err=True)
    return row


if __name__ == "__main__":
    main()
