"""`cccc trace`."""

from __future__ import annotations

import click

from cccc.common.commands import trace
from cccc.common.paths import Project
from cccc.scripts.cli import screen


@click.command()
@click.argument("mid", metavar="MID|COMMIT")
def command(mid: str) -> None:
    """Show what became of one message.

    Prints every fact of the message MID with its time since the first one: stored, handed over, in the inbox, accepted
    by the model, read, and for a patch what the gate did with it. Marked with `·` are facts that belong to it without
    its MID: what caused it, what people answered to the requests about it, the nudges that were typed while it waited,
    and the end of the turn that read it. A landed patch can be named by its commit, or a branch that ends with it.

    \b
    Examples:
      cccc trace "$(cccc send 'a: hello')"
      cccc trace HEAD

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no message with this MID.
    """
    screen.show(trace.lines(Project.find(), mid))
