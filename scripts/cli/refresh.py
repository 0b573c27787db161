"""`cccc refresh`."""

from __future__ import annotations

import getpass

import click

from cccc.common.commands import Asker, answer, peers
from cccc.common.paths import Project

SECTION = "Talk to the peers", 6


@click.command()
@click.argument("peer", type=click.Choice(list(peers.CHOICES)), default="both")
def command(peer: str) -> None:
    """Resend the system prompt.

    The system prompt (SYSTEM) says who the peers are and how they work together. A new session gets it automatically
    with its first message; this is for one that has forgotten it. PEER is a, b or both.

    \b
    Example:
      cccc refresh a

    Exit codes: 0 sent, 2 wrong usage, 4 not running.
    """
    project = Project.find()
    reply = peers.refresh(project, peer, Asker(getpass.getuser(), "cli"))
    answer.say(project, reply.facts)
    click.echo(reply.text)
