"""The gate tree: the kept work tree with a patch in its index, and the commit that is made of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.reading import change, fits, mistakes, placing, size
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.reading.fits import Content, DoesNotApply, Fit
from cccc.services.evidence.tree import files
from cccc.services.evidence.tree.kept_tree import NO_HOOKS, PLAINLY, Clean, KeptTree
from cccc.services.evidence.tree.sweep import remove

# To the index, whose content is the commit's: files may differ from it by line ends and filters.
_TO_INDEX = ("--cached", "--unidiff-zero", "--whitespace=nowarn", "--no-ignore-whitespace")
_COUNTED = ("--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev")


class GateTree(KeptTree):
    """The work tree at `path`. `notes` says how the applied patch was read."""

    def __init__(
        self, repo: git.Repo, path: Path, env: Mapping[str, str], umask: int = -1, clean: Clean | None = None
    ) -> None:
        super().__init__(repo, path, env, umask, clean)
        self._written = ""  # the git tree of the index
        self.notes: list[str] = []
        self._objects: git.Objects | None = None  # from `fit` to `close`

    def fit(self, patch: bytes) -> Fit:
        """Return how the patch is to be read. Raises NoDiff. What follows it is to end with `close`."""
        self.close()
        self._objects = git.Objects(self.path, {**self.env, **PLAINLY}, self._umask)  # starts while git reads the patch
        return fits.fit(patch, self._repo, self._git)

    def close(self) -> None:
        if self._objects:
            self._objects.close()
            self._objects = None

    def apply(self, fit: Fit) -> list[Change]:
        """Apply the patch to the index, or not at all. Returns what it changed. Raises DoesNotApply.

        Where each hunk lands is decided before (placing.py), and `notes` says what its author should know of that. The
        files follow with `bring`, which every run of a command asks for. A patch whose names are found below one
        sub-directory only was made there, and is applied there.
        """
        try:
            self._put(fit)
        except (placing.Misfit, git.GitError) as error:
            self._git("read-tree", "--reset", "HEAD")
            folder = self._made_in(fit) if isinstance(error, fits.Absent) else ""
            if folder:
                return self.apply(replace(fit, folder=folder))
            words = mistakes.of_git(error.stderr) if isinstance(error, git.GitError) else str(error)
            raise DoesNotApply(words) from None
        both = (("diff-index", "--cached", *_RAW, "HEAD"), ("write-tree",))
        raw, written = (git.checked(done).stdout for done in self._at_once(*both, **PLAINLY))
        self._changes, self._brought = change.changes(raw), False
        self._written = os.fsdecode(written).strip()
        self._clean.at = ""
        self._own.keep()
        return self._changes

    def _put(self, fit: Fit) -> None:
        self.notes = list(fit.notes)
        for part in fit.parts:
            placed = placing.place(part.sections, fits.files(part, fit.folder, self))
            self.notes += placed.notes
            if placed.patch:
                self._git("apply", *_TO_INDEX, *fit.options, input=placed.patch)
            if len(fit.parts) > 1:
                self.close()  # it knows the index as it was

    @property
    def name(self) -> str:
        return f"commit {self._base[:9]}"

    def read(self, paths: list[str]) -> list[Content | None]:
        """Return hash and content of each path in the index, None where there is none."""
        return [self._content(f":0:{path}") for path in paths]

    def _content(self, name: str) -> Content | None:
        if "\n" in name:
            return fits.content_by_itself(name, self._git)
        self._objects = self._objects or git.Objects(self.path, {**self.env, **PLAINLY}, self._umask)
        return self._objects.get(name)

    def knows(self, blobs: list[str]) -> set[str]:
        """Return which hashes, or beginnings of one, name a blob that the repository has."""
        return {blob for blob in blobs if self._content(blob)}

    def size(self) -> int:
        """Return how many lines the applied patch changes."""

        def content(mode: str, blob: str) -> bytes | None:
            if mode in (change.ABSENT, change.SUBMODULE):
                return None if mode == change.ABSENT else blob.encode()
            there = self._content(blob)
            return there[1] if there else None

        ends = ((content(one.old_mode, one.old_blob), content(one.new_mode, one.blob)) for one in self._changes)
        return size.changed_lines(ends, self._plain_env)

    def was_changed(self) -> bool:
        """Whether a command has put something else into the index than what was applied.

        Raises GitError when it took the tree from its place.
        """
        if not self._own.is_whole:
            raise git.GitError("worktree", 0, f"{self.path} was taken from its place")
        if not self._brought or self._own.has_index:
            return False
        return self.indexed() != self._written

    def rewritten(self) -> dict[str, int]:
        """Return how many lines of each tracked file a command has changed."""
        with tempfile.NamedTemporaryFile(dir=self.path.parent) as index:
            self._own.copy_index(Path(index.name))
            env = {**self.env, **PLAINLY, "GIT_INDEX_FILE": index.name}
            found = git.run(self.path, "diff", *_COUNTED, env=env, umask=self._umask).stdout
        rows = (row.split("\t", 2) for row in os.fsdecode(found).split("\0")[:-1])
        return {path: int(more) + int(less) if more != "-" else 1 for more, less, path in rows}

    def _made_in(self, fit: Fit) -> str:
        """Return the one folder below which the names of a patch are tracked; "" when they are where they say."""
        tracked = set(self.tracked())
        if not tracked.isdisjoint(fit.paths):
            return ""
        ends = ({path[: -len(name)] for path in tracked if path.endswith(f"/{name}")} for name in fit.names)
        folders = [found for found in ends if found]
        common = set.intersection(*folders) if folders else set()
        return common.pop() if len(common) == 1 else ""

    def targets(self, links: list[Change]) -> dict[str, str]:
        """Return what each link says, as it is."""
        return {link.path: os.fsdecode(self._git("cat-file", "blob", link.blob)) for link in links}

    def places(self, targets: Mapping[str, str]) -> dict[str, str]:
        """Return where each link of `targets` leads to: a path from the tree, or an absolute one."""
        places = {}
        if targets:
            self.bring()
        for path, target in targets.items():
            real = os.path.relpath(os.path.realpath(self.path / path), os.path.realpath(self.path))
            places[path] = target if target.startswith("/") else real
        return places

    def commit_plainly(self, base: str, message: str) -> str:
        """Commit what was applied, and return the commit; "" where hooks or a signing are asked for, or git fails."""
        asked = ("config", "-z", "--get-regexp", r"^(core\.hookspath|commit\.gpgsign)$")
        make = ("commit-tree", self._written, "-p", base, "-m", message)
        config, made = git.at_once(self._repo.top, asked, make, env=self.users_env, umask=self._umask)
        return "" if config.stdout or made.returncode else os.fsdecode(made.stdout).strip()

    @property
    def message(self) -> Path:
        """The file with the message of the next commit, where git's own hooks find it."""
        return self.admin / "COMMIT_EDITMSG"

    def committing(self, base: str) -> list[str]:
        """Return the command that commits what was applied with `message`, the user's identity and signing.

        It runs in `users_env` and prints the commit.
        """
        asked = git.run(
            self._repo.top, "config", "--type=bool", "commit.gpgSign", env=self.users_env, check=False
        ).stdout
        sign = ("-S",) if asked.strip() == b"true" else ()
        return ["git", "commit-tree", self._written, "-p", base, "-F", str(self.message), *sign]

    def hold_back(self, paths: Collection[str]) -> str:
        """Give index and files at `paths` what the base has there; return the git tree of the index."""
        self.bring()
        held = [found for found in self._changes if found.path in paths]
        back = [Change(found.path, found.new_mode, found.old_mode, found.blob, found.old_blob) for found in held]
        if back:
            lines = "".join(f"{found.new_mode} {found.blob}\t{found.path}\0" for found in back)
            self._git("update-index", "-z", "--index-info", input=os.fsencode(lines))
            files.bring(self.path, back, self._git)
        return self.indexed()

    def indexed(self) -> str:
        """Return the git tree of the index."""
        return os.fsdecode(self._git("write-tree")).strip()

    def between(self, old: str, new: str) -> list[str]:
        """Return the paths in which two git trees differ."""
        return os.fsdecode(self._git("diff-tree", "-r", "-z", "--name-only", old, new)).split("\0")[:-1]

    def stand_at(self, commit: str) -> None:
        """Let HEAD be the commit, as after `git commit`; index and files stay."""
        self._git(*NO_HOOKS, "update-ref", "--no-deref", "HEAD", commit)

    def content(self, blob: str) -> bytes:
        """Return what a blob holds."""
        return self._git("cat-file", "blob", blob)

    def files(self) -> list[str]:
        """Return the tracked files, from the project's folder."""
        prefix = self._repo.prefix
        return [path[len(prefix) :] for path in self.tracked() if path.startswith(prefix)]

    def blobs(self) -> dict[str, str]:
        """Return path → content of what the index has; the path of a submodule ends with a slash."""
        return {path + "/" * (mode == change.SUBMODULE): blob for mode, blob, path in self._entries()}

    def made(self) -> list[str]:
        """Return what a command has made that git does not track, a folder of it as one path; Python's caches aside.

        A submodule that was filled counts as one, without the `.git` that leads back into this tree's own folder.
        """
        modules = [path for mode, _, path in self._entries() if mode == change.SUBMODULE]
        filled = [path for path in modules if (self.path / path).is_dir() and any((self.path / path).iterdir())]
        for path in filled:
            remove(self.path / path / ".git")
        shown = os.fsdecode(self._git("ls-files", "--others", "--directory", "--no-empty-directory", "-z"))
        paths = [path.rstrip("/") for path in shown.split("\0")[:-1]]
        return [*filled, *(path for path in paths if not path.endswith("__pycache__"))]

    def identity(self) -> bytes:
        """Return in whose name the user commits, and when. Raises GitError when git does not know."""
        return git.run(self._repo.top, "var", "GIT_AUTHOR_IDENT", env=self.users_env).stdout
