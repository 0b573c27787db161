"""Workspaces of npm, pnpm, yarn and bun: which packages belong to one, and how a script of each is run."""

from __future__ import annotations

import json
import re
from typing import Any

from cccc.services.evidence.checking.finders.seen import Found, Tracked, from_yaml

_PACKAGE = re.compile(r"^(.+/)package\.json$")


def members(tracked: Tracked, package: dict[str, Any]) -> list[str]:
    """Return the folders of the members, each with a slash at its end."""
    globs = _globs(tracked, package)
    if not globs:
        return []
    folders = [found[1] for found in map(_PACKAGE.match, tracked.files) if found and "node_modules/" not in found[1]]
    wanted, unwanted = (
        [_pattern(one.lstrip("!")) for one in globs if one.startswith("!") is no] for no in (False, True)
    )
    return [
        folder
        for folder in folders
        if any(one.match(folder) for one in wanted) and not any(one.match(folder) for one in unwanted)
    ]


def _globs(tracked: Tracked, package: dict[str, Any]) -> list[str]:
    said = package.get("workspaces")
    if isinstance(said, dict):
        said = said.get("packages")
    if "pnpm-workspace.yaml" in tracked.names:
        pnpm = from_yaml(tracked.read("pnpm-workspace.yaml"))
        said = pnpm.get("packages") if isinstance(pnpm, dict) else None
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def _pattern(glob: str) -> re.Pattern[str]:
    """Return what matches the folders of a glob: `*` is one name, `**` any number of them."""
    parts = [re.escape(part).replace(r"\*", "[^/]*") + "/" for part in glob.removeprefix("./").strip("/").split("/")]
    return re.compile("^" + "".join(r"(?:[^/]+/)*" if part == "[^/]*[^/]*/" else part for part in parts) + "$")


def is_project(tracked: Tracked, name: str) -> bool:
    """Whether a file lies in a package of its own below this folder."""
    folders = [name[: at + 1] for at, letter in enumerate(name) if letter == "/"]
    return any(folder + "package.json" in tracked.names for folder in folders)


def each(tracked: Tracked, members: list[str], script: str, tool: str) -> list[Found]:
    """Return how a script is run in each member that has it, [] when none has."""
    having = [folder for folder in members if _has(tracked, folder, script)]
    if not having:
        return []
    commands = {
        "npm": f"npm run {script} --workspaces --if-present",
        "pnpm": f"pnpm -r --if-present run {script}",
        "bun": f"bun run --filter '*' {script}",
    }
    command = commands.get(tool) or _yarn(tracked, script)
    program = command.split()[0]
    kind = "test" if script == "test" else "lint"
    marker = f"{having[0]}package.json scripts.{script}"
    return [Found(kind, command, marker, missing="" if tracked.on_path(program) else program)]


def _yarn(tracked: Tracked, script: str) -> str:
    modern = ".yarnrc.yml" in tracked.names
    return f"yarn workspaces foreach -A run {script}" if modern else f"npm run {script} --workspaces --if-present"


def _has(tracked: Tracked, folder: str, script: str) -> bool:
    try:
        said = json.loads(tracked.read(folder + "package.json") or "{}")
        text = said["scripts"][script]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(text, str) and "no test specified" not in text
