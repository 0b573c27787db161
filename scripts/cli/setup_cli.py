"""`cccc setup-cli`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from cccc.common import settings, terminal
from cccc.common.machine import supervisor
from cccc.common.paths import Project, folder
from cccc.scripts.cli import first_run, own_files, peer_commands
from cccc.scripts.cli.peer_commands import is_mock
from cccc.services.delivery.running import peers as kinds

SECTION = "Get started", 3


@click.command()
@click.argument("cli", nargs=-1, type=click.Choice(["claude", "codex"]))
@click.option("--yes", is_flag=True, help="Make every change without asking.")
def command(cli: tuple[str, ...], yes: bool) -> int:
    """Pre-answer the CLIs' first-run prompts.

    Looks at the configuration files of each CLI (default: both) and at the command that starts it. Prompts that a file
    can answer (folder trust, the bypass mode warning) are shown as a diff, which is written if you confirm; the rest of
    the file is unchanged. Logins and keys are not touched; what only you can answer is listed.

    \b
    Examples:
      cccc setup-cli
      cccc setup-cli codex --yes

    Exit codes: 0 no prompts left, 1 some are, or a CLI is missing, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    loaded = settings.load(project)
    environment = terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)
    commands = peer_commands.commands(loaded, environment)
    kind = {each.peer: getattr(loaded.cli_profiles, folder(each.peer)).kind for each in commands}
    _tell_of_unused(project, set(cli) - {kinds.of(each.text, kind[each.peer]).name for each in commands}, commands)
    left = 0
    for each in commands:
        chosen = kind[each.peer]
        if cli and kinds.of(each.text, chosen).name not in cli:
            continue
        if is_mock(project, each):
            click.echo(f"{each.peer}: a mock peer asks nothing")
            continue
        if not each.found:
            click.echo(f"{each.peer}: {each.program} ({each.source}) is not on the PATH; install it first")
            left += 1
            continue
        questions = first_run.questions(each.text, chosen, project.root, environment)
        left += _answer(each, questions, yes)
    return 1 if left else 0


def _answer(each: peer_commands.Command, questions: Sequence[first_run.Question], yes: bool) -> int:
    """Show what a CLI would ask, and answer what can be; return how many questions are left."""
    left = 0
    for question in questions:
        click.secho(f"{each.peer} ({each.program}): {question.text}", bold=True)
        if question.change and own_files.agreed(*question.change, yes):
            own_files.write(*question.change)
            click.echo(f"written: {question.change.file}")
            continue
        left += 1
        if not question.change:
            click.echo(question.mend or f"start `{each.program}` here once and answer its prompts")
    if not questions:
        click.echo(f"{each.peer} ({each.program}): no prompts expected")
    return left


def _tell_of_unused(project: Project, names: set[str], commands: Sequence[peer_commands.Command]) -> None:
    """Say of CLIs that were named and that no peer is started with, what starts the peers."""
    what = [
        f"{each.peer} with {'a mock peer' if is_mock(project, each) else f'`{each.text}`'} ({each.source})"
        for each in commands
    ]
    for name in sorted(names):
        click.echo(f"no peer is started with {name}: {', '.join(what)}")
