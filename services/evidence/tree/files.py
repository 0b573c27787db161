"""Which of the landed paths have to be written in the user's work tree, and what there keeps them from it.

Seen by the bytes that lie there. Where they are not those that git has, git's own conversion (line ends, filters)
decides whether they stand for the same content. Reads only.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pathspec import GitIgnoreSpec

from cccc.common.machine import git
from cccc.services.evidence import policy
from cccc.services.evidence.reading.change import ABSENT, FILES, SUBMODULE, SYMLINK, Change
from cccc.services.evidence.tree import at_path, entries
from cccc.services.evidence.tree.at_path import There
from cccc.services.evidence.tree.entries import Entries, Entry

WRITTEN = FILES | {SYMLINK}  # the modes of what has content


class InTheWay(Exception):
    """What the user has there keeps the paths from being moved. Nothing was changed."""


class Git(Protocol):
    """Runs a git command on the right index and work tree."""

    def __call__(self, *args: str, input: bytes) -> object: ...


@dataclass
class Plan:
    """What a landing does with its paths."""

    write: list[tuple[Change, There]] = field(default_factory=list)  # with what lies there
    marked: dict[str, list[str]] = field(default_factory=dict)  # mark of the index → paths that keep it
    there: list[str] = field(default_factory=list)  # files that are in the work tree afterwards


class Look:
    """The work tree at `top` and its index as they are now."""

    def __init__(self, top: Path, entries: Entries, env: Mapping[str, str]) -> None:
        self._top = top
        self._entries = entries
        self._env = env
        self._cleaned: dict[str, str] = {}

    def plan(self, changes: list[Change]) -> Plan:
        """Return what has to be done. Raises InTheWay, which names all that is neither the old nor the new end."""
        going = {found.path for found in changes if found.new_mode == ABSENT}
        with self._entries.reading({found.path for found in changes} | self._new_folders(changes)) as listing:
            there = self._there(changes, going)
            listed = listing()
        plan, staged, edited = Plan(), set(), set()
        blocked = _entries_in_the_way(changes, listed, going)
        for found in changes:
            path, lies, entry = found.path, there[found.path], listed.get(found.path, entries.NOTHING)
            sparse = lies.mode == ABSENT and self._is_sparse(found, entry)
            if not _is_end(found, entry):
                staged.add(path)
            elif sparse:
                pass  # it stays out of the work tree
            elif _comes(found) and self._is_occupied(path, lies, going):
                blocked.add(path)
            elif self._is(lies, found, found.old_mode, found.old_blob):
                plan.write.append((found, lies))
            elif not (self._is(lies, found, found.new_mode, found.blob) or self._is_on_top(lies, found)):
                edited.add(path)
            if found.new_mode in WRITTEN and not sparse:
                plan.there.append(path)
            if found.new_mode != ABSENT:
                for mark in {*entry.marks, *([entries.SPARSE] if sparse else [])}:
                    plan.marked.setdefault(mark, []).append(path)
        if staged or edited:
            names = policy.names(self._told(staged, edited, listed))
            raise InTheWay(f"uncommitted edits in {names} conflict; commit or stash them")
        if blocked:
            raise InTheWay(f"{policy.names(sorted(blocked))} is in the way and untracked")
        return plan

    # --- what lies there ---

    def _there(self, changes: list[Change], going: set[str]) -> dict[str, There]:
        there = {}
        for found in changes:
            try:
                there[found.path] = at_path.at(self._top, found.path, at_path.kind(found.blob), going)
            except OSError as error:
                raise InTheWay(f"{policy.names([found.path])} cannot be read: {error.strerror}") from None
        gone = {there[path].inode for path in going}
        for path in policy.added(changes):  # its name in other letters, where these are the same file
            if there[path].mode != ABSENT and there[path].inode in gone:
                there[path] = at_path.NOTHING
        odd = [found.path for found in changes if _is_odd(found, there[found.path])]
        if odd:
            names = b"".join(b'"%s"\n' % _quoted(path) for path in odd)
            shown = self._git("-c", "core.safecrlf=false", "hash-object", "-w", "--stdin-paths", input=names)
            self._cleaned.update(zip(odd, os.fsdecode(shown).split("\n")))
        return there

    def _is(self, lies: There, found: Change, mode: str, blob: str) -> bool:
        """Whether what lies there is this end of the change."""
        if SUBMODULE in (mode, lies.mode):  # what is in the folder of a submodule is not ours
            return {mode, lies.mode} <= {SUBMODULE, ABSENT}
        if ABSENT in (mode, lies.mode) or lies.mode == at_path.ODD:
            return mode == lies.mode
        if mode != lies.mode and self._config("core.symlinks" if SYMLINK in (mode, lies.mode) else "core.fileMode"):
            return False
        if blob in (lies.sha, self._cleaned.get(found.path)):
            return True
        return found.path in self._cleaned and lies.sha == self._smudged(found.path, blob)

    def _smudged(self, path: str, blob: str) -> str:
        """Return the name of what git writes for the blob, which cleaned need not give it again; "" if it cannot."""
        written = git.run(self._top, "cat-file", "--filters", f"--path={path}", blob, env=self._env, check=False)
        return "" if written.returncode else at_path.name(written.stdout, at_path.kind(blob))

    def _is_on_top(self, lies: There, found: Change) -> bool:
        """Whether the file holds the patch's change with more edits on top: merging the change in changes nothing."""
        modes = {lies.mode, found.old_mode, found.new_mode}
        if len(modes) > 1 or not modes <= FILES or found.path not in self._cleaned:
            return False
        there = self._blob(self._cleaned[found.path])
        with tempfile.TemporaryDirectory() as folder:
            names = ("there", "base", "patched")
            for name, content in zip(names, (there, self._blob(found.old_blob), self._blob(found.blob))):
                Path(folder, name).write_bytes(content)
            merged = git.run(Path(folder), "merge-file", "-p", "-q", *names, env=self._env, check=False)
        return merged.returncode == 0 and merged.stdout == there

    def _blob(self, sha: str) -> bytes:
        return self._git("cat-file", "blob", sha)

    def _is_occupied(self, path: str, lies: There, going: set[str]) -> bool:
        """Whether a folder or a parent keeps a new file from being written. A file there is compared."""
        if lies.mode != SUBMODULE:
            return lies.mode == at_path.ODD
        walked = os.walk(self._top / path)
        below = (Path(folder, name) for folder, folders, files in walked for name in (*folders, *files))
        there = (found for found in below if not stat.S_ISDIR(at_path.mode_of(found)))
        return any(found.relative_to(self._top).as_posix() not in going for found in there)

    def _new_folders(self, changes: list[Change]) -> set[str]:
        """Return the highest folder that is missing for each new path: the index may have something there."""
        parents = (reversed(list(Path(path).parents)[:-1]) for path in policy.added(changes))
        missing = (next((one for one in above if not at_path.mode_of(self._top / one)), None) for above in parents)
        return {folder.as_posix() for folder in missing if folder}

    # --- what git says of it ---

    def _is_sparse(self, found: Change, entry: Entry) -> bool:
        """Whether a path that is not there is kept out of the work tree by a mark or a sparse checkout."""
        return entries.SPARSE in entry.marks or (found.old_mode == ABSENT and not self._cone.match_file(found.path))

    @functools.cached_property
    def _cone(self) -> GitIgnoreSpec:
        patterns = self._entries.index.parent / "info" / "sparse-checkout"
        if patterns.exists() and self._config("core.sparseCheckout", False):
            return GitIgnoreSpec.from_lines(os.fsdecode(patterns.read_bytes()).splitlines())
        return GitIgnoreSpec.from_lines(["**"])

    def _told(self, staged: set[str], edited: set[str], listed: Mapping[str, Entry]) -> list[str]:
        """Return the names of changed paths, with what keeps `git status` from showing the change."""
        known = edited & listed.keys()
        why = {path: f"marked {' and '.join(listed[path].marks)}" for path in known if listed[path].marks}
        for path in self._entries.unseen(known - why.keys()):
            why[path] = "git status does not show it: fsmonitor or the file times hide it"
        return [f"{path} ({why[path]})" if path in why else path for path in sorted(staged | edited)]

    @functools.cache  # noqa: B019  # lives for one landing
    def _config(self, name: str, default: bool = True) -> bool:
        shown = git.run(self._top, "config", "--type=bool", name, env=self._env, check=False).stdout
        return shown == b"true\n" if shown else default

    def _git(self, *args: str, input: bytes | None = None) -> bytes:
        try:
            return git.run(self._top, *args, env=self._env, input=input).stdout
        except git.GitError as error:
            raise InTheWay(error.stderr.strip()) from None


