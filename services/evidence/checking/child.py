"""Running a check: in a session of its own, with a time limit, and nothing of it left behind.

The children inherit the locked `check.lock`, in which their process group stands. So whoever
finds the lock held after our death knows what to kill. What leaves the group is known by the
mark in its environment, and what sheds that too by its parent, which this process becomes.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.errors import UserError
from cccc.common.terminal.typed_by import CHECK
from cccc.services.evidence.checking.checks import Ended

_LARGEST_LOG = 64 * 1024 * 1024
_OUTPUT = 4 * 1024 * 1024
_LEAVE_WITHIN = 5.0
_PR_SET_CHILD_SUBREAPER = 36  # of <linux/prctl.h>


class CheckLock:
    """The lock of `path`, held for the life of this process.

    With `take_over` what an earlier life left running is killed; without, UserError is raised while it is held.
    """

    def __init__(self, path: Path, take_over: bool = True) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + _LEAVE_WITHIN
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not take_over:
                    raise UserError(f"{path} is locked: the gate tree is in use; try again later") from None
                if time.monotonic() > end:
                    raise
            group = path.read_text()
            if group:
                _kill(int(group))
            time.sleep(0.02)
        self.name(0)
        self.adopts = False

    def adopt(self) -> None:
        """Become the parent of what checks orphan. Only Linux knows this; from now on nothing else here may orphan."""
        if sys.platform == "linux":
            self.adopts = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0

    def name(self, group: int) -> None:
        """Write down which process group runs; 0 when none does."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, str(group or "").encode(), 0)


@dataclass(frozen=True)
class Command:
    """What is run, where, and for how long."""

    argv: list[str]
    cwd: Path
    env: Mapping[str, str]
    limit: float  # seconds
    limited_by: str = "gate.timeout_seconds"  # the setting that says so
    header: str = ""  # of the log
    contained: bool = False  # in a pid namespace, which leaves nothing when it ends by itself


class Child:
    """One command, running; its output goes to `log`. Its end is announced by SIGCHLD."""

    def __init__(self, command: Command, umask: int, log: Path, lock: CheckLock, append: bool = False) -> None:
        self.log = log
        self._command = command
        self._lock = lock
        self._started = time.monotonic()
        with log.open("ab" if append else "wb") as output:
            output.write(command.header.encode(errors="replace"))
            output.flush()
            self._begin = output.tell()
            self._process = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env=command.env,
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
        if seconds > self._command.limit:
            over = f"{self._command.limit:g} s ({self._command.limited_by})"
        elif self.log.stat().st_size - self._begin > _LARGEST_LOG:
            over = f"{_LARGEST_LOG >> 20} MiB of output"
        # Not reaped yet, so that its number, which is the group's, still belongs to it when the rest is killed.
        waiting = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if waiting is None and not over:
            return None
        code = self.kill() if waiting is None or not self._command.contained else self._collect()
        return Ended(code, seconds, over if waiting is None else "", self._output())

    def kill(self) -> int:
        """End it and everything it started; return its exit code."""
        _kill(self._process.pid)
        code = self._collect()
        _end_marked(self._command.env.get(CHECK, ""))
        if self._lock.adopts:
            _end_adopted()
        return code

    def _collect(self) -> int:
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
            log.seek(max(self._begin, self.log.stat().st_size - _OUTPUT))
            return log.read().decode("utf-8", "replace")


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _end_marked(mark: str) -> None:
    """Kill what carries the mark, and wait until it is gone. Only Linux shows the environment of a process."""
    end = time.monotonic() + _LEAVE_WITHIN
    wanted = f"\0{CHECK}={mark}\0".encode()
    while mark and time.monotonic() < end:
        left = [process for process in Path("/proc").glob("[0-9]*") if wanted in b"\0" + _environment(process)]
        if not left:
            return
        for process in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(process.name), signal.SIGKILL)
        time.sleep(0.005)


def _end_adopted() -> None:
    """Kill the children of this process that are in another session: its own are in its session, a check's never."""
    end = time.monotonic() + _LEAVE_WITHIN
    while time.monotonic() < end:
        left = [int(process.name) for process in Path("/proc").glob("[0-9]*") if _is_adopted(process)]
        if not left:
            return
        for number in left:
            with contextlib.suppress(ProcessLookupError, PermissionError, ChildProcessError):
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)


def _is_adopted(process: Path) -> bool:
    try:
        _, parent, _, session = (process / "stat").read_bytes().rpartition(b") ")[2].split()[:4]
    except OSError:  # gone
        return False
    return int(parent) == os.getpid() and int(session) != os.getsid(0)


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:  # gone, or not ours
        return b""
