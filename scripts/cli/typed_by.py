"""Who types a command: a person, or a program that a peer's CLI has started.

A guard against an agent that answers for its user, not a wall: it runs as the same user, and what
it detaches from its pane on purpose is not seen here.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cccc.common import tmux
from cccc.common.paths import PEERS, Project


def peer(project: Project) -> str:
    """Return the label of the peer below whose pane this process runs, or "" for a person.

    Below is: a parent of ours is the pane's process, or tmux's own variables name the pane.
    """
    try:
        panes = {role: pane for role, pane in tmux.panes(project).items() if role in PEERS}
    except tmux.TmuxError:
        return ""
    ours = _ancestors(os.getpid())
    inside = _pane_of_environment(project)
    return next((role for role, pane in panes.items() if pane.pid in ours or pane.id == inside), "")


def _ancestors(pid: int) -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found: set[int] = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found


def _pane_of_environment(project: Project) -> str:
    socket = os.environ.get("TMUX", "").rsplit(",", 2)[0]
    ours = bool(socket) and Path(socket).resolve() == project.socket("tmux").resolve()
    return os.environ.get("TMUX_PANE", "") if ours else ""
