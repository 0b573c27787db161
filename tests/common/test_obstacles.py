"""What keeps every patch from landing, in repositories of every state."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable

import pytest

from cccc.common.paths import Project
from cccc.common.shown import obstacles
from tests.conftest import git

ENV = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1"}


def unborn(root: Path) -> None:
    shutil.rmtree(root / ".git")
    git(root, "init", "-q")
    git(root, "config", "user.email", "x@example.org")
    git(root, "config", "user.name", "x")


def nobody(root: Path) -> None:
    git(root, "config", "--unset", "user.name")
    git(root, "config", "--unset", "user.email")
    git(root, "config", "user.useConfigOnly", "true")


def old_lock(root: Path) -> None:
    (root / ".git/index.lock").touch()
    os.utime(root / ".git/index.lock", (time.time() - 60,) * 2)


STATES: list[tuple[Callable[[Path], object], str, str]] = [
    (unborn, "no commits yet", "git commit --allow-empty"),
    (nobody, "no git identity", "git config user.name"),
    (lambda root: git(root, "checkout", "-q", "--detach"), "detached", "git switch"),
    (lambda root: git(root, "config", "core.bare", "true"), "bare repository", "core.bare false"),
    (lambda root: shutil.rmtree(root / ".git"), "is not in a git repository", "git init"),
    (lambda root: (root / ".git").rename(root / "git-away"), "is not in a git repository", "restore its .git"),
    (lambda root: git(root, "symbolic-ref", "HEAD", "refs/heads/gone"), "HEAD names the branch gone", "git switch"),
    (lambda root: git(root, "update-ref", "-d", "refs/heads/main"), "no commits yet", "git commit"),
    (lambda root: (root / ".git/MERGE_HEAD").touch(), "merge is in progress", "git merge --abort"),
    (lambda root: (root / ".git/sequencer").mkdir(), "cherry-pick is in progress", "git cherry-pick --abort"),
    (lambda root: (root / ".git/BISECT_LOG").touch(), "bisect is in progress", "git bisect reset"),
    (old_lock, "index.lock exists", "rm "),
]


@pytest.mark.parametrize(("spoil", "what", "mend"), STATES)
def test_each_state_in_which_nothing_lands_is_one_line_with_what_to_type(
    project: Project, spoil: Callable[[Path], object], what: str, mend: str
) -> None:
    watch = obstacles.Watch(project, ENV)
    assert watch.find() == [] == obstacles.find(project.root, ENV)
    spoil(project.root)
    (found,) = obstacles.find(project.root, ENV)
    assert what in found.what and mend in found.mend and found.line.isprintable()
    assert watch.find() == [found]  # while it is up


def test_a_worktree_whose_main_repository_went_away_says_so(project: Project, tmp_path: Path) -> None:
    git(project.root, "worktree", "add", "-q", str(tmp_path / "linked"))
    (note,) = obstacles.notes(tmp_path / "linked", ENV)
    assert "linked worktree of" in note.what and obstacles.find(tmp_path / "linked", ENV) == []
    project.root.rename(tmp_path / "moved")
    (found,) = obstacles.find(tmp_path / "linked", ENV)
    assert "which does not exist" in found.what and "git worktree repair" in found.mend


def test_a_repository_of_another_user_names_the_line_that_trusts_it(project: Project) -> None:
    env = {**ENV, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    words = subprocess.run(["git", "status"], cwd=project.root, env=env, capture_output=True, text=True, check=False)
    if "dubious" not in words.stderr or os.geteuid():
        pytest.skip("only root can give a repository away")
    for path in (project.root, project.root / ".git"):
        os.chown(path, 12345, 12345)
    (found,) = obstacles.find(project.root, {**ENV, "SUDO_UID": ""})
    assert "belongs to another user" in found.what
    assert f"safe.directory '{project.root}" in found.mend and "git init" not in found.line


def test_a_shallow_clone_and_a_submodule_are_told_and_no_obstacle(project: Project, tmp_path: Path) -> None:
    git(project.root, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project.root}", "shallow")
    (note,) = obstacles.notes(tmp_path / "shallow", ENV)
    assert "shallow" in note.what and "--unshallow" in note.mend
    git(tmp_path, "init", "-q", "outer")
    git(
        tmp_path / "outer",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(project.root),
        "inner",
    )
    (note,) = obstacles.notes(tmp_path / "outer/inner", ENV)
    assert note.what.startswith(f"this is a submodule of {tmp_path / 'outer'}")


def test_an_identity_of_the_environment_counts_and_one_of_git_config_variables_does_not(project: Project) -> None:
    nobody(project.root)
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    assert obstacles.find(project.root, {**ENV, **names}) == []
    of_config = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.email", "GIT_CONFIG_VALUE_0": "x@example.org"}
    assert obstacles.find(project.root, {**ENV, **of_config})  # the gate does not take it either
