"""Moving a checked commit onto the user's branch, into the index and into the files of its paths: all or nothing.

The order makes every moment harmless, whoever is killed in it:

1. `index.lock` is taken with our mark in it: until the end no git command of the user can commit,
   switch or stage. After a crash the lock stays, names us, and is taken over.
2. The branch is locked and compared: moving it cannot fail later.
3. The paths are compared by their bytes (files.py), the new files are written beside (swap.py), a copy of
   the index is brought to the new content. What keeps a path from being written has shown by now.
4. Old and new files change places, the copy becomes the index, the branch is moved. Then the old files are
   removed, and the lock.

Until the branch has moved, a failure or a crash is undone: the old files, which were only moved, go back.
After it only the removing is left. A file that already has the new content, because the peer had edited it
there itself, is left as it is, and so is what somebody makes of a path after a crash.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.services.evidence import policy
from cccc.services.evidence.landing import branch
from cccc.services.evidence.reading import change
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.tree.entries import Entries
from cccc.services.evidence.tree.files import InTheWay, Look
from cccc.services.evidence.tree.swap import AWAY, Swap

_GIT_ENDS_WITHIN = 5.0
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "git am",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
    "sequencer": "cherry-pick or revert of several commits",
}


class Blocked(Exception):
    """Nothing was changed; the patch can land once the reason is gone."""


class Moved(Exception):
    """The branch is somewhere else: the patch must be checked again."""


@dataclass(frozen=True)
class Landing:
    """What is to happen: `branch`, a full ref name, goes from `old` to `new`, whose parent is `old`."""

    branch: str
    old: str
    new: str


class Ground:
    """The user's work tree. `home` is the project's `.cccc`, by which a lock is known as ours."""

    def __init__(self, repo: git.Repo, home: Path, env: Mapping[str, str], umask: int = -1) -> None:
        self._top, self._dir, self._common = repo.top, repo.dir, repo.common
        self._umask = umask
        self._env = git.environment(env)
        self._mark = f"cccc is landing a patch for {home}\n".encode()
        self._lock = repo.dir / "index.lock"
        self._copy = repo.dir / "index.cccc"
        self._entries = Entries(repo.top, repo.dir, self._env, umask)
        self._swap = Swap(repo.top, repo.dir / AWAY, self._entries.env, umask)

    def land(self, landing: Landing, changes: list[Change] | None = None) -> None:
        """Land, all or nothing. Raises Blocked or Moved.

        `changes` are those from `old` to `new`, where the caller knows them.
        """
        changes = self._changes(landing.old, landing.new) if changes is None else changes
        with self._locked():
            try:
                self._move(landing, changes)
            except InTheWay as error:
                raise Blocked(str(error)) from None
            except branch.Refused as error:
                if not self._has_landed(landing):
                    self._check_place(landing)
                    raise Blocked(str(error)) from None

    def _move(self, landing: Landing, changes: list[Change]) -> None:
        moving = branch.moving(self._top, landing.old, landing.new, self._env, self._umask)
        with moving as (hold, move_branch), self._entries.entering(changes) as enter:
            self._check_place(landing)
            try:
                try:
                    plan = self._look().plan(changes)
                finally:
                    hold()  # that the branch has moved counts more
                enter()
                journal = self._swap.stage(landing.branch, landing.old, landing.new, plan.write)
                self._swap.place(journal)
                fault("evidence.files-written")
                self._entries.mark(plan.marked)
                self._swap.check(journal)
                self._entries.replace(self._swap.home / "index.old")
                fault("evidence.index-written")
                move_branch()
                fault("evidence.ref-moved")
            except BaseException:
                self._settle(ours=True)
                raise
            self._swap.finish(journal)
            with contextlib.suppress(OSError):  # it has landed
                self._entries.refresh(plan.there)

    def settle(self) -> None:
        """Bring a landing that was interrupted to its end, or undo it. Raises Blocked."""
        if self._swap.left:
            with self._locked():
                pass

    def _settle(self, ours: bool) -> None:
        """The same, under the lock. `ours`: nobody can have changed the index since."""
        if not self._swap.left:
            return
        try:
            journal = self._swap.journal()
        except ValueError:
            where = self._swap.home
            raise Blocked(f"{where}/journal cannot be read; restore the old files from {where} and remove it") from None
        if journal is None:
            self._swap.remove()
            return
        head = git.line(self._top, "rev-parse", "HEAD", env=self._env)
        if self._contains(journal.branch, journal.new):
            self._swap.finish(journal)
            return
        if ours:
            self._entries.restore(self._swap.home / "index.old")
        since = [] if head == journal.old else self._changes(journal.old, head)
        self._swap.undo(journal, {found.path for found in since})

    def obstacle(self, landing: Landing) -> str:
        """Return why `land` would raise Blocked now, or "". Changes nothing.

        Raises Moved when nothing stands in the way but the branch, which is somewhere else.
        """
        if self._lock.exists() and not self._is_ours():
            return f"another git command holds {self._lock}"
        try:
            self._check_place(landing)
            tip = git.line(self._top, "rev-parse", "HEAD", env=self._env)
            changes = self._changes(landing.old, landing.new)
            if tip != landing.old:
                paths = {found.path for found in changes}
                changes = [found for found in self._changes(tip, landing.new) if found.path in paths]
            plan = self._look().plan(changes)
            self._swap.look(plan.write)
        except (Blocked, InTheWay) as reason:
            return str(reason)
        if tip != landing.old:
            raise Moved(f"{git.short(landing.branch)} moved to {tip[:12]}")
        return ""

    def stamp(self, branch: str, paths: list[str]) -> tuple[object, ...]:
        """Return a value that changes when something changes that keeps `paths` from landing on `branch`."""
        names = ("HEAD", "HEAD.lock", "index", "index.lock", "logs/HEAD", *_UNFINISHED)
        locks = (self._common / f"{branch}.lock", self._common / "packed-refs.lock")
        watched = [*(self._dir / name for name in names), *locks, *(self._top / path for path in paths)]
        folders = {parent for path in paths for parent in (self._top / path).parents if parent >= self._top}
        return (*map(_stamp, watched), *map(_state, sorted(folders)))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            found = self._lock_index()
            fault("evidence.landing-locked")
            try:
                self._remove_copies()
                self._settle(ours=found)
                yield
            finally:
                self._remove_copies()
                if not self._swap.left:  # else nobody may commit what is there
                    self._lock.unlink()
        except OSError as error:
            raise Blocked(_cannot_write(self._top, error)) from None

    def _lock_index(self) -> bool:
        """Take the lock, and return whether it was still there from a landing of ours. Raises Blocked."""
        mark = self._dir / "index.lock.cccc"
        try:
            mark.write_bytes(self._mark)
            _claim(mark, self._lock)
        except FileExistsError:
            if not self._is_ours():
                raise Blocked(f"another git command holds {self._lock}; remove it if none is running") from None
            self._wait_for_git()
            return True
        finally:
            mark.unlink(missing_ok=True)
        return False

    def _wait_for_git(self) -> None:
        """A git command of the interrupted landing may still be writing; while it does it holds the copy's lock."""
        end = time.monotonic() + _GIT_ENDS_WITHIN
        while self._copy.with_name(f"{self._copy.name}.lock").exists() and time.monotonic() < end:
            time.sleep(0.02)

    def _is_ours(self) -> bool:
        try:
            return self._lock.read_bytes() == self._mark
        except FileNotFoundError:
            return False

    def _remove_copies(self) -> None:
        for left in self._dir.glob("index.cccc*"):
            left.unlink()

    def _has_landed(self, landing: Landing) -> bool:
        """Whether the branch already contains the commit. Raises Moved when it contains neither end alone."""
        tip = git.line(self._top, "rev-parse", "--verify", landing.branch, env=self._env)
        if tip == landing.old:
            return False
        if not self._contains(tip, landing.new):
            raise Moved(f"{git.short(landing.branch)} moved to {tip[:12]}")
        return True

    def _contains(self, branch: str, commit: str) -> bool:
        asked = ("merge-base", "--is-ancestor", commit, branch)
        return git.run(self._top, *asked, env=self._env, check=False).returncode == 0

    def _check_place(self, landing: Landing) -> None:
        for name, what in _UNFINISHED.items():
            if (self._dir / name).exists():
                raise Blocked(f"a {what} is in progress; finish or abort it")
        if (self._dir / "HEAD").read_bytes() == os.fsencode(f"ref: {landing.branch}\n"):
            return
        now = git.line(self._top, "rev-parse", "--symbolic-full-name", "HEAD", env=self._env)
        if now != landing.branch:
            raise Blocked(branch.elsewhere(self._top, now, landing.branch, self._env))

    def _changes(self, old: str, new: str) -> list[Change]:
        raw = ("--raw", "-z", "--no-renames", "--no-abbrev")
        return change.changes(git.run(self._top, "diff-tree", "-r", *raw, old, new, env=self._env).stdout)

    def _look(self) -> Look:
        return Look(self._top, self._entries, self._env)


def _stamp(path: Path) -> object:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode


def _state(folder: Path) -> object:
    """What decides whether a folder can be written; not what is in it."""
    try:
        found, system = folder.lstat(), os.statvfs(folder)
    except OSError:
        return None
    return found.st_ino, found.st_dev, found.st_mode, found.st_uid, system.f_flag


def _claim(mark: Path, lock: Path) -> None:
    """Make the lock with the mark in it. Raises FileExistsError."""
    try:
        os.link(mark, lock)
    except FileExistsError:
        raise
    except OSError:  # no hard links there
        with lock.open("xb") as file:
            file.write(mark.read_bytes())


def _cannot_write(top: Path, error: OSError) -> str:
    names = [os.path.relpath(name, top) for name in (error.filename, error.filename2) if name]
    theirs = [name for name in names if AWAY not in name]  # one end of a rename is ours
    return f"{policy.names((theirs or names)[:1]) or 'a file'} cannot be written: {error.strerror}"
