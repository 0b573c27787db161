"""`cccc run`."""

from __future__ import annotations

import sys

import click

from cccc.common import tmux
from cccc.common.errors import UserError
from cccc.common.paths import Project
from cccc.scripts.cli import up


@click.command()
@click.option("--refresh-env", is_flag=True, help="As for `cccc up`.")
@click.option("--mock", is_flag=True, help="As for `cccc up`.")
@click.pass_context
def command(ctx: click.Context, refresh_env: bool, mock: bool) -> None:
    """Start everything and attach to it.

    The same as `cccc up` and then `cccc attach`. Detach with the tmux prefix and `d` (Ctrl-b d); everything goes on
    until `cccc down`.

    \b
    Example:
      cccc run

    Exit codes: those of `cccc up`; 1 also without a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("`cccc run` needs a terminal to attach; `cccc up` starts without one")
    ctx.invoke(up.command, refresh_env=refresh_env, mock=mock)
    tmux.attach(Project.find())
