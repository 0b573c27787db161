"""The user's index: what it has of the landed paths, and a copy of it that is brought to their new content.

The index itself is only read, and replaced whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from cccc.common.machine import git
from cccc.services.evidence.reading.change import ABSENT, Change

_FEW = 200  # paths that fit on a command line
SPARSE, ASSUMED = "skip-worktree", "assume-unchanged"


@dataclass(frozen=True)
class Entry:
    """What the index has of one path. `marks` are SPARSE and ASSUMED, as `git update-index` calls them."""

    mode: str
    blob: str
    marks: tuple[str, ...] = ()
    unmerged: bool = False


NOTHING = Entry(ABSENT, "")


class Entries:
    """The index of the work tree at `top`, whose own git folder is `folder`."""

    def __init__(self, top: Path, folder: Path, env: Mapping[str, str], umask: int) -> None:
        self.index = folder / "index"
        self.copy = folder / "index.cccc"
        self._top = top
        self._env = env
        self._umask = umask

    @contextlib.contextmanager
    def reading(self, paths: Iterable[str]) -> Iterator[Callable[[], dict[str, Entry]]]:
        """Begin to read the entries of these paths and of all that lies below them; yield what returns them."""
        names = sorted(paths)
        few = names if len(names) <= _FEW else []
        asked = ("--literal-pathspecs", "ls-files", "-s", "-v", "-z", "--", *few)
        with git.begin(self._top, *asked, env=self._env, umask=self._umask) as process:
            yield lambda: _entries(git.end(process).stdout)

    @contextlib.contextmanager
    def entering(self, changes: Iterable[Change]) -> Iterator[Callable[[], object]]:
        """Begin to enter the new content of all changes into a copy of the index; yield what waits for it."""
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(self.index, self.copy)  # with its time, which git's racy check needs
        lines = "".join(f"{found.new_mode} {found.blob}\t{found.path}\0" for found in changes)
        enter = ("update-index", "-z", "--index-info")
        with git.begin(self._top, *enter, env=self.env, input=os.fsencode(lines), umask=self._umask) as process:
            try:
                yield lambda: git.end(process)
            finally:
                if process.poll() is None:
                    process.kill()

    def mark(self, marked: Mapping[str, Iterable[str]]) -> None:
        """Put marks that entering has taken away back into the copy: mark → paths."""
        for mark, paths in marked.items():
            names = os.fsencode("".join(f"{path}\0" for path in paths))
            self._git("update-index", f"--{mark}", "-z", "--stdin", env=self.env, input=names)

    def refresh(self, files: list[str]) -> None:
        """Have the index know these files as they are on disk, so that scripts that compare times see no change."""
        few = ("--literal-pathspecs", "add", "--refresh", "--", *files)
        every = ("update-index", "-q", "--refresh")
        if files:
            shutil.copy2(self.index, self.copy)
            self._git(*(few if len(files) <= _FEW else every), env=self.env, check=False)
            self.copy.replace(self.index)

    def replace(self, kept: Path) -> None:
        """Make the copy the index, and keep what that was until `restore` or the end."""
        with contextlib.suppress(FileNotFoundError):
            try:
                os.link(self.index, kept)
            except FileNotFoundError:
                raise
            except OSError:  # no hard links there
                shutil.copy2(self.index, kept)
        self.copy.replace(self.index)

    def restore(self, kept: Path) -> None:
        """Bring back what `replace` has kept, if it was reached."""
        with contextlib.suppress(FileNotFoundError):
            kept.replace(self.index)

    def unseen(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths in which git sees no change against the index."""
        names = sorted(paths)
        if not names:
            return set()
        seen = self._git("--literal-pathspecs", "diff-files", "--name-only", "-z", "--", *names[:_FEW]).stdout
        return set(names[:_FEW]) - set(os.fsdecode(seen).split("\0"))

    @property
    def env(self) -> Mapping[str, str]:
        """The environment in which git uses the copy."""
        return {**self._env, "GIT_INDEX_FILE": str(self.copy)}

    def _git(
        self, *args: str, env: Mapping[str, str] | None = None, input: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        env = self._env if env is None else env
        return git.run(self._top, *args, env=env, input=input, check=check, umask=self._umask)


def _entries(listed: bytes) -> dict[str, Entry]:
    found = {}
    for line in os.fsdecode(listed).split("\0")[:-1]:
        entry, _, path = line.partition("\t")
        tag, mode, blob, stage = entry.split(" ")
        marks = [SPARSE] * (tag in "Ss") + [ASSUMED] * tag.islower()
        found[path] = Entry(mode, blob, tuple(marks), stage != "0")
    return found
