"""The gate tree: a kept, detached work tree of the user's repository in which patches are tried.

Checks and peers run as the same user, so whatever lies there may be theirs. What stands in it when a
check begins comes from git's objects: what was touched since the gate wrote it is written anew.
git is always told which repository and which work tree it works on. Were the tree's `.git`
file missing, it would search upward, find the user's repository, and reset that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.reading import change, fits, mistakes, placing, size
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.reading.fits import Content, DoesNotApply, Fit
from cccc.services.evidence.tree import files
from cccc.services.evidence.tree.admin import Admin
from cccc.services.evidence.tree.sweep import open_and_retry, remove, sweep
from cccc.services.evidence.tree.touched import Look

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
# Nothing may stand in for looking at the files and objects themselves.
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "",
    "core.untrackedCache": "false",
    "core.ignoreStat": "false",
    "core.checkStat": "default",
    "core.trustctime": "true",
    "core.sparseCheckout": "false",
    "core.splitIndex": "false",
}
_PLAINLY = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_CONFIG_COUNT": str(len(_SETTINGS))}
for _number, _pair in enumerate(_SETTINGS.items()):
    _PLAINLY[f"GIT_CONFIG_KEY_{_number}"], _PLAINLY[f"GIT_CONFIG_VALUE_{_number}"] = _pair
# To the index, whose content is the commit's: files may differ from it by line ends and filters.
_TO_INDEX = ("--cached", "--unidiff-zero", "--whitespace=nowarn", "--no-ignore-whitespace")
_COUNTED = ("--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev")


@dataclass
class Clean:
    """What is known of the tree from one patch to the next; "" and None are nothing.

    `at` is the commit at which it stands with nothing else in it, and has not been touched since `mark` (ns, by the
    clock of its own file system); `listed` is the commit that tracks `tracked`.
    """

    at: str = ""
    mark: int = 0
    listed: str = ""
    tracked: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()  # those of them that are submodules
    own: Admin | None = None
    place: tuple[int, int, int] | None = None  # device, inode and mode of the folder
    due: bool = False  # to be tidied, once nothing waits for the tree


class GateTree:
    """The work tree at `path`. Everything raises GitError when git fails for a reason not named here."""

    def __init__(
        self, repo: git.Repo, path: Path, env: Mapping[str, str], umask: int = -1, clean: Clean | None = None
    ) -> None:
        self.path = path
        self._clean = clean or Clean()
        self._repo = repo
        self._umask = umask
        self._plain_env = git.environment(env)
        self._base = ""
        self._changes: list[Change] = []  # of the index against `_base`
        self._brought = True  # whether the files have them too
        self._written = ""  # the git tree of the index
        self._look: Look | None = None  # whether it was touched since it was tidied
        self._spoilt = False  # whether a command has run in it
        self.notes: list[str] = []  # of how the applied patch was read
        self._objects: git.Objects | None = None  # from `fit` to `close`

    def reset(self, base: str) -> None:
        """Make the tree equal `base`, with nothing else in it; build it anew when it is not as the gate left it."""
        self._base, self._changes, self._brought = base, [], True
        self._look, self._spoilt = None, False
        known = self._clean
        if known.at == base and known.own and known.own.is_kept and self._place() == known.place:
            self._look = Look(self.path, known.mark, len(known.tracked))
            return
        known.at = ""
        try:
            self._set(base)
        except git.GitError:
            self._build(base)
            self._set(base)

    def tidy(self, base: str) -> None:
        """Reset the tree ahead of time, so that the next `reset` finds it done."""
        self.reset(base)
        self._prove()
        with tempfile.NamedTemporaryFile(dir=self.path.parent) as now:
            self._clean.mark = os.fstat(now.fileno()).st_ctime_ns
        self._clean.at = base

    def _set(self, base: str) -> None:
        self._restore()
        self._git("update-ref", "--no-deref", "HEAD", base)
        self._git("read-tree", "--reset", base)
        if self._clean.listed != base:
            entries = self._entries()
            self._clean.listed, self._clean.tracked = base, tuple(path for _, _, path in entries)
            self._clean.modules = tuple(path for mode, _, path in entries if mode == change.SUBMODULE)
        self._write()

    def _restore(self) -> None:
        """Put back HEAD and index as the gate left them."""
        if self._place() != self._clean.place:
            raise git.GitError("worktree", 0, f"{self.path} is not what this process has made")
        with _told(self.path):
            self._own.restore()

    def _write(self) -> None:
        """Make the files equal the index, with nothing else there."""
        assert self._clean.place
        with _told(self.path):
            sweep(self.path, self.tracked(), self._clean.place[-1])
        self._git("checkout-index", "--all", "--force", "--quiet", "-u")
        self._own.keep()

    def _build(self, base: str) -> None:
        with _told(self.path):
            shutil.rmtree(self.path, onerror=open_and_retry)
        add = ("worktree", "add", "-f", "-f", "--detach", "--no-checkout", str(self.path), base)
        git.run(self._repo.top, *_NO_HOOKS, *add, env=self._plain_env, umask=self._umask)
        self._clean.own, self._clean.place = Admin(self.path), self._place()

    def _place(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, stat.S_IMODE(found.st_mode)

    @property
    def _own(self) -> Admin:
        if self._clean.own is None:
            raise git.GitError("worktree", 0, f"{self.path} was not made yet")
        return self._clean.own

    @property
    def admin(self) -> Path:
        """The tree's own folder in the repository. Raises GitError when there is none yet."""
        return self._own.path

    def hand_over(self, keep: bool = False) -> None:
        """Let a command have the tree. What it leaves is gone before the next one, unless that one is to `keep` it."""
        self._clean.at, self._spoilt = "", not keep

    @property
    def env(self) -> dict[str, str]:
        """The environment in which git works on this tree and on no other."""
        return {**self._plain_env, "GIT_DIR": str(self.admin), "GIT_WORK_TREE": str(self.path)}

    @property
    def users_env(self) -> dict[str, str]:
        """The environment in which git works on the user's own work tree: an identity or a key may hang on its branch.

        Configuration can include files by branch, and the gate tree, being detached, is on none.
        """
        return {**self._plain_env, "GIT_DIR": str(self._repo.dir), "GIT_WORK_TREE": str(self._repo.top)}

    def _git(self, *args: str, input: bytes | None = None) -> bytes:
        return git.run(self.path, *args, env={**self.env, **_PLAINLY}, input=input, umask=self._umask).stdout

    def _at_once(self, *commands: tuple[str, ...], **more: str) -> list[subprocess.CompletedProcess[bytes]]:
        return git.at_once(self.path, *commands, env={**self.env, **more}, umask=self._umask)

    def fit(self, patch: bytes) -> Fit:
        """Return how the patch is to be read. Raises NoDiff. What follows it is to end with `close`."""
        self.close()
        self._objects = git.Objects(
            self.path, {**self.env, **_PLAINLY}, self._umask
        )  # starts while git reads the patch
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
        raw, written = (git.checked(done).stdout for done in self._at_once(*both, **_PLAINLY))
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
        self._objects = self._objects or git.Objects(self.path, {**self.env, **_PLAINLY}, self._umask)
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
            env = {**self.env, **_PLAINLY, "GIT_INDEX_FILE": index.name}
            found = git.run(self.path, "diff", *_COUNTED, env=env, umask=self._umask).stdout
        rows = (row.split("\t", 2) for row in os.fsdecode(found).split("\0")[:-1])
        return {path: int(more) + int(less) if more != "-" else 1 for more, less, path in rows}

    def bring(self) -> None:
        """Give the files what the index has, and leave nothing else there that a command or anybody else has left."""
        self._prove()
        if not self._brought:
            self._clean.at, self._brought = "", True
            files.bring(self.path, self._changes, self._git)
            self._own.keep()

    def _prove(self) -> None:
        """Write the tree anew when it may be other than the gate has written it."""
        touched = self._look is not None and self._look.finds()
        self._look = None
        if touched or self._spoilt:
            self._clean.at = ""
            self._restore()
            self._write()
            self._spoilt, self._brought = False, True

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
        self._git(*_NO_HOOKS, "update-ref", "--no-deref", "HEAD", commit)

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

    def _entries(self) -> list[tuple[str, str, str]]:
        """Return mode, content and path of each entry of the index."""
        lines = os.fsdecode(self._git("ls-files", "--stage", "-z")).split("\0")[:-1]
        parts = (line.partition("\t") for line in lines)
        return [(entry.split(" ")[0], entry.split(" ")[1], path) for entry, _, path in parts]

    def tracked(self) -> list[str]:
        """Return all paths of the index."""
        if self._clean.listed != self._base:
            return self._listing()
        gone = {found.path for found in self._changes}
        new = [found.path for found in self._changes if found.new_mode != change.ABSENT]
        return [path for path in self._clean.tracked if path not in gone] + new

    def modules(self) -> list[str]:
        """Return those of them that are submodules."""
        if self._clean.listed != self._base:
            return [path for mode, _, path in self._entries() if mode == change.SUBMODULE]
        gone = {found.path for found in self._changes}
        new = [found.path for found in self._changes if found.new_mode == change.SUBMODULE]
        return [path for path in self._clean.modules if path not in gone] + new

    def _listing(self) -> list[str]:
        return os.fsdecode(self._git("ls-files", "-z")).split("\0")[:-1]

    def identity(self) -> bytes:
        """Return in whose name the user commits, and when. Raises GitError when git does not know."""
        return git.run(self._repo.top, "var", "GIT_AUTHOR_IDENT", env=self.users_env).stdout


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Let what keeps the gate from its own tree hold the patch, with its reason."""
    try:
        yield
    except OSError as error:
        raise git.GitError("worktree", 0, f"{path} cannot be brought to what the gate wrote: {error}") from None
