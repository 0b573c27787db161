"""`cccc doctor`."""

from __future__ import annotations

import json

import click

from cccc.common.errors import NotFound
from cccc.common.paths import Project
from cccc.common.text.lines import plain
from cccc.scripts.doctor import BAD, OK, WARN, Check, chats, clis, machine
from cccc.scripts.doctor import project as own

SECTION = "Get started", 2
_COLOURS = {OK: "green", WARN: "yellow", BAD: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.option("--online", is_flag=True, help="Check the tokens with the chat platforms.")
def command(as_json: bool, online: bool) -> int:
    """Check what a session needs, and say how to fix what is missing.

    Checks the versions of cccc, its libraries, git and tmux, the repository and its state, both CLIs (version, login,
    hooks, prompts to expect), settings, processes, sockets, disk, locale, clock, file events, and what the chat bridges
    need. Each line that is not `ok` says how to fix it; a session works in spite of a `warn`. No token is shown, so the
    output can be shared; without --online nothing leaves this machine.

    \b
    Examples:
      cccc doctor
      cccc doctor --online
      cccc doctor --json | jq '.checks[] | select(.verdict != "ok")'

    Exit codes: 0 nothing missing, 1 a requirement is missing, 2 wrong usage.
    """
    try:
        project = Project.find()
        found = [*machine.checks(), *own.checks(project), *clis.checks(project), *chats.checks(project, online)]
    except NotFound as error:
        found = [*machine.checks(), Check("project", BAD, str(error), "cccc init")]
    good = all(check.verdict != BAD for check in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "checks": [check._asdict() for check in found]}, indent=1))
        return 0 if good else 1
    for check in found:
        line = plain(f"{check.name}: {check.found}" + (f"; {check.mend}" if check.mend else ""))
        click.secho(f"{check.verdict:<4} {line}", fg=_COLOURS[check.verdict])
    return 0 if good else 1
