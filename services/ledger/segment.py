"""The file of the open segment, which holds what we wrote and nothing else.

Others can reach it: a script that empties it, `git clean`, an editor, a backup that is put back. As long as we have
it open, what was removed or replaced is put back whole, and what was appended is cut off; both stay in `kept`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from cccc.common import facts as f
from cccc.common.errors import LedgerBroken
from cccc.common.machine.durable import sync_folder


class Segment:
    """The open file. `size` is what we wrote."""

    def __init__(self, path: Path, kept: Path) -> None:
        self.path = path
        self._kept = kept
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        sync_folder(path.parent)
        self.edited = False  # bytes that we wrote before were changed
        self._last = b""
        self._note()

    def _note(self) -> None:
        found = os.fstat(self.fd)
        self.size, self._changed = found.st_size, found.st_mtime_ns

    def wrote(self, last: bytes) -> None:
        """Take note of what we have just written, which ends with the line `last`."""
        self._last = last
        self._note()

    def set_aside(self, start: int, what: str) -> Path:
        """Cut the file at `start` and keep what follows. Returns where."""
        aside = self._kept / f"{what}-{time.time_ns()}.bin"
        with aside.open("wb") as kept:
            self._copy(start, kept.fileno())
        sync_folder(self._kept)
        os.truncate(self.fd, start)
        os.fsync(self.fd)
        self._note()
        return aside

    def look(self) -> f.Fact | None:
        """Mend what others did to the file; return the fact that tells of it.

        Raises LedgerBroken when bytes that we wrote are gone.
        """
        found = os.fstat(self.fd)
        if found.st_size != self.size or found.st_mtime_ns != self._changed:
            end = os.pread(self.fd, len(self._last), self.size - len(self._last))
            if found.st_size < self.size or end != self._last:
                raise LedgerBroken(f"{self.path} was cut or written over: it had {self.size} bytes")
            if found.st_size == self.size:
                self.edited, self._changed = True, found.st_mtime_ns
            else:
                aside = self.set_aside(self.size, "torn")
                return f.LedgerRepaired(bytes=found.st_size - self.size, kept=_shown(aside))
        with contextlib.suppress(FileNotFoundError):
            there = self.path.stat()
            if (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino):
                return None
        return self._put_back() if self.path.parent.is_dir() else None

    def _put_back(self) -> f.LedgerRestored:
        kept = ""
        if os.path.lexists(self.path):
            aside = self._kept / f"replaced-{time.time_ns()}.bin"
            self.path.rename(aside)
            kept = _shown(aside)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._copy(0, fd)
        fresh.rename(self.path)
        sync_folder(self.path.parent)
        os.close(self.fd)
        self.fd = fd
        self._note()
        return f.LedgerRestored(kept=kept)

    def _copy(self, start: int, to: int) -> None:
        with os.fdopen(os.dup(self.fd), "rb") as source, os.fdopen(os.dup(to), "wb") as target:
            source.seek(start)
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(to)

    def close(self) -> None:
        os.close(self.fd)


def _shown(path: Path) -> str:
    return str(Path(path.parent.parent.parent.name, path.parent.parent.name, path.parent.name, path.name))
