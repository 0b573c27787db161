"""`.cccc` as a repository of its own: `git clean -fdx` and `git stash --all` pass it by.

What a person cannot make again lies in there: the ledger, its bodies, settings with tokens, mail. The repository
is empty and stays so. Its name is ignored first, in `.git/info/exclude`: `git add -A` refuses one without a commit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cccc.common.errors import NotFound
from cccc.common.machine import durable, git
from cccc.common.paths import Project

_BRANCH = "refs/heads/not-the-project"  # what `git status` names to whoever is lost in there


def make(project: Project) -> str:
    """Make `.cccc` a repository, where it is none. Returns why that cannot be, or ""."""
    if is_made(project):
        return ""
    try:
        if git.run(project.root, "ls-files", "--", project.home.name).stdout:
            return "git tracks files in it"
        exclude(git.look(project.root), [f"{escape(project.home.name)}/"])
        if git.run(project.root, "check-ignore", "-q", project.home.name, check=False).returncode:
            return "a rule in .gitignore includes it again"
        git.run(project.home, "init", "-q", "--template=")
        durable.write(project.home / ".git" / "HEAD", f"ref: {_BRANCH}\n".encode())
    except (NotFound, git.GitError, OSError) as error:
        return str(error)
    return ""


def unsafe(project: Project, why: str) -> str:
    """Return what a `.cccc` that is no repository means, for a person."""
    return f"`git clean -fdx` and `git stash --all` would delete {project.home}, including ledger and settings: {why}"


def is_made(project: Project) -> bool:
    """Return whether git takes `.cccc` for a repository."""
    own = project.home / ".git"
    try:
        head = (own / "HEAD").read_bytes()
    except OSError:
        return False
    return head.startswith(b"ref: refs/") and (own / "objects").is_dir() and (own / "refs").is_dir()


def exclude(repo: git.Repo, patterns: Sequence[str]) -> list[str]:
    """Have git ignore names in the folder of the project, in this clone alone. Returns the lines that were added."""
    path = repo.common / "info" / "exclude"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    missing = [line for line in (f"/{escape(repo.prefix)}{name}" for name in patterns) if line not in lines]
    if missing:
        path.parent.mkdir(exist_ok=True)
        append(path, missing)
    return missing


def escape(path: str) -> str:
    """Return a path as a pattern of .gitignore that matches it alone."""
    return re.sub(r"([\\*?\[\]]|^[#!]| $)", r"\\\1", path)


def append(path: Path, lines: Sequence[str]) -> None:
    """Append whole lines, also to a file that ends without a newline."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write("".join(f"{line}\n" for line in lines).encode())
