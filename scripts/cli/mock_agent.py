"""`cccc mock-agent`."""

from __future__ import annotations

from pathlib import Path

import click

from cccc.common.paths import Project
from cccc.scripts import mock_agent

SECTION = "Test", 3


@click.command()
@click.option("--role", required=True, type=click.Choice(["peerA", "peerB"]), help="Which peer to be.")
@click.option(
    "--scenario",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The scenario (YAML); the default one answers anything.",
)
@click.option("--hook", nargs=2, multiple=True, metavar="EVENT COMMAND", help="Run a shell command at an event.")
def command(role: str, scenario: Path | None, hook: tuple[tuple[str, str], ...]) -> int:
    """Run a scripted peer (no AI).

    Behaves like an AI CLI in a pane: a composer, pastes, busy times, dialogs. On a NUDGE line it reads its inbox and
    plays the scenario. `cccc up --mock` starts two of them instead of the CLIs.

    \b
    Example:
      cccc mock-agent --role peerA --scenario review.yaml

    Exit codes: 0 ended, 1 the scenario is invalid or ends so, 2 wrong usage, 5 no project here.
    """
    return mock_agent.main(role, scenario, Project.find().home, dict(hook))
