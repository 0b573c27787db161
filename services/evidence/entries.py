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

from cccc.common import git
from cccc.services.evidence.change import ABSENT, Change

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

    def read(self, paths: Iterable[str]) -> dict[str, Entry]:
        """Return the entries of these paths and of all that lies below them."""
        names = sorted(paths)
        few = names if len(names) <= _FEW else []
        listed = self._git("--literal-pathspecs", "ls-files", "-s", "-v", "-z", "--", *few).stdout
        found = {}
        for line in os.fsdecode(listed).split("\0")[:-1]:
            entry, _, path = line.partition("\t")
            tag, mode, blob, stage = entry.split(" ")
            marks = [SPARSE] * (tag in "Ss") + [ASSUMED] * tag.islower()
            found[path] = Entry(mode, blob, tuple(marks), stage != "0")
        return found

    @contextlib.contextmanager
    def entering(self, changes: Iterable[Change]) -> Iterator[Callable[[], object]]:
        """Begin to enter the new content of all changes into a copy of the index; yield what waits for it."""
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(self.index, self.copy)  # with its time, which git's racy check needs
        lines = "".join(f"{found.new_mode} {found.blob}\t{found.path}\0" for found in changes)
        enter = ("update-index", "-z", "--index-info")
        with git.begin(self._top, *enter, env=self._on_copy, input=os.fsencode(lines), umask=self._umask) as process:
            try:
                yield lambda: git.end(process)
            finally:
                if process.poll() is None:
                    process.kill()

    def settle(self, files: list[str], marked: Mapping[str, Iterable[str]]) -> None:
        """Have the copy know the landed files as they are, and put the marks back: mark → paths."""
        few = ("--literal-pathspecs", "add", "--refresh", "--", *files)
        every = ("update-index", "-q", "--refresh")
        if files:  # it saves the next `git status` some work, no more
            self._git(*(few if len(files) <= _FEW else every), env=self._on_copy, check=False)
        for mark, paths in marked.items():
            names = os.fsencode("".join(f"{path}\0" for path in paths))
            self._git("update-index", f"--{mark}", "-z", "--stdin", env=self._on_copy, input=names)

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
    def _on_copy(self) -> Mapping[str, str]:
        return {**self._env, "GIT_INDEX_FILE": str(self.copy)}

    def _git(
        self, *args: str, env: Mapping[str, str] | None = None, input: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        env = self._env if env is None else env
        return git.run(self._top, *args, env=env, input=input, check=check, umask=self._umask)
