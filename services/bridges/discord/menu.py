"""The application commands: what Discord lists when somebody types a slash. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cccc.common.commands import TABLE

_SLASH, _STRING = 1, 3  # Discord's numbers for a command that is typed, and for text
_LONGEST = 100

_ROUTES = (
    ("a", "TEXT", "send a message to PeerA"),
    ("b", "TEXT", "send a message to PeerB"),
    ("both", "TEXT", "send a message to both peers"),
)


def wanted() -> list[dict[str, Any]]:
    """Return the commands of the table, and the routes, as Discord wants them."""
    rows = [*_ROUTES, *((row.name, row.usage, row.summary) for row in TABLE)]
    return [_command(*row) for row in rows]


def _command(name: str, usage: str, summary: str) -> dict[str, Any]:
    options = [{"type": _STRING, "name": "text", "description": usage[:_LONGEST], "required": False}] if usage else []
    return {"type": _SLASH, "name": name, "description": summary[:_LONGEST], "options": options}


def same(there: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether the commands that Discord has are the wanted ones."""
    return sorted(map(_told, there)) == sorted(map(_told, wanted()))


def _told(command: Mapping[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
    options = [(option["name"], option["description"]) for option in command.get("options") or []]
    return command["name"], command["description"], options
