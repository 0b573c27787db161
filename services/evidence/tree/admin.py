"""The gate tree's own folder in the repository, `.git/worktrees/gate`, and the `.git` file that points there.

Whoever runs as the user can write to both: other marks and times in the index, another HEAD, settings,
a sparse checkout, half a merge. So the gate remembers what it left there, and puts that back.
"""

from __future__ import annotations

import os
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.tree.sweep import remove

_NEEDED = frozenset({"HEAD", "commondir", "gitdir", "index", "refs", "reftable"})


class Admin:
    """What git has just made for the work tree at `tree`. Raises OSError when it has not."""

    def __init__(self, tree: Path) -> None:
        pointer = tree / ".git"
        self.path = Path(os.fsdecode(pointer.read_bytes()).partition("gitdir: ")[2].rstrip("\n"))
        self._fixed = {file: file.read_bytes() for file in (pointer, self.path / "commondir", self.path / "gitdir")}
        self._head = (self.path / "HEAD").read_bytes()
        self._names = _NEEDED  # and more, which git has left too
        self._index = b""
        self._seen: tuple[int, ...] = ()

    def keep(self) -> None:
        """Remember what is there now: git has just written it for the gate."""
        self._head = (self.path / "HEAD").read_bytes()
        self._names = self._there()
        with self._place.open("rb") as index:
            self._seen, self._index = _seen(os.fstat(index.fileno())), index.read()

    @property
    def is_kept(self) -> bool:
        """Whether all is as the gate left it."""
        try:
            names = self._there()
        except OSError:
            return False
        return names == self._names and self._stands(self._files()) and self.has_index

    def copy_index(self, to: Path) -> None:
        """Write the index as the gate left it, with its time, by which git knows which files it has to read."""
        to.write_bytes(self._index)
        os.utime(to, ns=(self._seen[-1], self._seen[-1]))

    @property
    def is_whole(self) -> bool:
        """Whether tree and folder belong together as they did."""
        return self._stands(self._fixed)

    @property
    def has_index(self) -> bool:
        """Whether the index is the very file that the gate left."""
        try:
            return _seen(self._place.lstat()) == self._seen
        except OSError:
            return False

    def restore(self) -> None:
        """Put back what the gate left, and remove all else. Raises GitError when the folder is gone."""
        if self.path.is_symlink() or not self.path.is_dir():
            raise git.GitError("worktree", 0, f"{self.path} is gone")
        for name in self._there() - (self._names & _NEEDED):
            remove(self.path / name)
        for file, content in self._files().items():
            if _read(file) != content:
                remove(file)
                file.write_bytes(content)
        if self._seen and not self.has_index:
            remove(self._place)
            self._place.write_bytes(self._index)
            # By its time git knows which files it has to read because they are as young.
            os.utime(self._place, ns=(self._seen[-1], self._seen[-1]))
            self._seen = _seen(self._place.lstat())

    @property
    def _place(self) -> Path:
        return self.path / "index"

    def _there(self) -> frozenset[str]:
        return frozenset(path.name for path in self.path.iterdir())

    def _stands(self, files: dict[Path, bytes]) -> bool:
        return all(_read(file) == content for file, content in files.items())

    def _files(self) -> dict[Path, bytes]:
        return {**self._fixed, self.path / "HEAD": self._head}


def _seen(file: os.stat_result) -> tuple[int, ...]:
    return file.st_mode, file.st_ino, file.st_size, file.st_ctime_ns, file.st_mtime_ns


def _read(file: Path) -> bytes | None:
    try:
        return None if file.is_symlink() else file.read_bytes()
    except OSError:
        return None
