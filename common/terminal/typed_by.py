"""Who types a command: a person, or a program that a peer's CLI has started.

A guard against an agent that answers for its user, not a wall: it runs as the same user, and what
it detaches from its pane on purpose is not seen here.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from cccc.common.machine import leftovers, tmux
from cccc.common.machine.waits import left
from cccc.common.paths import PEERS, Project

A_CHECK = "a check of the gate"
CHECK = "CCCC_CHECK"  # the variable by which what a check of the gate started is known
_JUST_NOW = 3.0  # seconds; tmux tells whole ones


def peer(project: Project) -> str:
    """Return the label of the peer below whose pane this process runs, or "" for a person.

    Below is: a parent of ours is the pane's process, or tmux's own variables name the pane.
    """
    try:
        panes = {role: pane for role, pane in tmux.panes(project).items() if role in PEERS}
    except tmux.TmuxError:
        return ""
    ours = _ancestors(os.getpid())
    inside = pane_of_environment(project)
    return next((role for role, pane in panes.items() if pane.pid in ours or pane.id == inside), "")


def program(project: Project) -> str:
    """Return what kind of program types: a peer's label, "a check of the gate", or "" for a person.

    A check is known by its environment, also without that by supervisord among its parents.
    """
    if CHECK in os.environ or _ancestors(os.getpid()).intersection(leftovers.supervisords(project)):
        return A_CHECK
    return peer(project)


def nobody(project: Project) -> bool:
    """Return whether this process runs in a pane of the session that no terminal has sent a key to just now.

    Then what was typed came from `tmux send-keys`: no person sees the pane, or none of them typed.
    """
    pane = pane_of_environment(project)
    if not pane:
        return False
    clients = tmux.call(project, "list-clients", "-F", "#{pane_id} #{client_readonly} #{client_activity}")
    seen = [line.split() for line in clients.splitlines()]
    return not any(
        shown == pane and readonly == "0" and left(float(active), _JUST_NOW, time.time()) > 0
        for shown, readonly, active in seen
    )


def _ancestors(pid: int) -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found: set[int] = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found


def pane_of_environment(project: Project) -> str:
    """Return the pane of the project's own tmux in which this process runs, or ""."""
    socket = os.environ.get("TMUX", "").rsplit(",", 2)[0]
    ours = bool(socket) and Path(socket).resolve() == project.socket("tmux").resolve()
    return os.environ.get("TMUX_PANE", "") if ours else ""
