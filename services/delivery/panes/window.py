"""The window while the service runs: its panes, the end of its server, and its lower half.

The window tells by events when to look at it again; nothing here asks tmux without one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys

from cccc.common import terminal
from cccc.common.machine import tmux
from cccc.common.machine.process import Process
from cccc.common.machine.tmux import Pane
from cccc.common.machine.watch import GONE, Watch
from cccc.common.paths import Project

_BELOW = {
    "ledger": ("-c", "from cccc.scripts.cli import main; main()", "ledger", "tail", "-f"),
    "panel": ("-m", "cccc.services.tui.program"),
}
_LIVED_LONG = 60.0
_LONGEST_PAUSE = 60.0


class Window:
    """Keeps the window whole. `panes` is what it had at the last `tend`."""

    def __init__(self, project: Project, process: Process, alternate_screen: bool) -> None:
        self.panes: dict[str, Pane] = {}
        self.ended = ""  # why a pane that was there is not
        self._project = project
        self._process = process
        self._alternate_screen = alternate_screen
        self._stale = True
        self._server = 0
        self._socket = 0
        self._watched: dict[int, int] = {}  # descriptor by process, for the server and what runs in the panes
        self._ended: set[int] = set()  # processes
        self._tries = dict.fromkeys(_BELOW, 0)
        self._started = dict.fromkeys(_BELOW, 0.0)
        self._events = Watch()
        self._watch_events()
        process.watch(self._events.fileno(), self._changed)

    def tend(self) -> None:
        """Make what is missing, if something happened since the last call. Raises Gone when it ends meanwhile."""
        if self._server and not (_lives(self._server) and tmux.socket_of(self._project) == self._socket):
            self._stale = True
        if not self._stale:
            return
        self.panes = tmux.build(self._project, terminal.environment(self._project), self._alternate_screen)
        tmux.fit(self._project)
        server = tmux.server_pid(self._project)
        self.ended = "its pane was closed" if server == self._server else "the tmux server is gone"
        self._server, self._socket = server, tmux.socket_of(self._project)
        self._stale = False
        self._ended &= {pane.pid for pane in self.panes.values()}
        for role, pane in self.panes.items():
            if pane.pid in self._ended and not pane.dead:  # what it has left behind keeps the terminal open
                self.panes[role] = dataclasses.replace(pane, dead=True, ended="exit unknown")
        for pid in (server, *(pane.pid for pane in self.panes.values() if not pane.dead)):
            self._call_at_end(pid)

    def look_again(self) -> None:
        """Let the next `tend` read all panes."""
        self._stale = True

    def fill_lower_half(self, now: float) -> None:
        """Start again, with growing pauses, what ended below the peers."""
        for role, arguments in _BELOW.items():
            pane = self.panes[role]
            if pane.run and not pane.dead:
                continue
            if now - self._started[role] > _LIVED_LONG:
                self._tries[role] = 0
            pause = min(2.0 ** self._tries[role], _LONGEST_PAUSE) if self._tries[role] else 0.0
            if now < self._started[role] + pause:
                self._process.wake_in(self._started[role] + pause - now)
                continue
            self._tries[role] += 1
            self._started[role] = now
            tmux.respawn(self._project, pane.id, "1", sys.executable, "-I", *arguments)
            self._stale = True

    def close(self) -> None:
        self._process.unwatch(self._events.fileno())
        self._events.close()

    def _watch_events(self) -> None:
        self._project.make(tmux.events(self._project))
        self._events.add(tmux.events(self._project))

    def _changed(self) -> None:
        for event in self._events.events():
            self._stale = True
            if event.what == GONE:
                self._watch_events()

    def _call_at_end(self, pid: int) -> None:
        """Look again when a process ends; where the system cannot tell, tmux's own events have to do."""
        if sys.platform == "linux" and pid not in self._watched:
            with contextlib.suppress(ProcessLookupError):
                self._watched[pid] = os.pidfd_open(pid)
                self._process.watch(self._watched[pid], lambda: self._came_to_an_end(pid))

    def _came_to_an_end(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        self._process.unwatch(descriptor)
        os.close(descriptor)
        self._ended.add(pid)
        self._stale = True


def _lives(pid: int) -> bool:
    """Return whether a process is there; also true of one that ended and nobody has waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
