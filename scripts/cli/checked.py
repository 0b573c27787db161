"""What checks a patch, as init, doctor, up and `gate explain` show it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cccc.common import settings, terminal
from cccc.common.commands.status import check
from cccc.common.errors import CcccError
from cccc.common.machine import git, supervisor
from cccc.common.paths import Project
from cccc.common.settings.policies import Gate
from cccc.services.evidence.checking import commands


def environment_of(project: Project) -> dict[str, str]:
    """Return the environment that the gate has, or would get from this terminal."""
    return terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)


def lines(project: Project, env: Mapping[str, str]) -> list[str]:
    """Return `lint: …` and `tests: …`, for what is checked out; nothing where nothing can be known."""
    return [check(name, told) for name, told in here(project, env).items()]


def here(project: Project, env: Mapping[str, str]) -> dict[str, str]:
    """Return what does "lint" and "tests" for what is checked out, in words; nothing where nothing can be known."""
    try:
        repo = git.look(project.root, git.environment(env))
        gate = settings.load(project).policies.gate
    except CcccError:  # which is told by itself
        return {}
    if not repo.head:
        return {}
    lint, tests = words(gate, repo, env, "HEAD")
    return {"lint": lint, "tests": tests}


def words(gate: Gate, repo: git.Repo, env: Mapping[str, str], tree: str) -> tuple[str, str]:
    """Return for people what lints and what tests a patch on a commit or tree."""
    return commands.words(gate, env, commands.at(repo, env, tree))


@contextlib.contextmanager
def tree_of(repo: git.Repo, env: Mapping[str, str], patch: bytes) -> Iterator[tuple[str, str]]:
    """Yield the tree of what is checked out with the patch, and a note where that cannot be made."""
    if not patch:
        yield "HEAD", ""
        return
    with tempfile.TemporaryDirectory() as folder:
        own = {**git.environment(env), "GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run(repo.top, "read-tree", "HEAD", env=own)
        applied = git.run(repo.top, "apply", "--cached", "--recount", "-", env=own, input=patch, check=False)
        tree = git.line(repo.top, "write-tree", env=own)
        yield tree, "the patch does not apply to this commit: without it" if applied.returncode else ""
