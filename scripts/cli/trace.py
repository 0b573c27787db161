"""`cccc trace`."""

from __future__ import annotations

import click

from cccc.common.commands import trace
from cccc.common.paths import Project
from cccc.scripts.cli import printing


@click.command()
@click.argument("mid", metavar="MID|COMMIT")
def command(mid: str) -> None:
    """Show what happened to a message or patch.

    Prints every fact of the message MID with the time since the first: stored, in the inbox, accepted by the model,
    read, and for a patch what the gate did. Related facts are marked `·`: what caused it, answers to requests about it,
    nudges typed while it was unread, and the end of the turn that read it. A landed patch can also be named by its
    commit or branch.

    \b
    Examples:
      cccc trace "$(cccc send 'a: hello')"
      cccc trace HEAD

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no such message.
    """
    printing.show(trace.lines(Project.find(), mid))
