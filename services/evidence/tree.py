"""The gate tree: a kept, detached work tree of the user's repository in which patches are tried.

git is always told which repository and which work tree it works on. Were the tree's `.git`
file missing, it would search upward, find the user's repository, and reset that.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cccc.common import git
from cccc.services.evidence import change, files
from cccc.services.evidence.change import Change

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
# The letters before the first slash of both ends; "" where there is none.
_GIT_HEADER = re.compile(rb'^diff --git (?:"?([a-z])/)?[^\n]*? (?:"?([a-z])/)?[^\n]*\n', re.MULTILINE)
_PLAIN_HEADER = re.compile(rb'^--- (?:"?([a-z])/)?[^\n]*\n\+\+\+ (?:"?([a-z])/)?[^\n]*\n@@ ', re.MULTILINE)
_MAIL = re.compile(rb"^(?=From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$)", re.MULTILINE)
_BINARY_HINT = "\nThe content is missing; `git diff --binary` puts it in."
# To the index, whose content is the commit's: files may differ from it by line ends and filters.
_TO_INDEX = ("--cached", "--whitespace=nowarn", "--no-ignore-whitespace")
_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev")


class NoDiff(Exception):
    """git finds no patch in the bytes, or a broken one; its words."""


class DoesNotApply(Exception):
    """The patch does not fit this base; git's words."""


@dataclass(frozen=True)
class Fit:
    """How a patch is to be read so that its paths are those of the repository."""

    level: str  # of `git apply`
    folder: str  # that its names are below: "" or "sub/dir/"
    lines: int
    names: list[str]  # for a rename the new end only

    @property
    def options(self) -> tuple[str, ...]:
        return (self.level, f"--directory={self.folder.rstrip('/')}") if self.folder else (self.level,)

    @property
    def paths(self) -> list[str]:
        return [self.folder + name for name in self.names]


