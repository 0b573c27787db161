"""A project to measure in: its commands, and two mock peers that only read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from cccc.common.paths import Project

_QUIET = "rules:\n  - match: '.'\n    steps:\n      - say: read\n"


def cccc(project: Project, *args: str, **more: str) -> None:
    """Run a command of the project; `more` is added to the environment."""
    scenario = project.root.parent / "quiet.yaml"
    scenario.write_text(_QUIET)
    mock = f"{sys.executable} -I -m cccc.scripts.mock_agent --scenario {scenario} --role peer"
    environment = {**os.environ, "CLAUDE_I_CMD": mock + "A", "CODEX_I_CMD": mock + "B"}
    for name in ("LINT_CMD", "TEST_CMD", "CCCC_HOME"):
        environment.pop(name, None)
    command = [str(Path(sys.executable).with_name("cccc")), *args]
    done = subprocess.run(command, cwd=project.root, env={**environment, **more}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"cccc {' '.join(args)} ended with {done.returncode}: {done.stdout}{done.stderr}")


def make(root: Path) -> Project:
    """Make a repository with two files of ours, besides those that are there, and a project in it."""
    root.mkdir(exist_ok=True)
    for name in ("file.txt", "hand.txt"):
        (root / name).write_text("0\n" * 20)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Bench")
    git(root, "config", "user.email", "bench@example.org")
    git(root, "config", "gc.auto", "0")  # which would pack the branch that is watched
    git(root, "add", "-A")
    project = Project(root / ".cccc")
    cccc(project, "init")  # which fits allowed_paths to what git tracks
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    return project


@contextmanager
def up(project: Project, **more: str) -> Iterator[None]:
    """Keep the project up; `more` is added to the environment of the terminal."""
    cccc(project, "up", **more)
    try:
        yield
    finally:
        cccc(project, "down")


def git(root: Path, *args: str, stdin: str = "") -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True, input=stdin).stdout


def until(condition: Callable[[], bool], what: str, limit: float = 30.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench: not within {limit:.0f} s: {what}")
        time.sleep(0.001)


def rename_in(path: Path, text: str | bytes) -> object:
    """Hand a file in by renaming it into place."""
    fresh = path.with_name(".fresh")
    fresh.write_bytes(text.encode() if isinstance(text, str) else text)
    return fresh.replace(path)
