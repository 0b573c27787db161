"""`cccc status`."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from typing import Any

import click
import msgspec

from cccc.common import bus, ledger, status, supervisor
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.paths import PEERS, Project
from cccc.common.short import line_of
from cccc.scripts.cli import queue, running, status_text

NOT_RUNNING = 3
_LAST_FACTS = 5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--clear", is_flag=True, help="Say that you have seen the skipped facts: they are not red any more.")
def command(as_json: bool, clear: bool) -> int:
    """Show the whole project at a glance.

    Services with their state, the peers' panes and inboxes, the patch queue, the last facts; red is what needs you.
    When the project is down it shows what the ledger and the mailbox hold.

    \b
    Examples:
      cccc status
      cccc status --json | jq .troubles

    Exit codes: 0 running, 1 --clear was refused, 2 wrong usage, 3 not running (what is known is printed).
    """
    project = Project.find()
    if clear:
        running.require(project)
        bus.tell(project, "cli", [f.SkipsCleared(id=f"cli-clear-{time.time_ns()}")])
    found = look(project)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        status_text.show(found)
    return 0 if found["running"] else NOT_RUNNING


def look(project: Project) -> dict[str, Any]:
    """Return what is known of a project: from supervisord, the beats, the panel's snapshot, the files."""
    troubles: list[str] = []
    services = _services(project, troubles)
    snapshot = _snapshot(project, bool(services), troubles)
    return {
        "project": str(project.root),
        "running": bool(services),
        "installed": version("cccc-pair"),
        "troubles": troubles,
        "services": services,
        "inboxes": {peer: len(list(project.inbox(peer).glob("*.txt"))) for peer in PEERS},
        "queue": queue.read(project),
        "facts": [msgspec.to_builtins(line_of(fact)) for fact in ledger.tail(project, _LAST_FACTS)],
        "snapshot": msgspec.to_builtins(snapshot) if snapshot else None,
    }


def _services(project: Project, troubles: list[str]) -> list[dict[str, Any]]:
    try:
        rows = supervisor.processes(project)
    except NotRunning:
        return []
    try:
        beats = {beat.by: beat for beat in bus.beats(project)}
    except NotRunning as error:
        beats = {}
        troubles.append(str(error))
    installed = version("cccc-pair")
    services = []
    for row in rows:
        beat = beats.get(row.name)
        mine = beat if beat and beat.pid == row.pid else None
        state = "ready" if mine and mine.ready else "starting" if row.state == "RUNNING" else row.state.lower()
        trouble = row.error or (mine.trouble if mine else "")
        release = mine.version if mine else ""
        if release and release != installed:
            troubles.append(f"{row.name} runs {release}, installed is {installed}; run `cccc restart {row.name}`")
        if trouble or state != "ready":
            troubles.append(f"{row.name}: {trouble or state}; see `cccc logs {row.name}`")
        fields = {"name": row.name, "state": state, "pid": row.pid, "since": row.since}
        services.append({**fields, "version": release, "trouble": trouble})
    return services


def _snapshot(project: Project, up: bool, troubles: list[str]) -> status.Status | None:
    try:
        found = status.read(project)
    except NotRunning as error:
        if up:
            troubles.append(str(error))
        return None
    for skip in found.skipped:
        line = f"{skip.service} went on without fact {skip.fact}: {skip.error}"
        troubles.append(f"{line}; when you have seen it, `cccc status --clear`")
    for peer, pane in found.peers.items():
        if up and pane.state == "dead":
            troubles.append(f"{peer} is dead" + (f": {pane.reason}" if pane.reason else ""))
    return found
