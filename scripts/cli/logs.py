"""`cccc logs`."""

from __future__ import annotations

import os

import click

from cccc.common.errors import NotFound
from cccc.common.paths import Project
from cccc.common.registry import BY_NAME

SECTION = "Watch", 8


@click.command()
@click.argument("service")
@click.option("-n", "lines", default=50, show_default=True, type=click.IntRange(min=0), help="Number of lines.")
@click.option("-f", "--follow", is_flag=True, help="Follow, until Ctrl-C.")
def command(service: str, lines: int, follow: bool) -> None:
    """Show a service's log.

    SERVICE is one listed by `cccc ps`, or supervisord. The files are .cccc/logs/SERVICE.log; times are UTC.

    \b
    Examples:
      cccc logs evidence
      cccc logs delivery -n 200 -f

    Exit codes: 0 done, 2 wrong usage, 3 no such service or no log yet.
    """
    names = [*BY_NAME, "supervisord"]
    if service not in names:
        raise NotFound(f"unknown service {service}; choose from {', '.join(names)}")
    path = Project.find().service_log(service)
    if not path.exists():
        raise NotFound(f"no log at {path} yet; run `cccc up`")
    # tail, because it follows a log that is rotated without asking for it all the time.
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(path)])