def bring(top: Path, changes: list[Change], run: Git) -> None:
    """Bring the files of the changes to what the index has, over whatever lies there."""
    for gone in (found.path for found in changes if found.new_mode == ABSENT):
        with contextlib.suppress(OSError):
            (top / gone).unlink()
            os.removedirs((top / gone).parent)
    there = "".join(f"{change.path}\0" for change in changes if change.new_mode != ABSENT)
    run("checkout-index", "-f", "-q", "-u", "-z", "--stdin", input=os.fsencode(there))


def _is_end(found: Change, entry: Entry) -> bool:
    """Whether the index has either end of the change. `git add -N` enters no content: nothing is there."""
    if entry.unmerged:
        return False
    if entry.mode == ABSENT or (found.old_mode == ABSENT and entry.blob == at_path.name(b"", at_path.kind(entry.blob))):
        return ABSENT in (found.old_mode, found.new_mode)
    return (entry.mode, entry.blob) in ((found.old_mode, found.old_blob), (found.new_mode, found.blob))


def _entries_in_the_way(changes: list[Change], listed: Mapping[str, Entry], going: set[str]) -> set[str]:
    """Return what the index has above or below a new path."""
    new = {found.path for found in changes if found.new_mode != ABSENT}
    above = {parent.as_posix() for path in policy.added(changes) for parent in Path(path).parents}
    below = {path for path in listed if path not in new and any(p.as_posix() in new for p in Path(path).parents)}
    return (below | (above & listed.keys())) - going


def _comes(found: Change) -> bool:
    """Whether the change makes a file where none was."""
    return found.old_mode in (ABSENT, SUBMODULE) and found.new_mode in WRITTEN


def _is_odd(found: Change, lies: There) -> bool:
    """Whether only git can say which content the file stands for."""
    ends = {found.old_mode, found.new_mode}
    return lies.mode in FILES and not FILES.isdisjoint(ends) and lies.sha not in (found.old_blob, found.blob)


def _quoted(path: str) -> bytes:
    """Write a name as git reads it between quotes."""
    return b"".join(b"\\%03o" % byte for byte in os.fsencode(path))
