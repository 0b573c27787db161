"""`cccc run`."""

from __future__ import annotations

import getpass
import os
import sys

import click

from cccc.common.commands import Asker, answer, message
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.scripts.cli import attach, up, wizard

SECTION = "Get started", 5
_BEGIN_TOGETHER = """\
This repository has no PROJECT.md, the brief that both of you work from. Write it together with me, before other work:
PeerA, look at the repository and ask me (to_user.md) at most three questions about goal, scope and limits; PeerB, add
what PeerA missed. Then one of you hands in PROJECT.md as a patch: goal, scope, what is out of scope, how success is
seen, constraints, next steps; at most 100 lines. The other reviews it first."""


@click.command()
@click.option("--refresh-env", is_flag=True, help="See `cccc up --help`.")
@click.option("--mock", is_flag=True, help="See `cccc up --help`.")
def command(refresh_env: bool, mock: bool) -> None:
    """Start everything and attach to it.

    Checks what would prevent the start, asks which chats to connect (Enter keeps the settings) and what to do if there
    is no PROJECT.md, then runs `cccc up` and `cccc attach`. With CCCC_NO_WIZARD in the environment it asks neither.
    Detach with the tmux prefix and `d` (Ctrl-b d); everything keeps running until `cccc down`. Without a terminal it is
    the same as `cccc up`.

    \b
    Examples:
      cccc run
      CCCC_NO_WIZARD=1 cccc run

    Exit codes: those of `cccc up`.
    """
    project = Project.find()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    asks = terminal and not os.environ.get("CCCC_NO_WIZARD")
    chats: list[str] = []
    if asks and not supervisor.is_up(project):
        chats = _ask_and_start(project, mock)
    else:
        up.start(project, refresh_env, mock, asks)
    if not terminal:
        click.echo("not a terminal; run `cccc attach` in one, or see `cccc status`")
        return
    for chat in chats:
        wizard.let_somebody_in(project, chat)
    attach.until_left(project)


def _ask_and_start(project: Project, mock: bool) -> list[str]:
    """Start as somebody at the terminal wants it; return the chats to connect."""
    up.check(project, mock, asks=True)
    chats = wizard.choose_chats(project)
    together = wizard.let_the_peers_write(project.root / "PROJECT.md")
    up.launch(project, True, chats)
    if together:
        _tell_both(project, _BEGIN_TOGETHER)
    return chats


def _tell_both(project: Project, text: str) -> None:
    answer.say(project, message.wish(project, "both", text, Asker(getpass.getuser(), "cli")).facts)
