"""`cccc ctl`."""

from __future__ import annotations

import os
import sys

import click

from cccc.common.paths import Project
from cccc.scripts.cli import running

SECTION = "Start and stop", 5


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Run a supervisorctl command.

    WORDS is a supervisorctl command (see `cccc ctl help`); without WORDS its prompt opens. Stopping the ledger this
    way leaves the other services waiting for it; `cccc down` stops everything in order.

    \b
    Examples:
      cccc ctl status
      cccc ctl signal HUP panel

    Exit codes: those of supervisorctl, whose `status` is 3 while a process is stopped, such as an unused chat bridge;
    3 also when not running.
    """
    project = Project.find()
    running.require(project)
    conf = project.socket("supervisor").with_name("supervisord.conf")
    python = sys.executable
    os.execv(python, [python, "-I", "-m", "supervisor.supervisorctl", "-c", str(conf), *words])
