"""What every supervised process is: one thread, one poller, a lock, a watchdog.

supervisord and ZeroMQ leave four traps that this module closes: a killed supervisord
orphans its children (so we leave when our parent changes), a second instance would bind
over the first one's socket (so each service holds a lock for life), a signal is noticed one
poll late (so signals write into a pipe that is polled), and a hung loop looks alive (so a
timer that each turn winds up again ends it with a traceback in the log).
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Callable, ClassVar, Union

import zmq

from cccc.common.errors import CcccError, LedgerBusy, NoProject
from cccc.common.machine import leftovers, zone
from cccc.common.paths import Project, same_file
from cccc.common.text import redaction

TICK = 1.0
HUNG = 60.0
_ORPHAN_LEAVES_WITHIN = 5.0
_COMES_BACK_WITHIN = 3.0  # a project that was moved away, or removed

Pollable = Union[int, "zmq.Socket[bytes]"]


class Process:
    """The loop. A subclass sets `name` and does its work in `turn`."""

    name: ClassVar[str]

    def __init__(self, project: Project) -> None:
        self.project = project
        self.log = logging.getLogger(self.name)
        self._lock = self._take_lock()
        self._parent = _parent(project)
        self._stopping = False
        self._wound = 0.0
        self._wake_at = 0.0
        self._poller = zmq.Poller()
        self._callbacks: dict[Pollable, Callable[[], None]] = {}
        self._signals, write_end = os.pipe()
        for end in (self._signals, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        self.watch(self._signals, self._drain_signals)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def turn(self) -> None:
        """Do what is due. Called after every wake-up."""
        raise NotImplementedError

    def watch(self, source: Pollable, callback: Callable[[], None]) -> None:
        """Call `callback` whenever `source` can be read."""
        self._callbacks[source] = callback
        self._poller.register(source, zmq.POLLIN)

    def unwatch(self, source: Pollable) -> None:
        del self._callbacks[source]
        self._poller.unregister(source)

    def wake_in(self, seconds: float) -> None:
        """Ask for a turn within `seconds`; an earlier wish stays."""
        self._wake_at = min(self._wake_at, time.monotonic() + seconds)

    def alive(self) -> None:
        """Wind up the watchdog. Long blocking work calls this between its steps."""
        now = time.monotonic()
        if now - self._wound > HUNG / 10:
            self._wound = now
            faulthandler.dump_traceback_later(HUNG, exit=True)

    def run(self) -> None:
        """Turn until SIGTERM, or until the parent is gone."""
        self._wake_at = time.monotonic()
        while not self._stopping:
            self.alive()
            wait = max(0.0, self._wake_at - time.monotonic())
            self._wake_at = time.monotonic() + TICK
            for source, _ in self._poller.poll(int(wait * 1000 + 0.999)):
                if source in self._callbacks:
                    self._callbacks[source]()
            if os.getppid() != self._parent:
                self.log.warning("the parent process is gone; leaving")
                return
            if not same_file(self._lock, self._lock_path) and not self._come_back():
                return
            self.turn()

    @property
    def _lock_path(self) -> Path:
        return self.project.run / f"{self.name}.lock"

    def _take_lock(self) -> int:
        """Return a descriptor that nobody closes but the end of the process, which frees the lock."""
        self.project.make_run()
        with hold(self._lock_path) as lock:
            return os.dup(lock.fileno())

    def _come_back(self) -> bool:
        """Make the run folder again where it was removed. Returns False after all ends because the project is gone.

        Raises LedgerBusy when another process has become this service.
        """
        if not _is_back(self.project, self._parent, self.log):
            return False
        if not same_file(self._lock, self._lock_path):
            self.log.warning("%s was removed; it is made again", self._lock_path)
            fresh = self._take_lock()
            os.close(self._lock)
            self._lock = fresh
        return True

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _drain_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._signals, 512):
                pass


def _parent(project: Project) -> int:
    """Return the process whose end is ours too: supervisord, which can be gone before we ask who started us."""
    if "SUPERVISOR_ENABLED" not in os.environ:
        return os.getppid()
    try:
        return int((project.run / "supervisord.pid").read_text())
    except (FileNotFoundError, ValueError):  # it was removed or written over, or has just ended with its supervisord
        return os.getppid() if os.getppid() in leftovers.supervisords(project) else 0


def _is_back(project: Project, parent: int, log: logging.Logger) -> bool:
    """Wait for a project that was removed or moved away. Returns False after everything was ended because it stays so.

    No `cccc down` can end it then, and supervisord does not notice.
    """
    end = time.monotonic() + _COMES_BACK_WITHIN
    while not project.settings.is_dir():
        if time.monotonic() > end:
            log.warning("%s was removed or moved away; ending all services", project.home)
            if "SUPERVISOR_ENABLED" in os.environ:
                os.kill(parent, signal.SIGTERM)
            for server in leftovers.tmux_servers(project.socket("tmux")):
                os.kill(server, signal.SIGTERM)
            return False
        time.sleep(0.05)
    return True


def hold(path: Path, within: float = _ORPHAN_LEAVES_WITHIN) -> BinaryIO:
    """Lock `path` until the file is closed. Raises LedgerBusy when another process keeps it for `within` seconds."""
    file = path.open("a+b")
    end = time.monotonic() + within
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                file.close()
                raise LedgerBusy(
                    f"{path} is held by process {path.read_text(errors='replace') or '?'}; run `cccc down`"
                ) from None
            time.sleep(0.05)
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    return file


class _Redacted(logging.Formatter):
    """Log lines and their tracebacks, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return redaction.default.redact(super().format(record))


@contextlib.contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Log to stderr, which supervisord puts into the service's file; so is the traceback of what nobody caught."""
    logging.Formatter.converter = time.gmtime
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(_Redacted("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    sys.excepthook = lambda *error: logging.critical("it ends here", exc_info=error)
    threading.excepthook = lambda end: logging.critical("%s ends here", end.thread, exc_info=end.exc_value)
    yield
    logging.shutdown()


def main(service: type[Process]) -> int:
    """Run a service until it is stopped. Returns the exit code."""
    os.umask(0o077)
    zone.settle()
    faulthandler.enable()
    with logging_to_stderr():
        try:
            service(Project.find()).run()
        except CcccError as error:
            log = logging.getLogger(service.name)
            log.exception("%s", error)
            if isinstance(error, NoProject) and "SUPERVISOR_ENABLED" in os.environ:
                _is_back(Project(Path(os.environ["CCCC_HOME"])), os.getppid(), log)
            return 1
    return 0
