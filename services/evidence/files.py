"""Bringing the landed paths, and no others, of a work tree and its index from one commit to the next.

Works on a copy of the index, so that the index itself is replaced whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cccc.common import git
from cccc.services.evidence import change, policy
from cccc.services.evidence.change import ABSENT, Change

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
_FEW = 200  # paths that fit on a command line


class InTheWay(Exception):
    """What the user has there keeps the paths from being moved. Nothing was changed."""


class Git(Protocol):
    """Runs a git command on the right index and work tree."""

    def __call__(self, *args: str, input: bytes) -> object: ...


class Files:
    """The work tree at `top`, through the index file `index`, a copy that belongs to us alone."""

    def __init__(self, top: Path, index: Path, env: Mapping[str, str], umask: int) -> None:
        self._top = top
        self._index = index
        self._env = env
        self._umask = umask

    def move(self, old: str, new: str, changes: list[Change], untouched: bool) -> None:
        """Bring files and index copy from `old` to `new`. Raises InTheWay.

        `untouched` is what `are_untouched` says. A file that already has the new content, be it under later edits,
        stays as it is.
        """
        if untouched:
            over = ("checkout", "-q", "--no-overlay", "--no-recurse-submodules", new, "--", *sorted(_paths(changes)))
            self._git(self._index, "--literal-pathspecs", *_NO_HOOKS, *over)
            return
        done = self.adoptable(old, new, changes)
        if done:
            self._enter(done)
        self._git(self._index, "update-index", "-q", "--refresh", check=False)
        complaint = self._read_tree(old, new)
        if complaint:
            raise InTheWay(complaint)

    def are_untouched(self, old: str, changes: list[Change]) -> bool:
        """Whether index and files have the old ends, and nothing else lies there: what git would move too, but slowly.

        git looks at every file of the work tree when it moves from one commit to the next.
        """
        paths = sorted(_paths(changes))
        odd = any(path.endswith(".gitattributes") for path in paths)
        if odd or len(paths) > _FEW or (self._index.parent / "info" / "sparse-checkout").exists():
            return False
        quiet = ("--literal-pathspecs", "diff-index", "--quiet", "--ignore-submodules=all", old, "--", *paths)
        return not self._occupied(changes) and self._git(self._index, *quiet, check=False).returncode == 0

    def adoptable(self, old: str, new: str, changes: list[Change]) -> list[Change]:
        """Return the changes that are in the files already. Raises InTheWay for what is neither old nor new."""
        paths = {change.path for change in changes}
        tried = self._index.with_name(f"{self._index.name}.tried")
        shutil.copy2(self._index, tried)
        self._stage(tried, sorted(paths))
        not_new = {there.path: there for there in self._differing(tried, new) if there.path in paths}
        not_old = {there.path: there for there in self._differing(tried, old) if there.path in paths}
        edited = {path for path in not_new.keys() & not_old.keys() if self._is_on_top(not_new[path], not_old[path])}
        staged = _paths(self._differing(self._index, old)) & _paths(self._differing(self._index, new)) & paths
        changed = ((not_new.keys() & not_old.keys()) - edited) | staged
        if changed:
            raise InTheWay(
                f"there are uncommitted changes in {policy.names(sorted(changed))}, and not those of the patch"
            )
        blocked = sorted(set(self._occupied(changes)) & (not_new.keys() - edited))
        if blocked:
            raise InTheWay(f"{policy.names(blocked)} is in the way, and git does not know it")
        return [change for change in changes if change.path in edited or change.path not in not_new]

    def _is_on_top(self, to_new: Change, to_old: Change) -> bool:
        """Whether the file holds the patch's change with more edits on top: merging the change in changes nothing.

        Seen as what leads from either end to what is there.
        """
        modes = {to_new.old_mode, to_new.new_mode, to_old.old_mode}
        if len(modes) > 1 or not modes <= change.FILES:
            return False
        there = self._blob(to_new.blob)
        with tempfile.TemporaryDirectory() as folder:
            names = ("there", "base", "patched")
            for name, content in zip(names, (there, self._blob(to_old.old_blob), self._blob(to_new.old_blob))):
                Path(folder, name).write_bytes(content)
            merged = git.run(Path(folder), "merge-file", "-p", "-q", *names, env=self._env, check=False)
        return merged.returncode == 0 and merged.stdout == there

    def _blob(self, sha: str) -> bytes:
        return self._git(self._index, "cat-file", "blob", sha).stdout

    def _enter(self, done: list[Change]) -> None:
        """Bring the index copy to the new content of these paths; their files stay."""
        lines = [f"{change.new_mode} {change.blob}\t{change.path}\0" for change in done]
        self._git(self._index, "update-index", "-z", "--index-info", input=os.fsencode("".join(lines)))

    def _occupied(self, changes: list[Change]) -> list[str]:
        """Return the added paths where something lies that git would overwrite, ignored files too."""
        going = {change.path for change in changes if change.new_mode == ABSENT}
        return [path for path in policy.added(changes) if self._is_occupied(path, going)]

    def _is_occupied(self, path: str, going: set[str]) -> bool:
        for parent in reversed(list(Path(path).parents)[:-1]):
            mode = _mode(self._top / parent)
            if mode == 0 or parent.as_posix() in going:
                return False
            if not stat.S_ISDIR(mode):
                return True
        mode = _mode(self._top / path)
        if not stat.S_ISDIR(mode):
            return mode != 0
        there = (Path(folder, name) for folder, _, files in os.walk(self._top / path) for name in files)
        return any(file.relative_to(self._top).as_posix() not in going for file in there)

    def _read_tree(self, old: str, new: str) -> str:
        """Let git move everything that differs between the two; return its complaint, or ""."""
        # git checks all paths first, and then writes.
        done = self._git(self._index, *_NO_HOOKS, "read-tree", "-m", "-u", old, new, check=False)
        return done.stderr.decode(errors="replace").strip() or "git read-tree failed" if done.returncode else ""

    def _stage(self, index: Path, paths: list[str]) -> None:
        names = os.fsencode("".join(f"{path}\0" for path in paths))
        try:
            self._git(index, "update-index", "--add", "--remove", "--replace", "-z", "--stdin", input=names)
        except git.GitError as error:
            raise InTheWay(error.stderr.strip()) from None

    def _differing(self, index: Path, commit: str) -> list[Change]:
        shown = self._git(index, "diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", commit)
        return change.changes(shown.stdout)

    def _git(
        self, index: Path, *args: str, input: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        env = {**self._env, "GIT_INDEX_FILE": str(index)}
        return git.run(self._top, *args, env=env, input=input, check=check, umask=self._umask)


def bring(top: Path, changes: list[Change], run: Git) -> None:
    """Bring the files of the changes to what the index has, over whatever lies there."""
    for gone in (found.path for found in changes if found.new_mode == ABSENT):
        with contextlib.suppress(OSError):
            (top / gone).unlink()
            os.removedirs((top / gone).parent)
    there = "".join(f"{change.path}\0" for change in changes if change.new_mode != ABSENT)
    run("checkout-index", "-f", "-q", "-u", "-z", "--stdin", input=os.fsencode(there))


def _paths(changes: list[Change]) -> set[str]:
    return {change.path for change in changes}


def _mode(path: Path) -> int:
    """Return the kind of what lies at `path`, 0 when nothing does."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
