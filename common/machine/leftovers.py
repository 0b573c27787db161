"""What a project's processes can leave behind, and how each is proved to be ours before it is killed.

A service and a check of the gate hold the lock of a file that has their number. supervisord and a
tmux server that does not answer are known by their command line. What runs in the panes
is known by its session, whose leader tmux names.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Callable

from cccc.common.paths import Project

_LEAVE_WITHIN = 0.25  # between asking to leave and killing
_LEAVE_A_PROFILE_WITHIN = 1.5  # for what a login shell runs as it starts, such as `pyenv rehash`, to remove its locks
_TMUX_ANSWERS_WITHIN = 0.3


def supervisord(project: Project) -> list[str]:
    """Return the Python arguments that run this project's supervisord; it is found again by them."""
    return ["-m", "supervisor.supervisord", "-c", str(project.socket("supervisor").with_name("supervisord.conf"))]


def supervisords(project: Project) -> list[int]:
    """Return the process numbers of this project's supervisord, whether or not it has its socket."""
    mine = " ".join(supervisord(project))
    return [pid for pid, command in _commands() if command.endswith(mine)]


def runs(project: Project) -> bool:
    """Return whether supervisord, a service or the tmux server runs, by their command lines and environment alone."""
    return bool(supervisords(project) or _of_home(project) or tmux_servers(project.socket("tmux")))


def end(project: Project, services: Iterable[str]) -> bool:
    """Kill all that is left of the project and remove its sockets. Returns whether anything was left."""
    daemons = set(supervisords(project))
    locks = [project.run / f"{name}.lock" for name in services]
    left = [
        _end(lambda: [pid for pid, _ in _commands() if pid in daemons], signal.SIGKILL),
        # a service that supervisord has just started has no lock yet, but is of its session
        # and one whose lock was removed is known by its environment
        _end(lambda: [*_holders(locks), *_of_sessions(daemons), *_of_home(project)], signal.SIGTERM, signal.SIGKILL),
        _end(lambda: _holders([project.run / "check.lock"]), signal.SIGKILL),
        _end_tmux(project.socket("tmux"), _is_starting(project)),
    ]
    for path in (*project.sockets.glob("*.sock"), project.run / "supervisord.pid"):
        clear(path)
    return any(left)


def _is_starting(project: Project) -> bool:
    """Return whether a pane's login shell has not come to its CLI: it has left the mark of the start empty."""
    return any(mark.stat().st_size == 0 for mark in project.run.glob("*.launch"))


def _end(find: Callable[[], list[int]], *signals: int, within: float = _LEAVE_WITHIN) -> bool:
    """Send each signal to what `find` returns until all of it is gone. Returns whether there was anything."""
    found = set(find())
    left = found
    for number in signals:
        until = time.monotonic() + within
        for pid in left:
            _kill(pid, number)
        while left and time.monotonic() < until:
            time.sleep(0.005)
            # a process frees its lock before it is gone
            left = {*find(), *(pid for pid, _ in _commands() if pid in found)}
    return bool(found)


def clear(path: Path) -> None:
    """Remove a socket or a file; a folder that stands in its place is moved aside."""
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, PermissionError):  # the second on macOS
        path.rename(path.with_name(f"{path.name}.{time.time_ns()}.aside"))


def serves(project: Project, name: str, module: str) -> bool:
    """Return whether a service runs, also where its lock was removed."""
    return bool(_holders([project.run / f"{name}.lock"]) or _of_home(project, module))


def _of_home(project: Project, module: str = "") -> list[int]:
    """Return the services that supervisord started for this project; only Linux shows the environment of a process."""
    marks = (b"SUPERVISOR_ENABLED=1", b"CCCC_HOME=" + os.fsencode(project.home))
    found = []
    for pid, command in _commands() if sys.platform == "linux" else ():
        if f" -I -m cccc.services.{module}" in command:
            with contextlib.suppress(OSError):
                given = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                found += [pid] if all(mark in given for mark in marks) else []
    return found


def _holders(locks: list[Path]) -> list[int]:
    """Return the numbers that the locked ones among `locks` contain."""
    numbers = []
    for lock in locks:
        with contextlib.suppress(FileNotFoundError), lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                numbers.append(file.read().strip())
    return [int(number) for number in numbers if number.isdigit()]


def _end_tmux(socket: Path, softly: bool) -> bool:
    """End the tmux server and everything that runs in its panes; also a server that has lost its socket."""
    ended = socket.exists() and _end_server_at(socket, softly)
    return _end(lambda: tmux_servers(socket), signal.SIGTERM, signal.SIGKILL) or ended


def _end_server_at(socket: Path, softly: bool) -> bool:
    try:
        panes = {int(pid) for pid in _tmux(socket, "list-panes", "-a", "-F", "#{pane_pid}").split()}
        answered = bool(panes)
        if os.getsid(0) in panes:  # `cccc down` was typed in a pane: outlive it, to come to the end
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            panes.remove(os.getsid(0))
        _tmux(socket, "kill-server")
    except subprocess.TimeoutExpired:  # it hangs, and is found by its command line
        return False
    # They have got SIGHUP with the end of their terminal; a second one would cut off what that made them do.
    if softly:
        _end(lambda: _of_sessions(panes), 0, within=_LEAVE_A_PROFILE_WITHIN)
    _end(lambda: _of_sessions(panes), signal.SIGHUP, signal.SIGKILL)
    return answered


def tmux_servers(socket: Path) -> list[int]:
    """Return the servers that were started for this socket, whether or not they still have it.

    A person's own server, started to show ours, has the socket in its command line, too, but not at its beginning;
    a client leads no session.
    """
    begins = (f"tmux -u -S {socket} ", f"tmux: server ({socket})")  # the second where tmux sets its title
    return [pid for pid, command in _commands() if command.startswith(begins) and _leads(pid)]


def _tmux(socket: Path, *args: str) -> str:
    """Return what tmux prints; nothing when no server is there."""
    command = ["tmux", "-S", str(socket), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=_TMUX_ANSWERS_WITHIN, check=False).stdout


def _leads(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid) == pid
    return False


def _of_sessions(leaders: set[int]) -> list[int]:
    """Return the processes of the sessions that began with `leaders`."""
    found = []
    for pid, _ in _commands() if leaders else ():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) in leaders:
                found.append(pid)
    return found


def _commands() -> Iterator[tuple[int, str]]:
    """Yield number and command line of every process that still runs."""
    if not sys.platform.startswith("linux"):
        table = subprocess.run(["ps", "-A", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
        for pid, command in (line.split(None, 1) for line in table.splitlines()):
            yield int(pid), command
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command = os.fsdecode((folder / "cmdline").read_bytes()).rstrip("\0").replace("\0", " ")
            if command:  # a zombie has none
                yield int(folder.name), command


def _kill(pid: int, number: int) -> None:
    """Signal the process group `pid`, or the process when it leads none."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
