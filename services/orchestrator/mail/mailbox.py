"""Taking what the peers hand in.

A file is taken by one rename to `taken/<mid>.<file>`, and an empty one is put back. It is not
taken while somebody writes: a rename-in is complete, a close-after-write is complete after
`settle` seconds without another, and on Linux the kernel is asked as well (a read lease is
refused while a writer has the file open). The lease is kept until the bytes are read, so that
a writer who opened the file by its old name cannot change them; what he writes then lies in
the taken file, and `left_behind` finds it before the file is removed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cccc.common.machine import watch
from cccc.common.machine.durable import sync_folder
from cccc.common.machine.faults import fault
from cccc.common.paths import PEERS, Project

FILES = ("to_peer.md", "to_user.md", "patch.diff")
RESCAN = 10.0
POLL = 0.5
# Claude Code's Write renames `<file>.tmp.<pid>.<hex>` in and then looks at the file: an empty one is a failed write
# to it, and the model writes again. It looks after 1 to 5 ms on an idle machine.
_LOOKS_AGAIN = re.compile(r".+\.tmp\.\d+\.[0-9a-f]+")
_LOOKED_AFTER = 0.1
_CLEARED = 64  # a file of at most this many blank bytes was cleared, not written
_ODD = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe"}
_BUSY = (errno.EAGAIN, errno.EACCES)


class Taken(NamedTuple):
    """A file that was handed in and lies in `taken/`."""

    author: str
    mid: str
    file: str
    path: Path
    content: bytes = b""
    refused: str = ""  # why its content is not read


class Mailbox:
    """The hand-in files of both peers."""

    def __init__(self, project: Project, settle: float, most: int, last_us: int) -> None:
        self._project = project
        self._settle = settle
        self._most = most
        self._last_us = last_us
        self._due: dict[tuple[str, str], float] = {}
        self._looked = 0.0
        self._watch = watch.Watch()
        self._peer_of: dict[Path, str] = {}
        self.polling = not watch.probe(project.peer(PEERS[0]))
        for peer in PEERS:
            self._add(peer)

    def fileno(self) -> int:
        return self._watch.fileno()

    def _add(self, peer: str) -> None:
        folder = self._project.peer(peer)
        for path in (folder, self._project.taken(peer), self._project.inbox(peer), self._project.processed(peer)):
            self._project.make(path)
        for name in FILES:
            put_back(folder / name)
        self._peer_of[folder] = peer
        self._watch.add(folder)

    def notice(self) -> None:
        """Read the file events and note when each file will be complete."""
        now, before = time.monotonic(), ""
        for event in self._watch.events():
            looks_again, before = _LOOKS_AGAIN.fullmatch(before), event.name
            peer = self._peer_of.get(event.folder)
            if event.what == watch.OVERFLOW:
                self._looked = 0.0
            elif peer and event.what == watch.GONE:
                self._add(peer)
            elif peer and event.name in FILES:
                if event.what == watch.MOVED_IN:
                    self._due[peer, event.name] = now + (_LOOKED_AFTER if looks_again else 0.0)
                elif event.what == watch.WRITTEN:
                    self._due[peer, event.name] = now + self._settle

    def take(self) -> Iterator[Taken]:
        """Take every file that is complete."""
        now = time.monotonic()
        if now - self._looked > (POLL if self.polling else RESCAN):
            self._looked = now
            self._look(now)
        for (peer, name), due in sorted(self._due.items(), key=lambda item: item[1]):
            if due > now:
                continue
            del self._due[peer, name]
            taken = self._take(peer, name)
            if taken:
                yield taken

    def waits(self) -> float:
        """Seconds until `take` has something to do."""
        now = time.monotonic()
        rescan = self._looked + (POLL if self.polling else RESCAN)
        return max(0.0, min([*self._due.values(), rescan]) - now)

    def swept(self) -> list[Taken]:
        """Return what an earlier run took and did not finish, oldest first."""
        found = []
        for peer in PEERS:
            for path in sorted(self._project.taken(peer).iterdir()):
                mid, _, name = path.name.partition(".")
                if name not in FILES:
                    continue
                self._last_us = max(self._last_us, us_of(mid))
                why_not = _why_not(path)
                if why_not:
                    found.append(Taken(peer, mid, name, path, refused=why_not))
                    continue
                with path.open("rb") as file:
                    found.append(self._weigh(Taken(peer, mid, name, path, file.read(self._most + 1))))
        return sorted(found, key=lambda taken: taken.mid)

    def left_behind(self, taken: Taken) -> Taken | None:
        """Remove a taken file whose fact is on disk; return what was written into it since.

        Raises StillWriting while a writer has it open.
        """
        with contextlib.suppress(FileNotFoundError), taken.path.open("rb") as file, _no_writer(file.fileno()) as free:
            if not free:
                raise StillWriting
            content = file.read(self._most + 1)
            known = taken.content
            if content in (known, b""):
                taken.path.unlink()
                return None
            late = content[len(known) :] if content.startswith(known) else content
            mid = self._mid()
            path = taken.path.with_name(f"{mid}.{taken.file}")
            fresh = path.with_name(f".{path.name}")
            fresh.write_bytes(late)
            fresh.replace(path)
            taken.path.unlink()
            return self._weigh(Taken(taken.author, mid, taken.file, path, late))
        return None

    def _look(self, now: float) -> None:
        for peer in PEERS:
            for name in FILES:
                with contextlib.suppress(FileNotFoundError):
                    status = (self._project.peer(peer) / name).lstat()
                    there = status.st_size or not stat.S_ISREG(status.st_mode)  # a pipe has no size
                    if there and (peer, name) not in self._due:
                        self._due[peer, name] = now + self._settle

    def _take(self, peer: str, name: str) -> Taken | None:
        path = self._project.peer(peer) / name
        try:
            why_not = _why_not(path)
        except FileNotFoundError:
            put_back(path)
            return None
        if why_not:
            return self._set_aside(peer, name, why_not)
        with path.open("rb") as file, _no_writer(file.fileno()) as free:
            if not free:
                self._due[peer, name] = time.monotonic() + max(self._settle, 0.02)
                return None
            content = file.read(self._most + 1)
            if len(content) <= _CLEARED and not content.strip():
                return None
            mid = self._mid()
            target = self._project.taken(peer) / f"{mid}.{name}"
            path.rename(target)
            put_back(path)
            sync_folder(target.parent)
            fault("orchestrator.taken")
            return self._weigh(Taken(peer, mid, name, target, content))

    def _weigh(self, taken: Taken) -> Taken:
        if len(taken.content) <= self._most:
            return taken
        reason = f"it has {taken.path.stat().st_size} bytes, the limit is {self._most}; send less, or refer to a file"
        return taken._replace(content=b"", refused=reason)

    def _set_aside(self, peer: str, name: str, reason: str) -> Taken:
        mid = self._mid()
        target = self._project.taken(peer) / f"{mid}.{name}"
        (self._project.peer(peer) / name).rename(target)
        put_back(self._project.peer(peer) / name)
        return Taken(peer, mid, name, target, refused=reason)

    def _mid(self) -> str:
        """Return a new message id; later ones sort after earlier ones, whatever the clock does."""
        self._last_us = max(time.time_ns() // 1000, self._last_us + 1)
        return f"cccc-{self._last_us // 1_000_000}-{self._last_us % 1_000_000:06x}"

    def close(self) -> None:
        self._watch.close()


class StillWriting(Exception):
    """A taken file is open for writing; look again later."""


def us_of(mid: str) -> int:
    """Return the time in a message id in microseconds; 0 when it holds none."""
    try:
        _, seconds, fraction = mid.split("-")
        return int(seconds) * 1_000_000 + int(fraction, 16)
    except ValueError:
        return 0


def _why_not(path: Path) -> str:
    """Return why what lies there is not read, or ""."""
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        return f"it is {_ODD.get(stat.S_IFMT(mode), 'a device')}, not a regular file; write the text itself into a file"
    return "" if os.access(path, os.R_OK) else "it is not readable; write a file with mode 0600"


def put_back(path: Path) -> None:
    """Create an empty hand-in file unless somebody already wrote a new one."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


@contextlib.contextmanager
def _no_writer(fd: int) -> Iterator[bool]:
    """Hold a read lease; False while somebody has the file open for writing.

    Where leases do not exist (macOS, some file systems) nobody can tell, and this is True.
    A waiting writer breaks the lease with SIGIO, which the service ignores: fcntl(2).
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        yield True
        return
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        yield error.errno not in _BUSY
        return
    try:
        yield True
    finally:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
