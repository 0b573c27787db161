"""The patches that wait or are being checked."""

from __future__ import annotations

from cccc.common.commands.command import Asker, Command, Reply
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.text.lines import Line, ago, table

_KEYS = ("mid", "from", "stage", "since", "reason")


def run(project: Project, rest: str, asker: Asker) -> Reply:
    return Reply(lines(read(project)))


def read(project: Project) -> list[dict[str, str]]:
    """Return the entries of the patch queue: mid, from, source, stage, reason, since. Raises UserError."""
    return durable.shown(project.state / "queue.json", list[dict[str, str]], *_KEYS)


def lines(entries: list[dict[str, str]]) -> list[Line]:
    """Return the patch queue as a person reads it."""
    if not entries:
        return [Line("the queue is empty")]
    rows = [
        (str(place), e["mid"], e["from"], e["stage"], ago(e["since"]), e["reason"])
        for place, e in enumerate(entries, 1)
    ]
    return table(("#", "patch", "from", "stage", "since", "reason"), rows)


COMMANDS = (Command("queue", "", "patches that are queued or being checked", run, shows=True, place=2),)
