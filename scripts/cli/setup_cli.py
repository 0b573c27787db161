"""`cccc setup-cli`."""

from __future__ import annotations

import os

import click

from cccc.common import settings, supervisor, terminal
from cccc.common.paths import Project, folder
from cccc.scripts.cli import first_run, own_files, peers
from cccc.services.delivery import peers as kinds


@click.command()
@click.argument("cli", nargs=-1, type=click.Choice(["claude", "codex"]))
@click.option("--yes", is_flag=True, help="Make every change without a question.")
def command(cli: tuple[str, ...], yes: bool) -> int:
    """Answer beforehand what the CLIs ask at their first start.

    Looks at the files of each CLI (default: of both) and at the command that starts it. What it would ask in this
    project and what its files can answer (whether the folder is trusted, the warning of the bypass mode) is shown as
    a diff, and written when you say yes; the rest of the file stays as it is. Logins and keys are not touched: what
    only you can answer is said.

    \b
    Examples:
      cccc setup-cli
      cccc setup-cli codex --yes

    Exit codes: 0 nothing is left to be asked, 1 something is, 2 wrong usage, 3 no project here.
    """
    project = Project.find()
    loaded = settings.load(project)
    environment = terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)
    left = 0
    for each in peers.commands(loaded, environment):
        chosen = getattr(loaded.cli_profiles, folder(each.peer)).kind
        if cli and kinds.of(each.text, chosen).name not in cli:
            continue
        questions = first_run.questions(each.text, chosen, project.root, environment)
        for question in questions:
            click.secho(f"{each.peer} ({each.program}): {question.text}", bold=True)
            if question.change and own_files.agreed(*question.change, yes):
                own_files.write(*question.change)
                click.echo(f"written: {question.change.file}")
                continue
            left += 1
            if not question.change:
                click.echo(question.mend or f"start `{each.program}` here once, by hand, and answer")
        if not questions:
            click.echo(f"{each.peer} ({each.program}): it will ask nothing that can be foreseen")
    return 1 if left else 0
