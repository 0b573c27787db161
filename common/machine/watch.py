"""File events of a few folders, behind one file descriptor for the caller's own poller.

Linux: inotify, and where its instances or watches are used up a thread that looks twice a second.
Elsewhere watchfiles. Both of these cannot tell a rename-in from a write: there everything that is
new or changed is `WRITTEN`.
Events of sub-folders, of the folders' own listing and of `probe` are left out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MOVED_IN = "moved-in"  # renamed into the folder: complete
WRITTEN = "written"  # closed after writing: complete, unless somebody opens it again
LEFT = "left"  # moved away or deleted
GONE = "gone"  # the folder itself was moved, deleted or unmounted; its watch has ended
OVERFLOW = "overflow"  # events were lost, in any of the folders: look at them all

_PROBE = ".cccc-probe"
_LOOK_EVERY = 0.5


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

    # What the user's other programs have taken: fs.inotify.max_user_instances, fs.inotify.max_user_watches.
    _USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOSYS)

    class Watch:
        """Watches folders; `fileno()` is readable when `events()` has something."""

        def __init__(self) -> None:
            self._ready = select.epoll()
            self._inotify: INotify | None = None
            self._looking: _Looking | None = None
            self._folders: dict[int, Path] = {}
            try:
                self._inotify = INotify(nonblocking=True)
                self._ready.register(self._inotify.fileno(), select.EPOLLIN)
            except OSError as error:
                if error.errno not in _USED_UP:
                    raise

        @property
        def looks(self) -> bool:
            """Whether a folder is looked at because there are no events for it."""
            return self._looking is not None

        def add(self, folder: Path) -> None:
            """Watch one folder, not what lies below it. Raises OSError when it is not a folder."""
            if self._inotify:
                try:
                    self._folders[self._inotify.add_watch(folder, _MASK)] = folder
                    return
                except OSError as error:
                    if error.errno not in _USED_UP:
                        raise
            if self._looking is None:
                self._looking = _Looking()
                self._ready.register(self._looking.fileno(), select.EPOLLIN)
            self._looking.add(folder)

        def fileno(self) -> int:
            return self._ready.fileno()

        def events(self) -> list[Event]:
            """Return what happened since the last call, oldest first. Does not wait."""
            found = self._looking.events() if self._looking else []
            for wd, mask, _cookie, name in self._inotify.read(timeout=0) if self._inotify else ():
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
            self._ready.close()
            if self._inotify:
                self._inotify.close()
            if self._looking:
                self._looking.close()

    class _Looking:
        """Looks at folders from a thread of its own."""

        def __init__(self) -> None:
            self._wake, self._waker = os.pipe()
            os.set_blocking(self._wake, False)
            self._found: list[Event] = []
            self._seen: dict[Path, dict[str, tuple[int, int, int]]] = {}
            self._lock = threading.Lock()
            self._stop = threading.Event()
            threading.Thread(target=self._look, daemon=True).start()

        def add(self, folder: Path) -> None:
            """Look at one folder from now on. Raises OSError when it is not one."""
            seen = _files(folder)
            with self._lock:
                self._seen[folder] = seen

        def _look(self) -> None:
            while not self._stop.wait(_LOOK_EVERY):
                with self._lock:
                    found = [event for folder in list(self._seen) for event in self._compare(folder)]
                    self._found += found
                    if found and not self._stop.is_set():
                        os.write(self._waker, b".")

        def _compare(self, folder: Path) -> Iterator[Event]:
            before = self._seen[folder]
            try:
                now = _files(folder)
            except OSError:
                del self._seen[folder]
                yield Event(folder, "", GONE)
                return
            self._seen[folder] = now
            for name in before.keys() - now.keys():
                yield Event(folder, name, LEFT)
            for name, file in now.items():
                if before.get(name) != file:
                    yield Event(folder, name, WRITTEN)

        def fileno(self) -> int:
            return self._wake

        def events(self) -> list[Event]:
            """Return what was found since the last call. Does not wait."""
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 65536)
            with self._lock:
                found, self._found = self._found, []
            return found

        def close(self) -> None:
            with self._lock:
                self._stop.set()
                os.close(self._wake)
                os.close(self._waker)

    def _files(folder: Path) -> dict[str, tuple[int, int, int]]:
        found = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(_PROBE):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if not entry.is_dir(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def used_up(folder: Path) -> str:
        """Return the limit of the kernel because of which there are no events of a folder, or ""."""
        try:
            inotify = INotify(nonblocking=True)
        except OSError as error:
            return "fs.inotify.max_user_instances" if error.errno in _USED_UP else ""
        with contextlib.closing(inotify):
            try:
                inotify.add_watch(folder, _MASK)
            except OSError as error:
                return "fs.inotify.max_user_watches" if error.errno in _USED_UP else ""
        return ""

else:
    from watchfiles import Change, watch

    class Watch:
        """Watches folders; `fileno()` is readable when `events()` has something."""

        looks = False

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

    def used_up(folder: Path) -> str:
        """Return the limit of the kernel because of which there are no events of a folder, or ""."""
        return ""


def probe(folder: Path, limit: float = 1.0) -> bool:
    """Return whether events of this folder arrive within `limit` seconds.

    Network and shared folders often have none; then the caller has to look by itself.
    Tried with a file that other watchers of this module do not report.
    """
    watch_ = Watch()
    path = folder / f"{_PROBE}.{os.getpid()}"
    try:
        watch_.add(folder)
        if watch_.looks:
            return False
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
