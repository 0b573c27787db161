"""What to do at the start with mail that the last session left in the inboxes."""

from __future__ import annotations

import select
import sys

import click

from cccc.common import settings
from cccc.common.commands import leftover_mail
from cccc.common.paths import Project
from cccc.common.text.plural import plural

_WAYS = ("resume", "archive", "discard")


def settle(project: Project, terminal: bool) -> None:
    """Ask when the settings say so, else take `delivery.inbox_startup_policy`; leave the choice for delivery.

    `terminal` says which of the two time-outs is in force; 0 asks nothing. Raises SettingsError.
    """
    delivery = settings.load(project).cli_profiles.delivery
    left, policy = leftover_mail.count(project), str(delivery.inbox_startup_policy)
    if not left:
        return
    whose = ", ".join(f"{peer} {number}" for peer, number in left.items())
    click.echo(f"{plural(sum(left.values()), 'unread message')} from the last session: {whose}")
    wait = (
        delivery.inbox_startup_prompt_timeout_seconds
        if terminal
        else delivery.inbox_startup_prompt_noninteractive_timeout_seconds
    )
    if delivery.inbox_startup_prompt and wait:
        policy = _ask(policy, wait)
    leftover_mail.choose(project, policy)
    click.echo(f"{policy}: {_means(policy)}")


def _ask(policy: str, wait: float) -> str:
    click.echo("  1 resume: deliver to the peers   2 archive: move to processed/   3 discard: delete")
    click.echo(f"1-3 (Enter, or after {wait:.0f} s: {policy}): ", nl=False)
    if not select.select([sys.stdin], [], [], wait)[0]:
        click.echo()
        return policy
    typed = sys.stdin.readline().strip()
    return next((way for number, way in enumerate(_WAYS, 1) if typed in (str(number), way)), policy)


def _means(policy: str) -> str:
    if policy == "resume":
        return "delivered when the peers are ready"
    return "moved to processed/ unread" if policy == "archive" else "files deleted; the ledger keeps the text"
