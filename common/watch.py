"""File events of a few folders, behind one file descriptor for the caller's own poller.

Linux: inotify. Elsewhere watchfiles, whose events cannot tell a rename-in from a write:
there everything that is new or changed is `WRITTEN`.
Events of sub-folders, of the folders' own listing and of `probe` are left out.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

MOVED_IN = "moved-in"  # renamed into the folder: complete
WRITTEN = "written"  # closed after writing: complete, unless somebody opens it again
LEFT = "left"  # moved away or deleted
GONE = "gone"  # the folder itself was moved, deleted or unmounted; its watch has ended
OVERFLOW = "overflow"  # events were lost, in any of the folders: look at them all

_PROBE = ".cccc-probe"


class Event(NamedTuple):
    """One thing that happened to `folder/name`; `GONE` has no name, `OVERFLOW` neither."""

    folder: Path
    name: str
    what: str


if sys.platform == "linux":
    from inotify_simple import INotify, flags

    _WHAT = (
        (flags.MOVED_TO, MOVED_IN),
        (flags.CLOSE_WRITE, WRITTEN),
        (flags.MOVED_FROM | flags.DELETE, LEFT),
        (flags.DELETE_SELF | flags.MOVE_SELF | flags.UNMOUNT, GONE),
    )
    _MASK = flags.MOVED_TO | flags.CLOSE_WRITE | flags.MOVED_FROM | flags.DELETE
    _MASK |= flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR

    class Watch:
        """Watches folders; `fileno()` is readable when `events()` has something."""

        def __init__(self) -> None:
            self._inotify = INotify(nonblocking=True)
            self._folders: dict[int, Path] = {}

        def add(self, folder: Path) -> None:
            """Watch one folder, not what lies below it. Raises OSError when it is not a folder."""
            self._folders[self._inotify.add_watch(folder, _MASK)] = folder

        def fileno(self) -> int:
            return int(self._inotify.fileno())

        def events(self) -> list[Event]:
            """Return what happened since the last call, oldest first. Does not wait."""
            found = []
            for wd, mask, _cookie, name in self._inotify.read(timeout=0):
                if mask & flags.Q_OVERFLOW:
                    found.append(Event(Path(), "", OVERFLOW))
                elif wd in self._folders and not mask & flags.ISDIR and not name.startswith(_PROBE):
                    what = next((what for bits, what in _WHAT if mask & bits), "")
                    if what:
                        found.append(Event(self._folders[wd], name, what))
                    if what == GONE:
                        del self._folders[wd]
            return found

        def close(self) -> None:
            self._inotify.close()

else:
    from watchfiles import Change, watch

    class Watch:
        """Watches folders; `fileno()` is readable when `events()` has something."""

        def __init__(self) -> None:
            self._wake, self._waker = os.pipe()
            os.set_blocking(self._wake, False)
            self._found: list[Event] = []
            self._lock = threading.Lock()
            self._stop = threading.Event()

        def add(self, folder: Path) -> None:
            """Watch one folder, not what lies below it. Raises OSError when it is not a folder."""
            next(folder.iterdir(), None)
            threading.Thread(target=self._follow, args=(folder,), daemon=True).start()

        def _follow(self, folder: Path) -> None:
            real = folder.resolve()
            changes = watch(
                folder,
                watch_filter=None,
                debounce=20,
                step=5,
                rust_timeout=500,
                stop_event=self._stop,
                raise_interrupt=False,
                recursive=False,
            )
            for batch in changes:
                with self._lock:
                    for change, name in sorted(batch):
                        path = Path(name)
                        if path == real:
                            self._found.append(Event(folder, "", GONE if change is Change.deleted else OVERFLOW))
                        elif not path.name.startswith(_PROBE) and not path.is_dir():
                            what = LEFT if change is Change.deleted else WRITTEN
                            self._found.append(Event(folder, path.name, what))
                    os.write(self._waker, b".")

        def fileno(self) -> int:
            return self._wake

        def events(self) -> list[Event]:
            """Return what happened since the last call, oldest first. Does not wait."""
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 65536)
            with self._lock:
                found, self._found = self._found, []
            return found

        def close(self) -> None:
            self._stop.set()


def probe(folder: Path, limit: float = 1.0) -> bool:
    """Return whether events of this folder arrive within `limit` seconds.

    Network and shared folders often have none; then the caller has to look by itself.
    Tried with a file that other watchers of this module do not report.
    """
    watch_ = Watch()
    path = folder / f"{_PROBE}.{os.getpid()}"
    try:
        watch_.add(folder)
        poller = select.poll()
        poller.register(watch_.fileno(), select.POLLIN)
        end = time.monotonic() + limit
        while time.monotonic() < end:
            path.touch()  # again each turn: watchfiles' thread may start watching late
            path.unlink()
            if poller.poll(50):
                return True
        return False
    finally:
        watch_.close()
