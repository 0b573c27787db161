"""Moving a checked commit onto the user's branch, into the index and into the files of its paths.

The order makes every moment harmless, whoever is killed in it:

1. `index.lock` is taken with our mark in it: until the end no git command of the user can commit,
   switch or stage. After a crash the lock stays, names us, and is taken over.
2. The branch is locked and compared: moving it cannot fail later.
3. The files are moved by `git read-tree -m -u old new` on a copy of the index. git checks every
   path before it writes the first, and leaves all others alone, staged work included.
4. The copy becomes the index, the branch is moved, the lock is removed.

A stop after 3 or 4 leaves files or index at content that was checked, never a branch ahead of the
index (whose next `commit -a` would revert the patch). `land` again finishes it: a file that already
has the new content, because we wrote it or because the peer had edited it there itself, is left as
it is. Nothing is undone, so that nothing the user has touched since can be lost.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common import git
from cccc.common.faults import fault
from cccc.services.evidence import branch, change
from cccc.services.evidence.change import Change
from cccc.services.evidence.files import Files, InTheWay

_GIT_ENDS_WITHIN = 5.0
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
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
        self._top, self._dir = repo.top, repo.dir
        self._umask = umask
        self._env = git.environment(env)
        self._mark = f"cccc is landing a patch for {home}\n".encode()
        self._lock = repo.dir / "index.lock"
        self._copy = repo.dir / "index.cccc"
        self._files = Files(repo.top, self._copy, self._env, umask)

    def land(self, landing: Landing, changes: list[Change] | None = None) -> None:
        """Land, or finish a landing that was interrupted. Raises Blocked or Moved.

        `changes` are those from `old` to `new`, where the caller knows them.
        """
        changes = self._changes(landing) if changes is None else changes
        with self._locked():
            try:
                with branch.moving(self._top, landing.old, landing.new, self._env, self._umask) as (hold, move_branch):
                    self._check_place(landing)
                    shutil.copy2(self._dir / "index", self._copy)  # with its time, which git's racy check needs
                    untouched = self._files.are_untouched(landing.old, changes)
                    hold()
                    self._files.move(landing.old, landing.new, changes, untouched)
                    fault("evidence.files-written")
                    self._copy.replace(self._dir / "index")
                    fault("evidence.index-written")
                    move_branch()
                    fault("evidence.ref-moved")
            except InTheWay as error:
                raise Blocked(str(error)) from None
            except branch.Refused as error:
                if not self._has_landed(landing):
                    self._check_place(landing)
                    raise Blocked(str(error)) from None

    def obstacle(self, landing: Landing) -> str:
        """Return why `land` would raise Blocked now, or "". Changes nothing.

        Raises Moved when nothing stands in the way but the branch, which is somewhere else.
        """
        if self._lock.exists() and not self._is_ours():
            return f"another git command holds {self._lock}"
        try:
            self._check_place(landing)
            shutil.copy2(self._dir / "index", self._copy)
            tip = git.line(self._top, "rev-parse", "HEAD", env=self._env)
            self._files.adoptable(tip, landing.new, self._changes(landing))
        except (Blocked, InTheWay) as reason:
            return str(reason)
        finally:
            self._remove_copies()
        if tip != landing.old:
            raise Moved(f"{short(landing.branch)} moved to {tip[:12]}")
        return ""

    def stamp(self, paths: list[str]) -> tuple[object, ...]:
        """Return a value that changes when something changes that `obstacle` looks at."""
        names = ("HEAD", "index", "index.lock", "logs/HEAD", *_UNFINISHED)
        watched = [*(self._dir / name for name in names), *(self._top / path for path in paths)]
        return tuple(_stamp(path) for path in watched)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        mark = self._dir / "index.lock.cccc"
        mark.write_bytes(self._mark)
        try:
            os.link(mark, self._lock)
        except FileExistsError:
            if not self._is_ours():
                raise Blocked(f"another git command holds {self._lock}; remove it if none is running") from None
            self._wait_for_git()
        finally:
            mark.unlink()
        fault("evidence.landing-locked")
        self._remove_copies()
        try:
            yield
        finally:
            self._remove_copies()
            self._lock.unlink()

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
        contains = git.run(self._top, "merge-base", "--is-ancestor", landing.new, tip, env=self._env, check=False)
        if contains.returncode:
            raise Moved(f"{short(landing.branch)} moved to {tip[:12]}")
        return True

    def _check_place(self, landing: Landing) -> None:
        for name, what in _UNFINISHED.items():
            if (self._dir / name).exists():
                raise Blocked(f"a {what} is in progress; finish or abort it")
        if (self._dir / "HEAD").read_bytes() == os.fsencode(f"ref: {landing.branch}\n"):
            return
        now = git.line(self._top, "rev-parse", "--symbolic-full-name", "HEAD", env=self._env)
        if now != landing.branch:
            raise Blocked(f"{short(now)} is checked out, not {short(landing.branch)}")

    def _changes(self, landing: Landing) -> list[Change]:
        raw = ("--raw", "-z", "--no-renames", "--no-abbrev")
        done = git.run(self._top, "diff-tree", "-r", *raw, landing.old, landing.new, env=self._env)
        return change.changes(done.stdout)


def short(name: str) -> str:
    """Return a ref name as people say it."""
    return "a detached HEAD" if name in ("", "HEAD") else name[len("refs/heads/") :]


def _stamp(path: Path) -> object:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
