"""A person's own tmux, in which a terminal is attached to the project's session."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cccc.common.machine import tmux
from cccc.common.paths import Project
from tests.waiting import until

WIDTH, HEIGHT = 200, 51  # the session's own status line takes one


class Outside:
    """Window 0 is the attached terminal, window 1 is something else."""

    def __init__(self, project: Project, socket: Path) -> None:
        self._socket = socket
        inner = f"env -u TMUX tmux -u -S {project.socket('tmux')} attach"
        self.call("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), inner)
        self.call("set", "-g", "status", "off")
        self.call("resize-window", "-t", ":0", "-x", str(WIDTH), "-y", str(HEIGHT))
        self.call("new-window", "-d", "cat")
        until(lambda: "panel" in self.screen(), 10, "the session")

    def call(self, *args: str) -> str:
        command = ["tmux", "-u", "-S", str(self._socket), "-f", "/dev/null", *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def screen(self) -> str:
        return self.call("capture-pane", "-p", "-t", ":0")

    def press(self, *keys: str) -> None:
        """Press keys as the person at the attached terminal does."""
        self.call("send-keys", "-t", ":0", *keys)

    def shows(self, words: str, limit: float = 15.0) -> None:
        try:
            until(lambda: words in self.screen(), limit)
        except AssertionError:
            raise AssertionError(f"{words!r} is not on the screen:\n{self.screen()}") from None


@contextlib.contextmanager
def attached(project: Project, socket: Path) -> Iterator[Outside]:
    """Keep a terminal attached to the session of a project."""
    try:
        yield Outside(project, socket)
    finally:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


def choose_panel(project: Project) -> None:
    """Make the panel the pane to which the attached terminal's keys go."""
    tmux.call(project, "select-pane", "-t", tmux.panes(project)["panel"].id)
