"""`cccc send`."""

from __future__ import annotations

import getpass
import os
import sys

import click

from cccc.common import facts as f
from cccc.common.commands import Asker, WrongUsage, answer, message, raw
from cccc.common.errors import Refused, UserError
from cccc.common.paths import Project
from cccc.common.terminal import typed_by
from cccc.scripts.cli import running

SECTION = "Talk to the peers", 1
_TYPED_WITHIN = 5.0
_INBOX = {"a": "PeerA's inbox", "b": "PeerB's inbox", "both": "both inboxes"}


@click.command()
@click.argument("text", required=False)
def command(text: str | None) -> None:
    """Send a message to the peers.

    TEXT starts with the recipient: `a:` PeerA, `b:` PeerB, `both:` or nothing both. Without TEXT, or with `-`, the
    message is read from stdin. Prints the message id (mid) once it is stored, and on a terminal the recipients; follow
    it with `cccc trace MID`.

    `a!` or `b!` types the rest of the line into that peer's pane as it is, such as a command of its CLI: only into an
    empty composer while no turn runs. The result is printed, or comes later as a notice.

    \b
    Examples:
      cccc send "a: why does test_login fail?"
      git diff | cccc send -
      cccc send < brief.md
      cccc send "a! /model opus"

    Exit codes: 0 stored, 1 not typed, 2 nothing to send, 4 not running (then nothing was sent), 6 refused.
    """
    if text is None and sys.stdin.isatty():
        raise click.UsageError("nothing to send: pass TEXT or pipe it in")
    content = sys.stdin.buffer.read() if text in (None, "-") else os.fsencode(text or "")
    try:
        words = content.decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"the text is not UTF-8 ({error.reason} at byte {error.start})") from None
    typed = raw.parse(words)
    if typed:
        _type(Project.find(), *typed)
    else:
        _send(Project.find(), words)


def _type(project: Project, letter: str, line: str) -> None:
    """Have a line typed as it is, and print what became of it."""
    who = typed_by.program(project)
    if who:
        raise Refused(f"{who} cannot type into a pane; write to_peer.md")
    running.require(project, ", nothing was typed")
    wish = raw.wish(project, letter, line, Asker(getpass.getuser(), "cli"))
    try:
        (outcome,) = answer.give(project, wish.facts, _TYPED_WITHIN)
    except answer.Unanswered:
        click.echo("queued until the pane is safe to type into; you will be told if it fails")
        return
    if isinstance(outcome, f.RawTyped) and outcome.outcome != "typed":
        raise UserError(answer.words(outcome))
    click.echo(answer.words(outcome))


def _send(project: Project, text: str) -> None:
    """Store a message, say it, and print its mid: alone, where no person reads it. Raises NotRunning."""
    try:
        reply = message.typed(project, text, Asker(getpass.getuser(), "cli"))
    except WrongUsage as error:
        raise click.UsageError(str(error)) from None
    running.require(project, ", nothing was sent")
    answer.say(project, reply.facts)
    (said,) = reply.facts
    assert isinstance(said, f.UserMessage)
    where = f"  to {_INBOX[said.route]}; follow it with `cccc trace ID`"
    click.echo(said.mid + (where if sys.stdout.isatty() else ""))
    for line in reply.lines[1:]:
        click.echo(line.text, err=True)
