"""The gate tree: a kept, detached work tree of the user's repository in which patches are tried.

git is always told which repository and which work tree it works on. Were the tree's `.git`
file missing, it would search upward, find the user's repository, and reset that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cccc.common import git
from cccc.services.evidence import change, files, fits, mistakes, placing, size
from cccc.services.evidence.change import Change
from cccc.services.evidence.fits import Content, DoesNotApply, Fit

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
# To the index, whose content is the commit's: files may differ from it by line ends and filters.
_TO_INDEX = ("--cached", "--unidiff-zero", "--whitespace=nowarn", "--no-ignore-whitespace")
_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev")


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
        self.notes: list[str] = []  # of how the applied patch was read

    def reset(self, base: str) -> None:
        """Make the tree equal `base`, with nothing else in it; build it anew when it is broken."""
        known, self._clean.at = self._clean.at, ""
        self._base, self._changes, self._brought = base, [], True
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
        """Return how the patch is to be read. Raises NoDiff."""
        return fits.fit(patch, self._repo, self._git)

    def apply(self, fit: Fit) -> list[Change]:
        """Apply the patch to the index, or not at all. Returns what it changed. Raises DoesNotApply.

        Where each hunk lands is decided before (placing.py), and `notes` says what its author should know of that. The
        files follow with `bring`, which every run of a command asks for. A patch whose names are found below one
        sub-directory only was made there, and is applied there.
        """
        fit = replace(fit, folder=fit.folder or self._made_in(fit))
        self.notes = list(fit.notes)
        try:
            for part in fit.parts:
                placed = placing.place(part.sections, fits.files(part, fit.folder, self))
                self.notes += placed.notes
                if placed.patch:
                    self._git("apply", *_TO_INDEX, *fit.options, input=placed.patch)
        except (placing.Misfit, git.GitError) as error:
            self._git("read-tree", "HEAD")
            words = mistakes.of_git(error.stderr) if isinstance(error, git.GitError) else str(error)
            raise DoesNotApply(words) from None
        both = (("diff-index", "--cached", *_RAW, "HEAD"), ("write-tree",))
        raw, written = (git.checked(done).stdout for done in self._at_once(*both))
        self._changes, self._brought = change.changes(raw), False
        self._written = os.fsdecode(written).strip()
        return self._changes

    @property
    def name(self) -> str:
        return f"commit {self._base[:9]}"

    def read(self, paths: list[str]) -> list[Content | None]:
        """Return hash and content of each path in the index, None where there is none."""
        return fits.contents([f":0:{path}" for path in paths], self._git)

    def knows(self, blobs: list[str]) -> set[str]:
        """Return which hashes, or beginnings of one, name a blob that the repository has."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        kinds = self._git("cat-file", "--batch-check=%(objecttype)", input=asked).split(b"\n")
        return {blob for blob, kind in zip(blobs, kinds) if kind == b"blob"}

    def size(self) -> int:
        """Return how many lines the applied patch changes."""
        blobs = {blob for found in self._changes for blob in (found.old_blob, found.blob) if blob.strip("0")}
        known = dict(zip(blobs, fits.contents(list(blobs), self._git)))

        def content(mode: str, blob: str) -> bytes | None:
            if mode == change.SUBMODULE:
                return blob.encode()
            there = known.get(blob)
            return there[1] if there else None

        ends = ((content(one.old_mode, one.old_blob), content(one.new_mode, one.blob)) for one in self._changes)
        return size.changed_lines(ends, self._plain_env)

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
        if all(section.creates for part in fit.parts for section in part.sections):
            return ""
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
        return [path[len(prefix) :] for path in self.tracked() if path.startswith(prefix)]

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

    def tracked(self) -> list[str]:
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
