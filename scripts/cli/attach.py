"""`cccc attach`."""

from __future__ import annotations

import click

from cccc.common import terminal
from cccc.common.machine import supervisor, tmux
from cccc.common.paths import Project

SECTION = "Start and stop", 2


@click.command()
@click.option("-r", "--read-only", is_flag=True, help="Read-only: no key reaches a peer.")
def command(read_only: bool) -> None:
    """Show the peers' terminals.

    Attaches this terminal to the project's tmux session: PeerA and PeerB on top, the ledger and the panel below.
    Detach with the tmux prefix and `d` (Ctrl-b d); everything keeps running. Works inside another tmux too. A terminal
    below 200x50 shows a part, first the panel: Ctrl-b Shift-arrow moves the view, Ctrl-b Delete makes it follow the
    cursor.

    \b
    Examples:
      cccc attach
      cccc attach -r

    Exit codes: 0 detached, 1 this terminal is inside the session already, 2 wrong usage, 4 not running.
    """
    until_left(Project.find(), read_only)


def until_left(project: Project, read_only: bool = False) -> None:
    """Show the session until it is left, and print what goes on. Raises NotRunning and UserError."""
    if supervisor.is_up(project):
        terminal.renew(project)
    tmux.attach(project, read_only)
    if supervisor.is_up(project):
        click.echo("detached; `cccc attach` returns, `cccc down` stops everything")
    else:
        click.echo("stopped; `cccc run` to start again")
