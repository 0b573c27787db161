"""The way of a pane from its start to its CLI, through a login shell: its profile can end it or become another program.

The file `mark` is empty on the way; the shell writes to it right before it becomes the CLI.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

from cccc.common import facts as f
from cccc.common.paths import Project, folder

LOOK_EVERY = 0.5  # seconds
_LONG = 10.0  # seconds after which it is said that a profile still runs
_SURE = 2  # looks in a row: right after the fork the process still looks like tmux


def mark(project: Project, peer: str) -> Path:
    """Return the file that tells whether a peer's pane has come to its CLI."""
    return project.run / f"{folder(peer)}.launch"


def to(project: Project, peer: str, shell: str) -> str:
    """Return the lines that bring a login shell to the project's folder, and say that its profile is over."""
    cd = "builtin cd" if Path(shell).name in ("bash", "fish", "zsh") else "command cd"  # a profile may have its own cd
    return f"{cd} {shlex.quote(str(project.root))} || exit 1\nprintf x >>{shlex.quote(str(mark(project, peer)))}\n"


class Way:
    """The way of one start. `stands` says where it is, for people; "" at its end."""

    def __init__(self, project: Project, peer: str, started_at: float) -> None:
        self.stands = ""
        self.instead = ""  # the command line of what the login shell has become
        self._mark = mark(project, peer)
        self._started_at = started_at
        self._foreign = 0
        self._look_at = 0.0

    @staticmethod
    def begin(project: Project, peer: str) -> None:
        """Note that a start begins."""
        project.make_run()
        mark(project, peer).write_bytes(b"")

    def look(self, pid: int) -> bool:
        """Return whether the pane, whose process is `pid`, has come to its CLI."""
        now = time.time()
        runs = ""
        if now >= self._look_at:
            runs = _command(pid)  # before the look at the mark: it is written first
            self._look_at = now + LOOK_EVERY
        if is_over(self._mark):
            self.stands = ""
            return True
        if runs:
            is_ours = self._mark.name in runs or "cccc.services.delivery.running.launch" in runs
            self._foreign = 0 if is_ours else self._foreign + 1
            self.instead = runs if self._foreign >= _SURE else ""
        seconds = now - self._started_at
        late = f" for {seconds:.0f} s; `cccc attach` shows what it is waiting for" if seconds > _LONG else ""
        self.stands = f"{f.PROFILE} runs{late}"
        return False


def is_over(mark: Path) -> bool:
    """Return whether the way is at its end; true also of a start that had no mark yet."""
    try:
        return mark.stat().st_size > 0
    except FileNotFoundError:
        return True


def _command(pid: int) -> str:
    """Return the command line of a process, "" when it is gone."""
    listed = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False).stdout
    return " ".join(listed.decode(errors="replace").split())
