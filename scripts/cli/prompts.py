"""`cccc prompts`."""

from __future__ import annotations

from importlib.resources import files

import click

from cccc.common import settings, terminal
from cccc.common.paths import PEERS, Project, folder
from cccc.scripts.cli import own_files
from cccc.services.orchestrator.upkeep import prompts

SECTION = "Get started", 4
GUIDES = {"PEERA.md": "CLAUDE.md", "PEERB.md": "AGENTS.md"}  # what the CLIs read by themselves


@click.group()
def command() -> None:
    """Show the system prompts, and install the peers' guides.

    \b
    Examples:
      cccc prompts install
      cccc prompts show peerA

    Exit codes: those of its subcommands.
    """


@command.command()
@click.option("--yes", is_flag=True, help="Replace files that differ without asking.")
def install(yes: bool) -> int:
    """Install PEERA.md as CLAUDE.md and PEERB.md as AGENTS.md in the project's root.

    If PEERA.md or PEERB.md is missing, the shipped one is used. For a CLAUDE.md or AGENTS.md that differs, the diff is
    shown, and it is replaced only if you confirm.

    \b
    Example:
      cccc prompts install

    Exit codes: 0 both installed, 1 one left unchanged, 2 wrong usage, 5 no project here.
    """
    root = Project.find().root
    left = 0
    for source, target in GUIDES.items():
        guide, place = root / source, root / target
        new = own_files.text_of(guide) or (files("cccc.conf") / "prompts" / source).read_bytes().decode()
        old = own_files.text_of(place)
        if old == new:
            click.echo(f"{target}: in place")
        elif not old or own_files.agreed(place, old, new, yes):
            own_files.write(place, old, new)
            click.echo(f"{target}: written from {source}")
        else:
            left += 1
            click.echo(f"{target}: unchanged; the system prompt has the rules anyway")
    return 1 if left else 0


@command.command()
@click.argument("peer", type=click.Choice([folder(peer) for peer in PEERS]))
def show(peer: str) -> None:
    """Print the system prompt that a new session of a peer gets.

    \b
    Example:
      cccc prompts show peerA

    Exit codes: 0 printed, 1 the settings are wrong, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    texts = prompts.system(prompts.brief_of(project), settings.load(project), terminal.environment(project))
    click.echo(texts[next(label for label in PEERS if folder(label) == peer)])
