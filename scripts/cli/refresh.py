"""`cccc refresh`."""

from __future__ import annotations

import getpass
import time

import click

from cccc.common import bus
from cccc.common.commands import Asker, peers
from cccc.common.paths import Project


@click.command()
@click.argument("peer", type=click.Choice(list(peers.CHOICES)), default="both")
def command(peer: str) -> None:
    """Send SYSTEM to a peer again.

    SYSTEM says who the peers are and how they work together. A new session of a CLI gets it by itself, in front of its
    first message; this is for one that has forgotten it. PEER is a, b or both.

    \b
    Example:
      cccc refresh a

    Exit codes: 0 sent, 2 wrong usage, 4 not running.
    """
    reply = peers.refresh(Project.find(), peer, Asker(getpass.getuser(), "cli"))
    for number, fact in enumerate(reply.facts):
        fact.id = f"cli-refresh-{time.time_ns()}.{number}"
    bus.tell(Project.find(), "cli", reply.facts)
    click.echo(reply.text)
