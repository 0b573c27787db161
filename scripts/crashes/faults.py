"""The faults: each breaks one thing, and mends what a person or the machine would mend."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from cccc.common.commands import queue
from cccc.common.errors import UserError
from cccc.common.machine import tmux
from cccc.common.machine.tmux import TmuxError
from cccc.scripts.crashes.place import PLANTED, Place, until

POINTS = (
    "ledger.written",
    "ledger.synced",
    "ledger.published",
    "orchestrator.taken",
    "orchestrator.said",
    "delivery.inbox-written",
    "delivery.pasted",
    "delivery.entered",
    "evidence.committed",
    "evidence.landing-locked",
    "evidence.files-staged",
    "evidence.file-aside",
    "evidence.file-placed",
    "evidence.files-written",
    "evidence.index-written",
    "evidence.ref-moved",
    "evidence.landed",
)
CHAT_POINTS = ("bridge.heard", "bridge.posted")
_HELD = 1.5  # seconds for which something stays broken
_PASSES_WITHIN = 4.0
_HELD_WITHIN = 20.0
_JUMP = 7200  # seconds


@dataclass(frozen=True)
class Fault:
    """`arm` comes before the burst of work, `strike` in the middle of it; that returns whether anything broke."""

    name: str
    strike: Callable[[Place], bool]
    arm: Callable[[Place], object] = id


def every(place: Place) -> list[Fault]:
    """Return the faults that can be had on this machine."""
    return list(_every(place))


def _every(place: Place) -> Iterator[Fault]:
    for name in place.services:
        yield Fault(f"kill -9 {name}", lambda place, name=name: _kill(place.pid(name)))  # type: ignore[misc]
        yield Fault(f"stop {name} for {_HELD} s", lambda place, name=name: _pause(place.pid(name)))  # type: ignore[misc]
    for name in ("ledger", "orchestrator", "delivery", "evidence"):
        yield Fault(f"no file descriptors: {name}", lambda place, name=name: _starve(place.pid(name)))  # type: ignore[misc]
    for point in (*POINTS, *(CHAT_POINTS if place.chat else ())):
        yield _at(point)
    for name, strike in place.chat.faults.items() if place.chat else ():
        yield Fault(name, lambda place, strike=strike: strike())  # type: ignore[misc]
    yield Fault("kill -9 supervisord", _kill_supervisord)
    yield Fault("kill -9 tmux", _kill_tmux)
    yield Fault("kill -9 a peer's CLI", _kill_cli)
    yield Fault("a torn last line in the ledger", _tear)
    yield Fault("index.lock left behind", _leave_lock)
    yield Fault("branch moved by hand", _move_branch)
    yield Fault("a file planted in the gate tree", _plant)
    yield Fault("an edit that git is told to overlook", _hide_edit)
    yield Fault("settings broken while up", _break_settings)
    for name in ("tmux", "supervisor", "ledger", "facts"):
        yield Fault(f"{name}.sock deleted", lambda place, name=name: _delete_socket(place, name))  # type: ignore[misc]
    yield Fault("run folder deleted", _delete_run_folder)
    if place.clock.variables:
        for seconds, where in ((_JUMP, "ahead"), (-_JUMP, "back")):
            yield Fault(f"clock 2 h {where}", lambda place, by=seconds: _jump(place, by))  # type: ignore[misc]
            yield Fault(f"clock 2 h {where} for {_HELD} s", lambda place, by=seconds: _jump_twice(place, by))  # type: ignore[misc]
    if _is_own_disk(place.folder):
        yield Fault("disk full", _fill_disk)
        yield Fault("state folder read-only", _make_read_only)


def left_out(place: Place) -> str:
    """Return which faults cannot be had here and what they need, or "" for none."""
    missing = []
    if not place.clock.variables:
        missing.append("a clock that jumps (Linux with a C compiler)")
    if not _is_own_disk(place.folder):
        missing.append("a full disk and a read-only state folder (Linux, root, the right to mount)")
    if not place.chat:
        missing.append("a chat that fails (install python-telegram-bot and aiohttp beside cccc)")
    return f"Left out: {'; '.join(missing)}." if missing else ""


def _signal(pid: int, number: int) -> bool:
    if not pid:
        return False
    os.kill(pid, number)
    return True


def _kill(pid: int) -> bool:
    """Kill a process and wait until nobody takes it for alive any more."""
    return _signal(pid, signal.SIGKILL) and until(lambda: not Path(f"/proc/{pid}").exists(), 5, 0.005)


def _pause(pid: int) -> bool:
    if not _signal(pid, signal.SIGSTOP):
        return False
    time.sleep(_HELD)
    return _signal(pid, signal.SIGCONT)


def _starve(pid: int) -> bool:
    """Let a process open nothing more for a while."""
    if not pid or not hasattr(resource, "prlimit"):
        return False
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (4, before[1]))
    time.sleep(_HELD)
    with contextlib.suppress(ProcessLookupError):  # it has died of it, and another one runs
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    return True


def _at(point: str) -> Fault:
    """Let a service kill itself when it comes to a point."""

    def arm(place: Place) -> None:
        (place.faults / point).touch()

    def strike(place: Place) -> bool:
        armed = place.faults / point
        fired = until(lambda: not armed.exists(), _PASSES_WITHIN)
        armed.unlink(missing_ok=True)
        return fired

    return Fault(f"kill at {point}", strike, arm)


def _kill_supervisord(place: Place) -> bool:
    killed = _kill(int((place.project.run / "supervisord.pid").read_text()))
    place.cccc("up")
    return killed


def _kill_tmux(place: Place) -> bool:
    try:
        return _kill(tmux.server_pid(place.project))
    except TmuxError:
        return False


def _kill_cli(place: Place) -> bool:
    try:
        return _kill(tmux.panes(place.project)["PeerA"].pid)
    except (TmuxError, KeyError):
        return False


def _tear(place: Place) -> bool:
    """Leave half a line at the end, as a machine without power does."""
    place.cccc("ctl", "stop", "ledger", check=False)
    with place.project.ledger.open("ab") as ledger:
        ledger.write(b'{"seq":999999999,"kind":"hando')
    place.cccc("ctl", "start", "ledger", check=False)
    return True


def _leave_lock(place: Place) -> bool:
    """Leave the lock of a git command that died; a person removes it."""
    lock = place.root / ".git" / "index.lock"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False  # the gate is landing
    time.sleep(_HELD)
    lock.unlink()
    return True


def _move_branch(place: Place) -> bool:
    """Commit by hand beside the gate."""
    return _commit(place, f"user/by-hand-{time.time_ns()}.txt")


def _commit(place: Place, name: str) -> bool:
    """Have the user commit a new file, as soon as the gate lets them; return whether it is done."""
    place.write(name, "committed by hand\n")

    def committed() -> bool:
        argv = ["sh", "-c", 'git add -N "$0" && git commit -q --only -m "by hand" -- "$0"', name]
        return subprocess.run(argv, cwd=place.root, capture_output=True).returncode == 0

    return until(committed, 10)


def _plant(place: Place) -> bool:
    """Leave a file in the gate tree, as a check or a peer can: with it the tests are red."""
    tree = place.project.work / "gate"
    if not tree.is_dir():
        return False
    (tree / PLANTED).touch()
    return True


def _hide_edit(place: Place) -> bool:
    """Edit a file that git is told to overlook; a patch to it must not land while the edit is there."""
    name = "user/hidden.txt"
    if not (place.root / name).exists() and not _commit(place, name):
        return False
    place.git("update-index", "--skip-worktree", name)
    place.write(name, f"the user's own line {time.time_ns()}\n")
    diff = f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-committed by hand\n+of PeerA\n"
    place.hand_in("PeerA", "patch.diff", diff.encode())
    held = until(lambda: bool(_held(place, name)), _HELD_WITHIN)
    for mid in _held(place, name):
        place.cccc("patch", "drop", mid, check=False)
    return held


def _held(place: Place, name: str) -> list[str]:
    """Return the patches that wait for an edit of this file."""
    try:
        return [entry["mid"] for entry in queue.read(place.project) if name in entry["reason"]]
    except UserError:  # the disk is full
        return []


def _delete_socket(place: Place, name: str) -> bool:
    """Delete a socket under its server, as cleaners of old files do; `cccc up` is what a person types then."""
    place.project.socket(name).unlink()
    place.cccc("up")
    return True


def _delete_run_folder(place: Place) -> bool:
    shutil.rmtree(place.project.run)
    place.cccc("up")
    return True


def _break_settings(place: Place) -> bool:
    """Let a settings file be broken for a while, as an editor that saves half of it does."""
    path = place.project.settings / "policies.yaml"
    before = path.read_bytes()
    path.write_bytes(before + b"gate: {")
    time.sleep(_HELD)
    path.write_bytes(before)
    return True


def _jump(place: Place, seconds: int) -> bool:
    """Let the clock jump, and leave it there for what comes."""
    place.clock.jump(seconds)
    return True


def _jump_twice(place: Place, seconds: int) -> bool:
    place.clock.jump(seconds)
    time.sleep(_HELD)
    place.clock.jump(-seconds)
    return True


def _is_own_disk(folder: Path) -> bool:
    return os.path.ismount(folder)


def _fill_disk(place: Place) -> bool:
    filler = place.folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 65536)
    except OSError:
        pass
    time.sleep(_HELD)
    filler.unlink()
    return True


def _make_read_only(place: Place) -> bool:
    """Let nothing be opened for writing in the state folder; what is open stays writable.

    Made ready aside: what is opened between a bind and its `ro` would forbid the `ro`.
    """
    state, aside = str(place.project.state), str(place.aside)
    try:
        subprocess.run(["mount", "--bind", state, aside], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", aside], check=True)
        subprocess.run(["mount", "--bind", aside, state], check=True)
        time.sleep(_HELD)
        return not os.access(state, os.W_OK)
    finally:
        make_writable(place)


def make_writable(place: Place) -> None:
    """Take away what makes the state folder read-only, if anything does; what was opened in it meanwhile goes on."""
    for folder in (str(place.project.state), str(place.aside)):
        subprocess.run(["mount", "-o", "remount,bind,rw", folder], capture_output=True)
        while not subprocess.run(["umount", "-l", folder], capture_output=True).returncode:
            pass


def own_disk(folder: Path, megabytes: int) -> bool:
    """Put a small disk of its own under `folder`, for root on Linux. Returns whether that worked."""
    if os.geteuid() or not sys.platform.startswith("linux"):
        return False
    argv = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "cccc-torture", str(folder)]
    return subprocess.run(argv, capture_output=True).returncode == 0
