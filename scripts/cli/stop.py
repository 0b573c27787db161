"""`cccc stop`."""

from __future__ import annotations

import getpass

import click

from cccc.common.commands import Asker, answer, peers
from cccc.common.errors import Refused
from cccc.common.paths import Project
from cccc.common.terminal import typed_by

SECTION = "Talk to the peers", 5
_WITHIN = 8.0


@click.command()
@click.argument("peer", type=click.Choice(list(peers.CHOICES)))
def command(peer: str) -> None:
    """Interrupt a peer's turn.

    Sends Esc to the pane of `a` (PeerA), `b` (PeerB) or `both`, but only while a turn runs there; a dialog, a draft and
    a pane in copy mode are left alone. No other command sends Esc. Unread mail is announced again later; run
    `cccc pause` first to stop handoffs between the peers.

    \b
    Example:
      cccc stop a

    Exit codes: 0 interrupted or nothing to stop, 1 not interrupted, 2 wrong usage, 4 not running, 6 refused.
    """
    project = Project.find()
    who = typed_by.program(project)
    if who:
        raise Refused(f"{who} cannot stop a peer; ask in to_user.md")
    asked = peers.stop(project, peer, Asker(getpass.getuser(), "cli")).facts
    for outcome in answer.give(project, asked, _WITHIN):
        click.echo(answer.words(outcome))
