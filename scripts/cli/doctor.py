"""`cccc doctor`."""

from __future__ import annotations

import json

import click

from cccc.common.errors import NotFound
from cccc.common.lines import plain
from cccc.common.paths import Project
from cccc.scripts.cli import checks

_COLOURS = {checks.OK: "green", checks.WARN: "yellow", checks.BAD: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def command(as_json: bool) -> int:
    """Check everything that a session needs.

    Looks at Python, git and tmux, at the repository and its state, at both CLIs and which *_CMD variables are in
    force, at the settings, the disk, the locale, and whether file events arrive. Each line that is not `ok` says what
    to do. `warn` does not keep a session from working.

    \b
    Examples:
      cccc doctor
      cccc doctor --json | jq '.checks[] | select(.verdict != "ok")'

    Exit codes: 0 nothing missing, 1 a requirement is missing, 2 wrong usage.
    """
    try:
        project = Project.find()
        found = [*checks.machine(), *checks.project(project)]
    except NotFound as error:
        found = [*checks.machine(), checks.Check("project", checks.BAD, str(error), "cccc init")]
    good = all(check.verdict != checks.BAD for check in found)
    if as_json:
        click.echo(json.dumps({"ok": good, "checks": [check._asdict() for check in found]}, indent=1))
        return 0 if good else 1
    for check in found:
        line = plain(f"{check.name}: {check.found}" + (f"; {check.mend}" if check.mend else ""))
        click.secho(f"{check.verdict:<4} {line}", fg=_COLOURS[check.verdict])
    return 0 if good else 1
