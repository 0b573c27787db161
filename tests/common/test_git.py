"""Running git, and what is known of the repository around a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common.errors import NotFound
from cccc.common.machine import git


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git.run(root, "init", "-q", "-b", "main")
    return root


def commit(root: Path) -> str:
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    git.run(root, *identity, "commit", "-q", "--allow-empty", "-m", "one")
    return git.line(root, "rev-parse", "HEAD")


def test_a_folder_below_the_root_knows_its_place(repo: Path) -> None:
    head = commit(repo)
    (repo / "sub" / "dir").mkdir(parents=True)
    found = git.look(repo / "sub" / "dir")
    assert found == git.Repo(repo, repo / ".git", repo / ".git", "sub/dir/", head, "refs/heads/main")


def test_before_the_first_commit_there_is_a_branch_and_no_head(repo: Path) -> None:
    assert (git.look(repo).head, git.look(repo).branch) == ("", "refs/heads/main")


def test_a_detached_head_is_on_no_branch(repo: Path) -> None:
    head = commit(repo)
    git.run(repo, "checkout", "-q", "--detach")
    assert (git.look(repo).head, git.look(repo).branch) == (head, "")


def test_a_linked_work_tree_shares_the_common_folder(repo: Path, tmp_path: Path) -> None:
    commit(repo)
    git.run(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    found = git.look(tmp_path / "linked")
    assert (found.dir, found.common) == (repo / ".git" / "worktrees" / "linked", repo / ".git")


def test_a_folder_without_a_repository_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="git init"):
        git.look(tmp_path)


def test_a_callers_own_git_variables_do_not_lead_elsewhere(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Another")
    assert git.look(repo).top == repo
    assert git.environment()["GIT_AUTHOR_NAME"] == "Another"


def test_a_failure_has_gits_own_words_in_one_line(repo: Path) -> None:
    with pytest.raises(git.GitError) as error:
        git.run(repo, "checkout", "nowhere")
    assert "\n" not in str(error.value)
    assert "pathspec 'nowhere'" in error.value.stderr
