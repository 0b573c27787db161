"""What is locked, and by whom."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from cccc.common.commands.command import Asker, Command, Reply
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.text.lines import Line, table

SECTION = "Watch", 9


def run(project: Project, rest: str, asker: Asker) -> Reply:
    """List the locks and who holds them.

    Lists the services' locks in .cccc/state/run with the process that holds each, and what delivery has locked
    (.cccc/state/locks.json). A lock ends with its process; there is nothing to remove by hand.

    \b
    Example:
      cccc locks

    Exit codes: 0 done, 5 no project here.
    """
    return Reply(lines(project))


def lines(project: Project) -> list[Line]:
    """Return the locks of the services, and what delivery keeps for itself at the moment."""
    rows = [(path.name, _holder(path)) for path in sorted(project.run.glob("*.lock"))]
    for name, value in durable.shown(project.state / "locks.json", dict[str, str]).items():
        rows.append((f"delivery: {name}", json.dumps(value, ensure_ascii=False)))
    return table(("lock", "held by"), rows) if rows else [Line("no locks")]


def _holder(path: Path) -> str:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            number = file.read().decode(errors="replace")
            return f"process {number}" if number else "its service"  # check.lock while no check runs
    return "nobody"


COMMANDS = (Command("locks", "", "locks and who holds them", run, shows=True, place=3),)
