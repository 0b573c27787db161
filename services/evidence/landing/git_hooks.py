"""The user's git hooks: which there are, and what keeps them from running at a landing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git

MEND = "install the hooks again (such as `npm install`), or `git config --unset core.hooksPath`"
BEFORE = ("pre-commit", "prepare-commit-msg", "commit-msg")
AFTER = "post-commit"
_LONGEST = 512  # bytes of a first line


@dataclass(frozen=True)
class Found:
    """The hooks of a repository: `folder` is where git looks for them, links followed; `names` those that it runs."""

    folder: Path
    names: tuple[str, ...]
    wrong: str = ""  # what keeps hooks from running, in words for people

    def path(self, name: str) -> Path:
        return self.folder / name


def find(repo: git.Repo, env: Mapping[str, str]) -> Found:
    """Return the hooks that a commit in the user's work tree runs. Raises GitError."""
    env = git.environment(env)
    folder = Path(os.path.realpath(repo.top / git.line(repo.top, "rev-parse", "--git-path", "hooks", env=env)))
    names = tuple(name for name in (*BEFORE, AFTER) if _is_program(folder / name))
    listed = git.run(repo.top, "config", "-z", "--get-regexp", r"^(core\.hookspath|hook\..*)$", env=env, check=False)
    asked = dict(entry.partition("\n")[::2] for entry in os.fsdecode(listed.stdout).split("\0")[:-1])
    given = asked.pop("core.hookspath", "")
    wrong = ""
    if given and not folder.exists():
        wrong = f"core.hooksPath is {given}, which does not exist: no hooks run, not for your own commits either"
    elif asked:
        wrong = f"hooks from git's configuration are not run on landings: {', '.join(sorted(asked))}"
    return Found(folder, names, wrong)


def any_usual(repo: git.Repo) -> bool:
    """Return whether a hook lies where git looks when nothing else is configured."""
    return any(_is_program(repo.common / "hooks" / name) for name in (*BEFORE, AFTER))


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def told(found: Found, mode: str) -> str:
    """Return what people have to know of their hooks before the first landing, "" when nothing."""
    if mode == "off":
        return f"gate.hooks is off: {', '.join(found.names)} will not run on landings" if found.names else ""
    return found.wrong or _cannot_start(found)


def _cannot_start(found: Found) -> str:
    """Return which hook names a program that is not there, "" when none does."""
    for name in found.names:
        with found.path(name).open("rb") as file:
            words = file.readline(_LONGEST).decode(errors="replace").split()
        if words[:1] and words[0].startswith("#!"):
            program = words[0][2:] or (words[1] if len(words) > 1 else "")
            named = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
            program = named[0] if Path(program).name == "env" and named else program
            if program and not shutil.which(program):
                return f"the {name} hook in {found.folder} needs {program}, which is not installed: patches are held"
    return ""
