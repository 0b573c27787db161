"""What keeps every patch from landing in a repository, whoever wrote it: one line each, with what to type."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cccc.common import terminal
from cccc.common.errors import SettingsError
from cccc.common.machine import git
from cccc.common.machine.waits import left
from cccc.common.paths import Project
from cccc.common.text.lines import plain

UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "sequencer": "cherry-pick",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
}
_LOCK_IS_OLD_AFTER = 10.0  # seconds: a git command that works is done by then
_LOOK_ANYWAY = 60.0


class Finding(NamedTuple):
    """What is so, and what to type. `about`: repository or identity; `bad`: it does not pass by itself."""

    what: str
    mend: str
    about: str = "repository"
    bad: bool = False

    @property
    def line(self) -> str:
        return f"{self.what}; {self.mend}"


def of(project: Project) -> list[Finding]:
    """Return what keeps patches from landing, in the environment of the terminal of `cccc up`, else in this one."""
    try:
        env = terminal.environment(project)
    except SettingsError:  # of the settings that name tokens; they are told elsewhere
        env = dict(os.environ)
    return find(project.root, env)


def find(root: Path, env: Mapping[str, str]) -> list[Finding]:
    """Return what keeps patches from landing in the project `root`; `env` is what its checks get."""
    env = git.environment(env)
    try:
        repo = git.look(root, env)
    except git.NoTree as none:
        return [Finding(f"{none.what}: no patch can land", none.mend, bad=True)]
    except git.GitError as error:
        return [Finding(f"{error}: no patch can land", "fix what git reports", bad=True)]
    found = []
    if not repo.head:
        found.append(_no_head(repo, env))
    elif not repo.branch:
        mend = "`git switch BRANCH`, or `git switch -c NAME` for a new one"
        found.append(Finding("HEAD is detached: patches are held until a branch is checked out", mend))
    found += _in_progress(repo)
    for who in ("AUTHOR", "COMMITTER"):
        if git.run(root, "var", f"GIT_{who}_IDENT", env=env, check=False).returncode:
            mend = '`git config user.name "NAME"` and `git config user.email ADDRESS`'
            found.append(Finding("no git identity (user.name, user.email): no patch can land", mend, "identity", True))
            break
    return found


def notes(root: Path, env: Mapping[str, str]) -> list[Finding]:
    """Return what is particular of a repository in which patches land all the same."""
    env = git.environment(env)
    try:
        repo = git.look(root, env)
    except (git.NoTree, git.GitError):
        return []
    found = []
    outer = git.line(root, "rev-parse", "--show-superproject-working-tree", env=env)
    if outer:
        what = f"this is a submodule of {plain(outer)}: patches land here, and it shows as modified there"
        found.append(Finding(what, f"`git -C {plain(outer)} add` and commit to update it"))
    elif repo.dir.resolve() != repo.common:
        what = f"this is a linked worktree of {plain(str(repo.common.parent))}: patches land on its branch alone"
        found.append(Finding(what, "keep the main repository where it is; `git worktree repair` after a move"))
    if (repo.common / "shallow").exists():
        what = "a shallow clone: patches land, but older commits cannot be looked up"
        found.append(Finding(what, "`git fetch --unshallow` fetches the rest"))
    return found


class Watch:
    """Looks again when something of the repository or of git's configuration has changed, and each minute."""

    def __init__(self, project: Project, env: Mapping[str, str]) -> None:
        self._project, self._env = project, env
        self._stamp: object = None
        self._looked = 0.0
        self._found: list[Finding] = []

    def find(self) -> list[Finding]:
        """Return what keeps patches from landing now."""
        stamp = self._files()
        if stamp != self._stamp or time.monotonic() - self._looked > _LOOK_ANYWAY:
            self._found = find(self._project.root, self._env)
            self._stamp, self._looked = stamp, time.monotonic()
        if any("index.lock" in found.what for found in self._found) or _exists(stamp, "index.lock"):
            self._stamp = None  # its age counts
        return self._found

    def _files(self) -> tuple[tuple[str, object], ...]:
        root, home = self._project.root, Path(self._env.get("HOME", "/"))
        dirs = _git_dirs(root)
        names = (
            "HEAD",
            "config",
            "config.worktree",
            "packed-refs",
            "index.lock",
            "refs/heads",
            "reftable/tables.list",
            *UNFINISHED,
        )
        files = [directory / name for directory in dirs for name in names]
        files += [directory / _branch_file(directory) for directory in dirs[-1:]]
        config = Path(self._env.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"
        files += [root / ".git", *(folder / ".git" for folder in root.parents), home / ".gitconfig", config]
        return tuple((path.name, _state(path)) for path in files)


def _no_head(repo: git.Repo, env: Mapping[str, str]) -> Finding:
    if git.line(repo.top, "for-each-ref", "--count=1", "refs/heads", "refs/remotes", env=env):
        name = repo.branch.removeprefix("refs/heads/")
        what = f"HEAD names the branch {plain(name)}, which has no commits: no patch can land"
        return Finding(what, "`git switch BRANCH`, or make its first commit")
    return Finding("the repository has no commits yet: no patch can land", "`git commit --allow-empty -m Begin`")


def _in_progress(repo: git.Repo) -> list[Finding]:
    found = {}
    for name, what in UNFINISHED.items():
        if (repo.dir / name).exists():
            mend = "`git bisect reset`" if what == "bisect" else f"`git {what} --continue`, or `git {what} --abort`"
            found[what] = Finding(f"a {what} is in progress: patches are held", mend)
    lock = repo.dir / "index.lock"
    state = _state(lock)
    if isinstance(state, tuple) and not left(state[0] / 1e9, _LOCK_IS_OLD_AFTER, time.time()):
        found["lock"] = Finding(
            f"{plain(str(lock))} exists: patches are held", f"rm {plain(str(lock))}, if no git command is running"
        )
    return list(found.values())


def _git_dirs(root: Path) -> list[Path]:
    """Return where git's files lie: of this work tree, then of all. Without asking git."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        if place.is_dir():
            return [place]
        if place.is_file():
            leads = place.read_text(errors="replace").partition("gitdir:")[2].strip()
            directory = folder / leads
            common = directory / "commondir"
            return [directory, directory / common.read_text().strip()] if common.is_file() else [directory]
    return []


def _branch_file(directory: Path) -> str:
    try:
        return (directory / "HEAD").read_text(errors="replace").partition("ref:")[2].strip() or "HEAD"
    except OSError:
        return "HEAD"


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _exists(stamp: tuple[tuple[str, object], ...], name: str) -> bool:
    return any(state is not None for file, state in stamp if file == name)
