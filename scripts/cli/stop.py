"""`cccc stop`."""

from __future__ import annotations

import getpass
import time

import click

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import UserError
from cccc.common.paths import Project
from cccc.scripts.cli import typed_by

_PEERS = {"a": ("PeerA",), "b": ("PeerB",), "both": ("PeerA", "PeerB")}
_WITHIN = 8.0


@click.command()
@click.argument("peer", type=click.Choice(list(_PEERS)))
def command(peer: str) -> None:
    """Interrupt the turn of a peer.

    Sends Esc to the pane of `a` (PeerA), `b` (PeerB) or `both`, but only while a turn runs there: a dialog, a draft and
    a pane that is scrolled back are left alone. It is the only command that sends Esc. Mail that waits is announced
    again later; `cccc pause` first keeps the peers from each other.

    \b
    Example:
      cccc stop a

    Exit codes: 0 done or nothing to stop, 1 not interrupted, 2 wrong usage, 3 not running.
    """
    project = Project.find()
    who = typed_by.peer(project)
    if who:
        raise UserError(f"{who} cannot stop a peer; ask in to_user.md")
    asked = [
        f.PeerStop(id=f"cli-stop-{time.time_ns()}.{label}", peer=label, who=getpass.getuser()) for label in _PEERS[peer]
    ]
    first = min(bus.tell(project, "cli", [*asked]))
    for fact in _outcomes(project, first, len(asked)):
        click.echo(f"{fact.peer}: {fact.outcome}")


def _outcomes(project: Project, after: int, count: int) -> list[f.PeerStopped]:
    end = time.monotonic() + _WITHIN
    while time.monotonic() < end:
        found = [fact for fact in ledger.read(project, after) if isinstance(fact, f.PeerStopped)]
        if len(found) >= count:
            return sorted(found, key=lambda fact: fact.peer)
        time.sleep(0.05)
    raise UserError(f"delivery did not answer within {_WITHIN:.0f} s; see `cccc logs delivery`")