@dataclass
class Clean:
    """What is known of the tree from one patch to the next; "" is nothing.

    `at` is the commit at which it stands with nothing else in it, `listed` the one that tracks `tracked`.
    """

    at: str = ""
    listed: str = ""
    tracked: tuple[str, ...] = ()


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
        self._left: object = None  # how the index was left when it was last ours
        self._applied: Fit | None = None  # what `fit` has put into the index

    def reset(self, base: str) -> None:
        """Make the tree equal `base`, with nothing else in it; build it anew when it is broken."""
        known, self._clean.at = self._clean.at, ""
        self._base, self._changes, self._brought, self._applied = base, [], True, None
        if known == base and self.path.is_dir():
            return
        try:
            self._reset(base)
        except git.GitError:
            self._build(base)
            self._reset(base)

    def tidy(self, base: str) -> None:
        """Reset the tree ahead of time, so that the next `reset` finds it done."""
        self.reset(base)
        self._clean.at = base
        if self._clean.listed != base:
            self._clean.listed, self._clean.tracked = base, tuple(self._listing())

    def _reset(self, base: str) -> None:
        (self.admin / "index.lock").unlink(missing_ok=True)
        self._git(*_NO_HOOKS, "checkout", "-q", "--force", "--detach", base)
        self._git("clean", "-ffdxq")

    def _build(self, base: str) -> None:
        shutil.rmtree(self.path, onerror=open_and_retry)
        add = ("worktree", "add", "-f", "--detach", "--no-checkout", str(self.path), base)
        git.run(self._repo.top, *_NO_HOOKS, *add, env=self._plain_env, umask=self._umask)

    @property
    def admin(self) -> Path:
        """The tree's own folder in the repository. Raises GitError when the two do not belong together."""
        try:
            admin = Path((self.path / ".git").read_text().partition("gitdir: ")[2].strip())
            back = Path((admin / "gitdir").read_text().strip())
        except OSError as error:
            raise git.GitError("worktree", 0, str(error)) from None
        if admin.parent != self._repo.common / "worktrees" or back != self.path / ".git":
            raise git.GitError("worktree", 0, f"{self.path} is not a work tree of {self._repo.common}")
        return admin

    @property
    def env(self) -> dict[str, str]:
        """The environment in which git works on this tree and on no other."""
        return {**self._plain_env, "GIT_DIR": str(self.admin), "GIT_WORK_TREE": str(self.path)}

    def _git(self, *args: str, input: bytes | None = None) -> bytes:
        return git.run(self.path, *args, env=self.env, input=input, umask=self._umask).stdout

    def _at_once(self, *commands: tuple[str, ...]) -> list[subprocess.CompletedProcess[bytes]]:
        return git.at_once(self.path, *commands, env=self.env, umask=self._umask)

    def fit(self, patch: bytes) -> Fit:
        """Return how the patch is to be read. Raises NoDiff when git cannot read it.

        Decided by the patch's own headers, not by trial: a patch that only adds files fits anywhere. A patch that
        cannot be meant otherwise is in the index then; `apply` knows.
        """
        level = "-p1" if _has_prefixes(patch) else "-p0"
        if not self._repo.prefix and len(_parts(patch)) == 1:
            with contextlib.suppress(git.GitError):
                printed = self._git("apply", *_TO_INDEX, "--apply", "--numstat", "-z", level, input=patch)
                self._applied = Fit(level, "", *change.size(printed))
                return self._applied
        try:
            lines, names = change.size(self._git("apply", "--numstat", "-z", level, input=patch))
        except git.GitError as error:
            raise NoDiff(error.stderr.strip()) from None
        prefix = self._repo.prefix
        return Fit(level, "" if all(name.startswith(prefix) for name in names) else prefix, lines, names)

    def apply(self, patch: bytes, fit: Fit) -> list[Change]:
        """Apply the patch to the index, or not at all. Returns what it changed. Raises DoesNotApply.

        The files follow with `bring`, which every run of a command asks for. A patch whose names are found below one
        sub-directory only was made there, and is applied there.
        """
        try:
            if fit is not self._applied:
                for part in _parts(patch):
                    self._git("apply", *_TO_INDEX, *fit.options, input=part)
        except git.GitError as error:
            self._git("read-tree", "HEAD")
            folder = self._made_in(fit)
            if not folder:
                hint = _BINARY_HINT if "without full index line" in error.stderr else ""
                raise DoesNotApply(error.stderr.strip() + hint) from None
            return self.apply(patch, replace(fit, folder=folder))
        both = (("diff-index", "--cached", *_RAW, "HEAD"), ("write-tree",))
        raw, written = (git.checked(done).stdout for done in self._at_once(*both))
        self._changes, self._brought, self._applied = change.changes(raw), False, None
        self._written = os.fsdecode(written).strip()
        return self._changes

    def was_changed(self) -> bool:
        """Whether a command has put something else into the index than what was applied."""
        if not self._brought or self._index() == self._left:
            return False
        return self.indexed() != self._written

    def _index(self) -> object:
        there = (self.admin / "index").stat()  # git replaces it, so it is another file then
        return there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns

    def bring(self) -> None:
        """Give the files what the index has."""
        if not self._brought:
            files.bring(self.path, self._changes, self._git)
            self._brought, self._left = True, self._index()

    def _made_in(self, fit: Fit) -> str:
        """Return the one folder below which the names of a patch are tracked; "" when they are where they say."""
        tracked = set(self._tracked())
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
        config, made = self._at_once(asked, ("commit-tree", self._written, "-p", base, "-m", message))
        return "" if config.stdout or made.returncode else os.fsdecode(made.stdout).strip()

    @property
    def message(self) -> Path:
        """The file with the message of the next commit, where git's own hooks find it."""
        return self.admin / "COMMIT_EDITMSG"

    def committing(self, base: str) -> list[str]:
        """Return the command that commits what was applied with `message`, the user's identity and signing.

        It prints the commit.
        """
        asked = git.run(self.path, "config", "--type=bool", "commit.gpgSign", env=self.env, check=False).stdout
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
        return [path[len(prefix) :] for path in self._tracked() if path.startswith(prefix)]

    def blobs(self) -> dict[str, str]:
        """Return path → content of what the index has."""
        entries = os.fsdecode(self._git("ls-files", "--stage", "-z")).split("\0")[:-1]
        return {path: entry.split(" ")[1] for entry, _, path in (line.partition("\t") for line in entries)}

    def untracked(self) -> list[str]:
        """Return what git does not track, a folder of it as one path; Python's caches aside."""
        shown = os.fsdecode(self._git("ls-files", "--others", "--directory", "--no-empty-directory", "-z"))
        paths = [path.rstrip("/") for path in shown.split("\0")[:-1]]
        return [path for path in paths if not path.endswith("__pycache__")]

    def restore(self) -> None:
        """Bring the tracked files back to what the index has."""
        self._git("checkout-index", "--all", "--force", "--quiet", "-u")
        self._left = self._index()

    def _tracked(self) -> list[str]:
        if self._clean.listed != self._base:
            return self._listing()
        gone = {found.path for found in self._changes}
        new = [found.path for found in self._changes if found.new_mode != change.ABSENT]
        return [path for path in self._clean.tracked if path not in gone] + new

    def _listing(self) -> list[str]:
        return os.fsdecode(self._git("ls-files", "-z")).split("\0")[:-1]

    def identity(self) -> bytes:
        """Return in whose name git commits here, and when. Raises GitError when it does not know."""
        return self._git("var", "GIT_AUTHOR_IDENT")


def _parts(patch: bytes) -> list[bytes]:
    """Split a series of mails: git renames no file that the same input has made."""
    parts = [part for part in _MAIL.split(patch) if _GIT_HEADER.search(part) or _PLAIN_HEADER.search(part)]
    return parts if len(parts) > 1 else [patch]


def _has_prefixes(patch: bytes) -> bool:
    """Whether the paths carry git's one-letter prefixes (a/ and b/, or those of diff.mnemonicPrefix)."""
    pairs = _GIT_HEADER.findall(patch) or _PLAIN_HEADER.findall(patch)
    return all(b"" in pair or pair[0] != pair[1] for pair in pairs) and any(any(pair) for pair in pairs)


def open_and_retry(remove: object, path: str, error: object) -> None:
    """Remove what a check left in folders that nobody may write to: the `onerror` of `shutil.rmtree`."""
    if not os.path.lexists(path):
        return
    with contextlib.suppress(FileNotFoundError):
        Path(path).parent.chmod(0o700)
        if Path(path).is_dir() and not Path(path).is_symlink():
            Path(path).chmod(0o700)
            shutil.rmtree(path)
        else:
            Path(path).unlink()
