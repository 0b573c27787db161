"""The program in the panel pane: shows `status.json` and redraws when it changes.

It sleeps in one poll: file events, a new size of the pane, and every few seconds a look
whether the minute or the panel service has gone. Nothing is drawn when nothing changed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rich.console import Console

from cccc.common import status as status_
from cccc.common.errors import NotRunning, UserError
from cccc.common.paths import Project
from cccc.common.watch import GONE, Watch
from cccc.services.panel import screen

LOOK_EVERY = 5.0


class _Seen(NamedTuple):
    """What a picture depends on; drawn again only when it differs."""

    file: tuple[int, int]  # inode and time of change, zeros when it is not there
    alive: bool
    minute: int
    size: os.terminal_size


class View:
    """Draws one project's status on this terminal."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._console = Console()
        self._status: status_.Status | None = None
        self._problem = ""
        self._drawn: _Seen | None = None

    def look(self) -> None:
        """Draw, if something has changed."""
        file = self._file()
        if self._drawn is None or file != self._drawn.file:
            self._read()
        seen = _Seen(file, self._alive(), int(time.time() // 60), os.get_terminal_size())
        if seen != self._drawn:
            self._drawn = seen
            self._draw(seen)

    def _file(self) -> tuple[int, int]:
        try:
            found = self._project.status.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def _read(self) -> None:
        try:
            self._status, self._problem = status_.read(self._project), ""
        except NotRunning as problem:
            self._problem = str(problem)

    def _alive(self) -> bool:
        """Whether the service that writes the status runs."""
        if self._status is None or not self._status.services["panel"].pid:
            return True
        try:
            os.kill(self._status.services["panel"].pid, 0)
        except OSError:
            return False
        return True

    def _draw(self, seen: _Seen) -> None:
        width, height = seen.size
        if self._status is None:
            lines = screen.waiting(self._problem, width)
        else:
            note = "" if seen.alive and not self._problem else "reconnecting"
            lines = screen.picture(self._status, width, height, datetime.now().astimezone(), note)
        self._console.width = width
        with self._console.capture() as drawn:
            for line in lines:
                self._console.print(line, no_wrap=True, overflow="crop")
        # Cleared first: a line that is cleared after its last column was written loses a character.
        rows = ["\x1b[2K" + row for row in drawn.get().split("\n")[: len(lines)]]
        if len(rows) < height:
            rows.append("\x1b[J")
        sys.stdout.write("\x1b[H" + "\r\n".join(rows))
        sys.stdout.flush()


def show(project: Project) -> None:
    """Show the project's status on this terminal until somebody ends it."""
    watch, following = Watch(), False
    wake, poller = _woken_by_resize(), select.poll()
    for source in (watch.fileno(), wake):
        poller.register(source, select.POLLIN)
    view = View(project)
    while True:
        if not following:  # before the look, so that no change is missed
            with contextlib.suppress(OSError):
                watch.add(project.state)
                following = True
        view.look()
        look_in = LOOK_EVERY if following else 1.0
        poller.poll(1000 * min(look_in, 60.1 - time.time() % 60))
        following = following and all(event.what != GONE for event in watch.events())
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 512)


def _woken_by_resize() -> int:
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    return wake


@contextlib.contextmanager
def _whole_terminal() -> Iterator[None]:
    """The alternate screen without a cursor and without an echo of what is typed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    before = termios.tcgetattr(0)
    quiet = termios.tcgetattr(0)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(0, termios.TCSANOW, quiet)
    sys.stdout.write("\x1b[?1049h\x1b[?25l")
    try:
        yield
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()
        termios.tcsetattr(0, termios.TCSANOW, before)


def main() -> int:
    """Show the panel until it is interrupted. Returns the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("the panel needs a terminal; `cccc status` prints the same", file=sys.stderr)
        return 1
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a locale without arrows
    try:
        project = Project.find()
    except UserError as error:
        print(error, file=sys.stderr)
        return 3
    with _whole_terminal(), contextlib.suppress(KeyboardInterrupt):
        show(project)
    return 0


if __name__ == "__main__":
    sys.exit(main())
