"""What stands in `.cccc/state` where something else belongs: put aside before a start, and said."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cccc.common.errors import UserError
from cccc.common.machine import durable
from cccc.common.paths import PEERS, Project


def mend(project: Project) -> list[Path]:
    """Put aside what is no folder where one belongs, and no file where one belongs; return where it is now.

    All but the ledger and its bodies is made again. Raises UserError for what of these cannot be read or written.
    """
    if not project.state.is_dir():
        if os.path.lexists(project.state):
            raise UserError(f"{project.state} is not a folder; move it away")
        return []
    folders = [project.segments, project.blobs, project.snapshots, project.run, project.run / "window"]
    folders += [project.state / "hooks", *map(project.hooks, PEERS)]
    aside = [durable.set_aside(path) for path in folders if os.path.lexists(path) and not path.is_dir()]
    kept = {project.ledger, *project.segments.glob("*.jsonl")}
    for path in _files(project, folders):
        if not _is_file(path):
            aside.append(durable.set_aside(path))
        elif not os.access(path, os.R_OK | os.W_OK):
            if path in kept:
                raise UserError(f"{path} is not readable and writable; `chown {os.getuid()} {path}; chmod 600 {path}`")
            aside.append(durable.set_aside(path))
    return aside


def _files(project: Project, folders: list[Path]) -> Iterator[Path]:
    """Yield what lies where only files and sockets of ours belong."""
    for folder in (project.state, project.segments, project.snapshots, project.run):
        if folder.is_dir():
            yield from [path for path in folder.iterdir() if path not in folders and ".broken-" not in path.name]


def _is_file(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # a link to nowhere, or to itself
        return False
    return stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
