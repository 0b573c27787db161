"""A subcommand that is a `/` command of common/commands and nothing more."""

from __future__ import annotations

import getpass

import click

from cccc.common.commands import BY_NAME, Asker, console
from cccc.common.errors import Refused
from cccc.common.paths import Project
from cccc.scripts.cli import printing


def subcommand(name: str) -> click.Command:
    """Return the subcommand of a row of the table; its help is the docstring of the row's function."""
    row = BY_NAME[name]
    run = row.run
    assert run is not None

    def typed(words: tuple[str, ...] = ()) -> None:
        project = Project.find()
        reply = run(project, " ".join(words), Asker(getpass.getuser(), "cli"))
        outcomes = console.say(project, reply.facts)
        printing.show([*reply.lines, *outcomes])
        if any(line.colour == "red" for line in outcomes):
            click.get_current_context().exit(Refused.exit_code)

    made = click.command(name, help=run.__doc__)(typed)
    if row.usage:
        made.params.append(click.Argument(["words"], nargs=-1, required=row.usage[0] != "[", metavar=row.usage))
    return made
