"""`scripts/soak`: the soak, its picture and its numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cccc.scripts.crashes import soak

_MOST = 1.5  # times what it was after a quarter of the time


@click.command()
@click.argument("hours", type=float, default=24)
@click.argument("file", type=click.Path(path_type=Path), default="docs/soak.svg")
def main(hours: float, file: Path) -> None:
    """Live through 24 scaled HOURS in a scratch project, and draw FILE; exit 1 when something grew."""
    samples = soak.run(hours, click.echo)
    soak.save(samples, file)
    grown = soak.grown(samples)
    if not grown:
        click.echo(
            f"{hours:g} hours are too short to say what grows; from 5 on each quarter has a busy and an idle phase"
        )
        return
    click.echo("\n| what | last quarter ÷ second quarter |\n|---|---|")
    for name, ratio in grown.items():
        click.echo(f"| {name} | {ratio:.2f} |")
    sys.exit(any(ratio > _MOST for ratio in grown.values()))


if __name__ == "__main__":
    main()
