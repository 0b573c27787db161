"""The files that went through the chats, by their numbers in the two indexes."""

from __future__ import annotations

import json
from typing import Any

from cccc.common.commands.command import Asker, Command, Reply, WrongUsage
from cccc.common.errors import NotFound
from cccc.common.paths import Project
from cccc.common.text.lines import Line, ago, table

_MOST, _USUAL = 50, 10


def listed(project: Project, rest: str, asker: Asker) -> Reply:
    """Show the newest files that came in (or went out), each with its number."""
    way, number = _way(rest)
    if number is not None and not 1 <= number <= _MOST:
        raise WrongUsage(f"usage: /files [in|out] [N], N from 1 to {_MOST}")
    entries = read(project, way)[-(number or _USUAL) :]
    if not entries:
        return Reply([Line(f"no files {way}")])
    rows = [(str(n), e["name"], f"{e['bytes']}", e["mime"], ago(e["ts"]), e.get("caption", "")) for n, e in entries]
    return Reply(table(("#", "file", "bytes", "type", "since", "caption"), rows[::-1]))


def one(project: Project, rest: str, asker: Asker) -> Reply:
    """Show one file of the list, and send it where that is possible."""
    way, number = _way(rest)
    if number is None:
        raise WrongUsage("usage: /file [in|out] N; see /files")
    entry = dict(read(project, way)).get(number)
    if entry is None:
        raise NotFound(f"no file {number}; see /files {way}")
    path = project.root / entry["path"]
    shown = table(("", ""), [(key, str(value)) for key, value in entry.items() if value != ""])
    return Reply(shown, files=[path] if path.is_file() else [])


def read(project: Project, way: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the entries of an index with their numbers from 1; `way` is in or out."""
    path = project.work / "upload" / f"{way}bound-index.jsonl"
    if not path.exists():
        return []
    return [(n, json.loads(line)) for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)]


def _way(rest: str) -> tuple[str, int | None]:
    asked = rest.lower().split()
    way = asked.pop(0) if asked and asked[0] in ("in", "out") else "in"
    if len(asked) > 1 or (asked and not asked[0].isdecimal()):
        raise WrongUsage("usage: /files [in|out] [N], and /file [in|out] N")
    return way, int(asked[0]) if asked else None


COMMANDS = (
    Command("files", "[in|out] [N]", "list files received (in) or sent (out)", listed, shows=True, place=9),
    Command("file", "[in|out] N", "get one of these files", one, place=9),
)
