"""A kept, detached work tree of the user's repository, whose files are what git's objects say.

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.reading import change
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.tree import files
from cccc.services.evidence.tree.admin import Admin
from cccc.services.evidence.tree.sweep import open_and_retry, sweep
from cccc.services.evidence.tree.touched import Look

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
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
PLAINLY = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_CONFIG_COUNT": str(len(_SETTINGS))}
for _number, _pair in enumerate(_SETTINGS.items()):
    PLAINLY[f"GIT_CONFIG_KEY_{_number}"], PLAINLY[f"GIT_CONFIG_VALUE_{_number}"] = _pair


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


class KeptTree:
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
        self._look: Look | None = None  # whether it was touched since it was tidied
        self._spoilt = False  # whether a command has run in it

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
        git.run(self._repo.top, *NO_HOOKS, *add, env=self._plain_env, umask=self._umask)
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
        return git.run(self.path, *args, env={**self.env, **PLAINLY}, input=input, umask=self._umask).stdout

    def _at_once(self, *commands: tuple[str, ...], **more: str) -> list[subprocess.CompletedProcess[bytes]]:
        return git.at_once(self.path, *commands, env={**self.env, **more}, umask=self._umask)

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


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Let what keeps the gate from its own tree hold the patch, with its reason."""
    try:
        yield
    except OSError as error:
        raise git.GitError("worktree", 0, f"{path} cannot be brought to what the gate wrote: {error}") from None
