"""`cccc log`."""

from __future__ import annotations

import click

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.commands import log
from cccc.common.ledger.named import mid_of
from cccc.common.paths import Project
from cccc.common.shown import whole
from cccc.common.text.lines import Line
from cccc.scripts.cli.since import HELP, before, stamp

SECTION = "Watch", 5


@click.command()
@click.argument("mid", metavar="[MID|COMMIT]", required=False)
@click.option("--me", is_flag=True, help="Only messages to you.")
@click.option("--landed", is_flag=True, help="Only what landed.")
@click.option("--since", help=HELP)
@click.option("-n", "count", type=click.IntRange(min=1), help="Only the newest N.")
def command(mid: str | None, me: bool, landed: bool, since: str | None, count: int | None) -> None:
    """Show the messages and the patches that landed, in full.

    Prints what you and the peers wrote and what landed, oldest first, with time, author and mid; with --me only
    messages to you, with --landed only patches. With a MID, prints the full text of that message or patch. Secrets are
    masked.

    \b
    Examples:
      cccc log --me
      cccc log --me -n 1
      cccc log --landed --since 12h
      cccc log cccc-1764000000-0a1b2c

    Exit codes: 0 done, 2 wrong usage, 3 no such message, 5 no project here.
    """
    if mid and (me or landed or since or count):
        raise click.UsageError("options cannot be used with a MID")
    if me and landed:
        raise click.UsageError("--me and --landed cannot be used together")
    project = Project.find()
    if mid:
        _print(whole.of_mid(project, mid_of(project, mid)))
    elif me and count and not since:
        _print(whole.entries(project, log.newest(project, count)))
    else:
        kinds = (f.ToUser,) if me else whole.LANDED if landed else (*whole.MESSAGES, *whole.LANDED)
        start = stamp(since) if since else ""
        after = before(project, start) if since else 0
        facts = [fact for fact in ledger.read(project, after) if isinstance(fact, kinds) and fact.ts >= start]
        _print(whole.entries(project, facts[-count:] if count else facts))


def _print(lines: list[Line]) -> None:
    for line in lines or [Line("no messages yet")]:
        click.secho(line.text, fg=line.colour, bold=line.bold or None)
