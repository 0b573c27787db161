"""Running a check: in a session of its own, with a time limit, and nothing of it left behind.

The children inherit the locked `check.lock`, in which their process group stands. So whoever
finds the lock held after our death knows what to kill.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from cccc.services.evidence.checks import Ended

_LARGEST_LOG = 64 * 1024 * 1024
_OUTPUT = 256 * 1024
_LEAVE_WITHIN = 5.0


class CheckLock:
    """The lock of `path`, held for the life of this process. What an earlier life left running is killed."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + _LEAVE_WITHIN
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
            group = path.read_text()
            if group:
                _kill(int(group))
            time.sleep(0.02)
        self.name(0)

    def name(self, group: int) -> None:
        """Write down which process group runs; 0 when none does."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, str(group or "").encode(), 0)


class Child:
    """One command, running; its output goes to `log`. Its end is announced by SIGCHLD."""

    def __init__(
        self, argv: list[str], cwd: Path, env: Mapping[str, str], umask: int, log: Path, lock: CheckLock, limit: float
    ) -> None:
        self.log = log
        self._lock = lock
        self._limit = limit
        self._started = time.monotonic()
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                umask=umask,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock.fd,),
            )
        lock.name(self._process.pid)

    def ended(self) -> Ended | None:
        """Return how it ended, None while it runs. Kills it when it is over a limit, and always what it left."""
        seconds = time.monotonic() - self._started
        over = ""
        if seconds > self._limit:
            over = f"{self._limit:g} s (gate.timeout_seconds)"
        elif self.log.stat().st_size > _LARGEST_LOG:
            over = f"{_LARGEST_LOG >> 20} MiB of output"
        # Not reaped yet, so that its number, which is the group's, still belongs to it when the rest is killed.
        waiting = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if waiting is None and not over:
            return None
        code = self.kill()
        return Ended(code, seconds, over if waiting is None else "", self._output())

    def kill(self) -> int:
        """End it and everything it started in its session; return its exit code."""
        _kill(self._process.pid)
        code = self._process.wait()
        self._lock.name(0)
        return code

    def sha(self) -> str:
        """Return the SHA-256 of the whole output."""
        digest = hashlib.sha256()
        with self.log.open("rb") as log:
            for part in iter(lambda: log.read(1 << 20), b""):
                digest.update(part)
        return digest.hexdigest()

    def _output(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _OUTPUT))
            return log.read().decode("utf-8", "replace")


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
