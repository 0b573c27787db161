"""The status as a panel sees it: read again when its file changes, and whether its writer lives."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import datetime

from rich.text import Text

from cccc.common.errors import NotRunning
from cccc.common.machine.watch import GONE, Watch
from cccc.common.paths import Project
from cccc.common.shown import status
from cccc.common.shown.status import Status
from cccc.services.tui import picture


class Follow:
    """The last status that could be read. `fileno()` is readable when `changed()` has something to look at."""

    def __init__(self, project: Project) -> None:
        self.status: Status | None = None
        self.problem = ""
        self._project = project
        self._watch = Watch()
        self._following = False
        self._file = (0, 0)  # inode and time of change
        self.follow()

    def fileno(self) -> int:
        return self._watch.fileno()

    def follow(self) -> bool:
        """Watch the folder of the status, if that is not done yet; return False when it is not there."""
        if not self._following:
            with contextlib.suppress(OSError):
                self._watch.add(self._project.state)
                self._following = True
        self._read()
        return self._following

    def changed(self) -> bool:
        """Take what happened in the folder; return whether there is a new status."""
        events = self._watch.events()
        if any(event.what == GONE for event in events):
            self._following = False
        return self._read() or any(event.name == self._project.stopped.name for event in events)

    def writer(self) -> int:
        """Return the process that writes the status; 0 when none is known."""
        return self.status.services["panel"].pid if self.status else 0

    def picture(self, width: int, height: int) -> list[Text]:
        """Return the lines to show now."""
        if self.status is None:
            return picture.waiting(self.problem, width)
        now = datetime.now().astimezone()
        if _lives(self.writer()) and not self.problem:
            return picture.picture(self.status, width, height, now)
        if self._stopped():
            return picture.picture(picture.at_rest(self.status), width, height, now, "not running: `cccc up`")
        return picture.picture(self.status, width, height, now, "reconnecting")

    def close(self) -> None:
        self._watch.close()

    def _stopped(self) -> bool:
        """Return whether everything was stopped since the status was written."""
        try:
            return self._project.stopped.stat().st_mtime_ns > self._file[1]
        except FileNotFoundError:
            return False

    def _read(self) -> bool:
        try:
            found = self._project.status.stat()
            file = found.st_ino, found.st_mtime_ns
        except FileNotFoundError:
            file = 0, 0
        if file == self._file and (self.status or self.problem):
            return False
        self._file = file
        try:
            self.status, self.problem = status.read(self._project), ""
        except NotRunning as problem:
            self.problem = str(problem)
        return True


def end_of(pid: int) -> int | None:
    """Return a descriptor that is readable once a process has ended; None where the system has no such thing."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # it is gone already, or the kernel is older
        return None


def _lives(pid: int) -> bool:
    if not pid:
        return True
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
