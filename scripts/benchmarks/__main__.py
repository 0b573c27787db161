"""Measure and print one table: `python -m cccc.scripts.benchmarks`."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

import click

from cccc.scripts.benchmarks import gate, ledger, real_cli, replay, session
from cccc.scripts.benchmarks.rows import Row, table


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure everything and print the table; `replay` feeds a repository's commits through the gate."""
    if ctx.invoked_subcommand is None:
        _measure()


main.add_command(replay.command, "replay")


def _measure() -> None:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cccc-bench-") as folder:
        for measure in (ledger.measure, session.measure, gate.measure, real_cli.measure):
            for row in measure(Path(folder)):
                click.echo(f"bench: {row.what}: {row.measured}", err=True)
                rows.append(row)
    click.echo(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}\n"
    )
    click.echo(table(rows))


if __name__ == "__main__":
    main()
