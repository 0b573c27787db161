"""Measure and print one table: `python -m cccc.scripts.benchmarks`."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import click

from cccc.scripts.benchmarks import ledger, session
from cccc.scripts.benchmarks.rows import Row, table


@click.command()
def main() -> None:
    """Measure everything and print the table."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cccc-bench-") as folder:
        for measure in (ledger.measure, session.measure):
            for row in measure(Path(folder)):
                click.echo(f"bench: {row.what}: {row.measured}", err=True)
                rows.append(row)
    click.echo(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}\n"
    )
    click.echo(table(rows))


if __name__ == "__main__":
    sys.exit(main())
