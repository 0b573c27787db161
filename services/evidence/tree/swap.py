"""Giving files of the user's new content by renames, which need no room, so that it can be undone at any moment.

The new files are first written whole in a folder of ours on the same mount. Then each old file is moved there, compared
once more as nobody can save to it any more, and the new one takes its place if nothing else does. What is written and
from where stands in a journal before the first file moves: what is left of a crash is undone by it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.services.evidence import policy
from cccc.services.evidence.reading.change import ABSENT, FILES, SUBMODULE, Change
from cccc.services.evidence.tree import at_path
from cccc.services.evidence.tree.at_path import There
from cccc.services.evidence.tree.files import WRITTEN, InTheWay

AWAY = "cccc-landing"  # the name of every folder of ours


@dataclass(frozen=True)
class Move:
    """One path. `was` and `sha` name the bytes of the old and the new file as they are on disk, "" for none."""

    path: str
    was: str
    sha: str
    mode: str  # of the new end
    spare: str  # the folder on its mount in which one end waits for the other


@dataclass(frozen=True)
class Journal:
    """What an unfinished landing was doing."""

    branch: str
    old: str
    new: str
    moves: list[Move]
    folders: list[str]  # that it makes, each before what is in it


class Swap:
    """The work tree at `top`. `home` is a folder that is ours while a landing goes on, and gone when it is over.

    `env` has git use the index that has the new files.
    """

    def __init__(self, top: Path, home: Path, env: Mapping[str, str], umask: int) -> None:
        self._top = top
        self.home = home
        self._env = env
        self._umask = umask

    @property
    def left(self) -> bool:
        """Whether a landing has not been brought to its end."""
        return self.home.exists()

    def journal(self) -> Journal | None:
        """Return what the unfinished landing was doing; None when it has not touched a file. Raises ValueError."""
        try:
            found = json.loads((self.home / "journal").read_bytes())
        except FileNotFoundError:
            return None
        try:
            return Journal(**{**found, "moves": [Move(**move) for move in found["moves"]]})
        except (KeyError, TypeError) as error:  # of another version, or no journal at all
            raise ValueError(str(error)) from None

    # --- forward ---

    def look(self, write: list[tuple[Change, There]]) -> None:
        """Raise InTheWay for the first path that cannot be written."""
        for found, _ in write:
            self._spare(found.path)

    def stage(self, branch: str, old: str, new: str, write: list[tuple[Change, There]]) -> Journal:
        """Look whether all can be written, and write the new files beside. Raises InTheWay; `remove` what is left."""
        spares = {found.path: self._spare(found.path) for found, _ in write}
        self.home.mkdir()
        self._check_out([found.path for found, _ in write if found.new_mode in WRITTEN])
        moves = [self._move(found, lies, spares[found.path]) for found, lies in write]
        journal = Journal(branch, old, new, moves, self._folders(moves))
        (self.home / "journal.new").write_text(json.dumps(asdict(journal)))
        (self.home / "journal.new").replace(self.home / "journal")
        for number, (move, (found, lies)) in enumerate(zip(moves, write)):
            ready = self._new(move, number)
            if move.spare != str(self.home):
                Path(move.spare).mkdir(exist_ok=True)
                if move.sha:
                    shutil.copy2(self.home / "new" / move.path, ready, follow_symlinks=False)
            _make_like(ready, lies, found)
        fault("evidence.files-staged")
        return journal

    def place(self, journal: Journal) -> None:
        """Change the places of old and new. Raises InTheWay or OSError, and then, as after a crash, `undo` it."""
        for number, move in enumerate(journal.moves):
            if move.was:
                (self._top / move.path).rename(self._old(move, number))
                fault("evidence.file-aside")
                if at_path.alone(self._old(move, number), at_path.kind(move.was)).sha != move.was:
                    raise InTheWay(f"uncommitted edits in {policy.names([move.path])}, just made")
        with self._the_users_umask():
            for number, move in enumerate(journal.moves):
                target = self._top / move.path
                if move.mode == SUBMODULE:
                    target.mkdir(parents=True, exist_ok=True)
                elif move.sha:
                    _make_room(target)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    _put(self._new(move, number), target)
                    fault("evidence.file-placed")

    def check(self, journal: Journal) -> None:
        """Raise InTheWay when an old file was written to after it was moved, by who had it open."""
        for number, move in enumerate(journal.moves):
            if move.was and at_path.alone(self._old(move, number), at_path.kind(move.was)).sha != move.was:
                raise InTheWay(f"uncommitted edits in {policy.names([move.path])}, just made")

    # --- to the end, or back ---

    def undo(self, journal: Journal, keep: Collection[str] = ()) -> None:
        """Bring the old files back. What somebody has made of a path since stays, and so do the paths of `keep`."""
        moves = [(number, move) for number, move in enumerate(journal.moves) if move.path not in keep]
        for number, move in moves:
            if move.sha:
                self._take_back(move, number)
        for folder in reversed(journal.folders):
            with contextlib.suppress(OSError):  # not empty: somebody uses it
                (self._top / folder).rmdir()
        with self._the_users_umask():
            for number, move in moves:
                old, target = self._old(move, number), self._top / move.path
                if os.path.lexists(old) and not os.path.lexists(target):
                    with contextlib.suppress(FileExistsError, NotADirectoryError):  # a file, where its folder was
                        target.parent.mkdir(parents=True, exist_ok=True)
                        old.rename(target)
                        fault("evidence.file-back")
        self.remove(journal)

    def finish(self, journal: Journal) -> None:
        """Remove the old files, and the folders that are empty now."""
        for move in journal.moves:
            if move.mode == ABSENT:
                with contextlib.suppress(OSError):  # not empty
                    if not move.was:
                        (self._top / move.path).rmdir()  # a submodule's
                    os.removedirs((self._top / move.path).parent)
        self.remove(journal)

    def remove(self, journal: Journal | None = None) -> None:
        """Remove all that is ours. An old file that git does not have is kept, beside its place."""
        for number, move in enumerate(journal.moves if journal else ()):
            old = self._old(move, number)
            if move.was and at_path.alone(old, at_path.kind(move.was)).sha not in (move.was, ""):
                _keep(old, self._top / move.path)
        for spare in sorted({move.spare for move in journal.moves} - {str(self.home)}) if journal else ():
            shutil.rmtree(spare, ignore_errors=True)
        (self.home / "journal").unlink(missing_ok=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _take_back(self, move: Move, number: int) -> None:
        """Remove the new file from its place, if it stands there as we have put it."""
        new, target, back = self._new(move, number), self._top / move.path, Path(move.spare, f"{number}.back")
        waits = os.path.lexists(new) and not (os.path.lexists(target) and os.path.samestat(new.lstat(), target.lstat()))
        kind = at_path.kind(move.sha)
        ours = (move.sha, at_path.name(b"", kind))  # a power failure can leave it empty
        if waits or at_path.alone(target, kind).sha not in ours:
            return
        target.rename(back)
        if at_path.alone(back, kind).sha not in ours:
            _put(back, target)

    # --- where things are ---

    def _old(self, move: Move, number: int) -> Path:
        return Path(move.spare, f"{number}.old")

    def _new(self, move: Move, number: int) -> Path:
        return self.home / "new" / move.path if move.spare == str(self.home) else Path(move.spare, f"{number}.new")

    def _spare(self, path: str) -> str:
        """Return the folder of ours from which a rename reaches the path. Raises InTheWay when none does."""
        folder = next(folder for folder in (self._top / path).parents if stat.S_ISDIR(at_path.mode_of(folder)))
        if not _is_writable(folder):
            raise InTheWay(f"{policy.names([path])} cannot be written: {_why_not(folder)}")
        mount = _mount(folder)
        if mount == _mount(self.home.parent):
            return str(self.home)
        while folder != self._top and _mount(folder.parent) == mount and _is_writable(folder.parent):
            folder = folder.parent
        return str(folder / f".{AWAY}")

    def _folders(self, moves: list[Move]) -> list[str]:
        """Return the folders that are not there yet, outer ones first."""
        parents = {parent.as_posix() for move in moves if move.mode != ABSENT for parent in Path(move.path).parents}
        return sorted(folder for folder in parents if not stat.S_ISDIR(at_path.mode_of(self._top / folder)))

    # --- what is put there ---

    def _check_out(self, paths: list[str]) -> None:
        """Write the new files below `home`, converted as git converts them at their own path."""
        names = os.fsencode("".join(f"{path}\0" for path in paths))
        out = ("checkout-index", "-q", f"--prefix={self.home}/new/", "-z", "--stdin")
        try:
            done = git.run(self._top, *out, env=self._env, input=names, umask=self._umask)
        except git.GitError as error:
            raise InTheWay(f"the new files cannot be written: {error.stderr.strip()}") from None
        # An older git says so, and ends with 0.
        words = done.stderr.decode(errors="replace").strip()
        if "error: " in words:
            raise InTheWay(f"the new files cannot be written: {words}")

    def _move(self, found: Change, lies: There, spare: str) -> Move:
        sha = ""
        if found.new_mode in WRITTEN:
            new = self.home / "new" / found.path
            sha = at_path.alone(new, at_path.kind(found.blob)).sha
            if not sha:
                raise InTheWay(f"{policy.names([found.path])} cannot be written")
        return Move(found.path, lies.sha, sha, found.new_mode, spare)

    @contextlib.contextmanager
    def _the_users_umask(self) -> Iterator[None]:
        ours = os.umask(self._umask) if self._umask >= 0 else None
        try:
            yield
        finally:
            if ours is not None:
                os.umask(ours)


def _make_like(path: Path, lies: There, found: Change) -> None:
    """Keep permissions and owner of the file whose place it takes, where the patch does not change them."""
    if found.old_mode != found.new_mode or found.new_mode not in FILES:
        return
    now = path.stat()
    if (now.st_uid, now.st_gid) != lies.owner:
        with contextlib.suppress(PermissionError):
            os.chown(path, *lies.owner)
    if stat.S_IMODE(now.st_mode) != lies.permissions:
        path.chmod(lies.permissions)


def _put(path: Path, target: Path) -> None:
    """Rename a file to where nothing is. Raises FileExistsError when something is."""
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # no hard links there
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        path.rename(target)
    else:
        path.unlink()


def _keep(old: Path, place: Path) -> None:
    """Put an old file beside its place, or as near as there is a folder, under a name that nothing has yet."""
    folder = next(folder for folder in place.parents if stat.S_ISDIR(at_path.mode_of(folder)))
    for number in itertools.count(1):
        with contextlib.suppress(FileExistsError):
            _put(old, folder / (f"{place.name}.before-landing" + (f".{number}" if number > 1 else "")))
            return


def _make_room(target: Path) -> None:
    """Remove the folder that lies where a file must go; its files have been moved."""
    if stat.S_ISDIR(at_path.mode_of(target)):
        for folder, _, _ in os.walk(target, topdown=False):
            Path(folder).rmdir()


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _why_not(folder: Path) -> str:
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    return os.strerror(errno.EROFS if read_only else errno.EACCES)


def _mount(folder: Path) -> object:
    """Return what names the mount of a folder: two of one file system are two for a rename."""
    if not hasattr(os, "O_PATH"):
        return folder.stat().st_dev
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        told = Path(f"/proc/self/fdinfo/{fd}").read_text()
    except OSError:
        return folder.stat().st_dev
    finally:
        os.close(fd)
    return next(line for line in told.splitlines() if line.startswith("mnt_id:"))
