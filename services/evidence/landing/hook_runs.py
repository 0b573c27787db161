"""Running the user's git hooks at a landing, each as at a commit of the user's own.

The gate runs them itself, in git's order, and not through `git commit`: in a linked work tree that gives a hook GIT_DIR
and an absolute GIT_INDEX_FILE, with which one that makes a scratch repository writes into the user's. A hook finds the
patch in the index and in the files, what is lent to checks, and what git does not track beside the hooks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

from cccc.common.machine import git
from cccc.common.terminal import typed_by
from cccc.services.evidence.checking import checks, environment, links
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import Child, Command
from cccc.services.evidence.checking.environment import Seen
from cccc.services.evidence.checking.links import Link, Loan
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.checking.sandbox import COMPLAINT
from cccc.services.evidence.landing.git_hooks import Found, find
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.tree.gate_tree import GateTree

_TERMINAL = re.compile(r"/dev/tty\b|[Nn]ot a (?:tty|TTY|terminal)|[Ii]nappropriate ioctl")
_MACHINE = re.compile(r"No space left on device|[Qq]uota exceeded|Cannot allocate memory|Too many open files")
# What hooks and the programs that they call read: husky, pre-commit, lefthook, simple-git-hooks, lint-staged,
# commitlint, overcommit.
_CONFIGURATION = re.compile(
    r"(?:^|/)(?:\.husky/.+|\.huskyrc(?:\.\w+)?|\.pre-commit-config\.ya?ml|\.?lefthook(?:-local)?\.(?:ya?ml|toml|jsonc?)"
    r"|\.lefthook(?:-local)?/.+|\.?simple-git-hooks\.(?:[cm]?js|json)|\.lintstagedrc(?:\.\w+)?|lint-staged\.config\.\w+"
    r"|\.commitlintrc(?:\.\w+)?|commitlint\.config\.\w+|\.overcommit\.yml|\.git-hooks/.+)$"
)
_SECTIONS = ("husky", "simple-git-hooks", "lint-staged", "commitlint", "pre-commit", "gitHooks")  # of package.json


def of_the_machine(words: str) -> bool:
    """Return whether a complaint is about a full disk and the like."""
    return bool(_MACHINE.search(words))


def own(changes: Iterable[Change], found: Found, repo: git.Repo, tree: GateTree) -> list[str]:
    """Return the changed paths that are hooks, or what they are told by: the patch is judged by them as they were."""
    folders = {_inside(repo, found.folder)}
    if found.folder.name == "_":  # of husky: what it calls lies beside it
        folders.add(_inside(repo, found.folder.parent))
    programs = {_inside(repo, Path(os.path.realpath(found.path(name)))) for name in found.names}

    def is_own(change: Change) -> bool:
        path = change.path
        if path in programs or any(folder and path.startswith(f"{folder}/") for folder in folders):
            return True
        if path.rpartition("/")[2] == "package.json":
            return _sections(tree, change.old_blob) != _sections(tree, change.blob)
        return bool(_CONFIGURATION.search(path))

    return [change.path for change in changes if is_own(change)]


def _sections(tree: GateTree, blob: str) -> object:
    try:
        package = json.loads(tree.content(blob)) if blob.strip("0") else {}
    except ValueError:
        return None
    return [package.get(name) for name in _SECTIONS] if isinstance(package, dict) else None


def _inside(repo: git.Repo, path: Path) -> str:
    """Return a path from the work tree's root, "" when it lies elsewhere or in git's own folder."""
    if repo.top not in path.parents or repo.common in (path, *path.parents):
        return ""
    return path.relative_to(repo.top).as_posix()


def trouble(name: str, ended: Ended) -> str:
    """Return why a hook did not come to a judgement, "" when it did: what of it is no fault of the patch."""
    words = checks.tail(ended.output)
    last = words.rpartition("\n")[2]
    if ended.over:
        return f"the {name} hook was stopped after {ended.over}"
    if COMPLAINT in ended.output:
        return last
    if ended.code in (126, 127):
        return f"the {name} hook could not run: {last}"
    if checks.killed_by(ended.code):
        return f"the {name} hook was killed by signal {checks.killed_by(ended.code)}"
    if ended.code and _TERMINAL.search(words):
        return f"the {name} hook needs a terminal: {last}"
    machine = _MACHINE.search(words) if ended.code else None
    return f"the {name} hook could not run: {machine[0]}" if machine else ""


class Hooks:
    """Runs the hooks of a repository in the gate tree; `lent` is what checks get. The first of them begins `log`."""

    def __init__(self, gate: Gate, repo: git.Repo, tree: GateTree, lent: list[Link], log: Path) -> None:
        self.found = find(repo, gate.env)
        self._gate = gate
        self._repo = replace(repo, prefix="")  # hooks run at the top
        self._tree = tree
        self._lent = lent
        self._log = log
        self._begun = False

    def run(self, name: str) -> Generator[Child, Ended | None, Ended]:
        """Run one hook of `found.names`. Raises GitError."""
        box = self._gate.sandbox
        message = str(self._seen(self._tree.message))
        words = {"prepare-commit-msg": [message, "message"], "commit-msg": [message]}.get(name, [])
        argv = ["sh", "-c", '"$0" "$@"', str(self._program(name)), *words]  # a shell: not all begin with #!
        loan = Loan([*self._lent, *self._beside()], self._repo, self._tree.path, box.isolation.way == "bind")
        command = Command(
            box.wrap(argv, self._repo, self._tree.path, loan.mounts, own_git=True),
            self._tree.path,
            self._environment(),
            self._gate.policies.gate.timeout_seconds,
            header=f"$ {name} (a hook in {self.found.folder})\n",
            contained=box.isolation.way == "bind",
        )
        ended = yield Child(command, self._gate.umask, self._log, self._gate.lock, append=self._begun)
        assert ended
        self._begun = True
        loan.take_back()
        return ended

    def _beside(self) -> list[Link]:
        """Return what lies in the folder of the hooks, or is a hook's program, for where git does not track it."""
        repo, folder = self._repo, self.found.folder
        inside = _inside(repo, folder)
        paths = []
        if inside:
            is_there = (self._tree.path / inside).exists()
            paths += sorted(filter(links.can_be_lent, folder.iterdir())) if is_there else [folder]
        programs = (Path(os.path.realpath(self.found.path(name))) for name in self.found.names)
        paths += [path for path in programs if folder not in path.parents]
        return [Link(path, repo.top / path) for path in dict.fromkeys(_inside(repo, path) for path in paths) if path]

    def _program(self, name: str) -> Path:
        """Return what is run. Where a link leads out of the folder, another of that name leads to the same."""
        path = self.found.path(name)
        real = Path(os.path.realpath(path))
        if self.found.folder in real.parents:
            return self._seen(path)
        folder = self._gate.sandbox.box / "hooks"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / name).symlink_to(self._seen(real))
        return folder / name

    def _seen(self, path: Path) -> Path:
        """Return where a hook finds what lies at `path` in the user's place."""
        bound = self._gate.sandbox.isolation.way == "bind"
        if self._repo.common in path.parents:
            return self._gate.sandbox.box / "git" / path.relative_to(self._repo.common) if bound else path
        inside = _inside(self._repo, path)
        return self._gate.sandbox.here(self._repo, self._tree.path) / inside if inside else path

    def _path(self) -> str:
        """Return the PATH: a terminal in which the user commits has the project's own environment active."""
        box, env = self._gate.sandbox, self._gate.env
        own = environment.find(self._repo, env)
        return Seen(self._repo, box.top(self._repo, self._tree.path), box.box, env, own, {}).variables()["PATH"]

    def _environment(self) -> dict[str, str]:
        """The terminal's environment, and what git itself adds for a hook of `git commit -m` in a plain work tree."""
        env = self._gate.env
        who, _, when = os.fsdecode(self._tree.identity()).rpartition("> ")
        name, _, address = who.rpartition(" <")
        programs = git.line(self._tree.path, "--exec-path", env=git.environment(env))
        return {
            **env,
            "PATH": f"{programs}{os.pathsep}{self._path()}",
            "PWD": str(self._gate.sandbox.here(self._repo, self._tree.path)),
            "GIT_EXEC_PATH": programs,
            "GIT_EDITOR": ":",
            "GIT_PREFIX": "",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": f"@{when.strip()}",
            typed_by.CHECK: self._gate.project.key,
        }
