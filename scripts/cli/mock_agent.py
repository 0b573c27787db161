"""`cccc mock-agent`."""

from __future__ import annotations

from pathlib import Path

import click

from cccc.common.paths import Project
from cccc.scripts import mock_agent


@click.command()
@click.option("--role", required=True, type=click.Choice(["peerA", "peerB"]), help="Which peer to be.")
@click.option(
    "--scenario",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What to answer to what (YAML); default: a scenario that answers anything.",
)
@click.option("--hook", nargs=2, multiple=True, metavar="EVENT COMMAND", help="A shell command to run at an event.")
def command(role: str, scenario: Path | None, hook: tuple[tuple[str, str], ...]) -> int:
    """Be a peer without an AI, for trials and tests.

    Behaves in this terminal as an AI CLI does in a pane: a composer, pastes, a busy time, dialogs. On a NUDGE line it
    reads its inbox and plays the scenario. `cccc up --mock` starts two of them in place of the CLIs.

    \b
    Example:
      cccc mock-agent --role peerA --scenario review.yaml

    Exit codes: 0 ended, 1 the scenario cannot be used or says so, 2 wrong usage, 5 no project here.
    """
    return mock_agent.main(role, scenario, Project.find().home, dict(hook))
