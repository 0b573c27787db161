"""`cccc version`."""

from __future__ import annotations

import platform
from pathlib import Path

import click

from cccc import conf
from cccc.common.machine.installed import NAME
from cccc.common.version import VERSION

SECTION = "Maintain", 4


@click.command()
def command() -> None:
    """Print the installed version.

    Prints the version of cccc-supervised, the folder it runs from, and the Python that runs it.

    \b
    Example:
      cccc version

    Exit codes: 0.
    """
    place = Path(conf.__file__).parent.parent
    click.echo(f"{NAME} {VERSION}")
    click.echo(f"{place} (Python {platform.python_version()})")
