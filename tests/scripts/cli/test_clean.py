"""`cccc clean` of a project that is down."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common.paths import Project
from tests.command import cccc, on_a_terminal
from tests.conftest import git


@pytest.fixture
def used(project: Project) -> Project:
    """A project with something in each place."""
    cccc(project.root, "init")
    for path in (
        project.inbox("PeerA") / "000001.m.txt",
        project.work / "draft.md",
        project.logs / "panel.log",
        project.ledger,
        project.blobs / "abc",
        project.segments / "1.jsonl",
        project.snapshots / "panel.msgpack",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return project


def files(project: Project) -> set[str]:
    """Return what lies in the places that `clean` empties."""
    places = (project.mailbox, project.work, project.logs, project.state)
    found = (path for place in places for path in place.rglob("*") if path.is_file() and path.stat().st_size)
    return {str(path.relative_to(project.home)) for path in found}


def test_clean_asks_for_yes_where_it_cannot_ask(used: Project) -> None:
    before = files(used)
    assert "--yes" in cccc(used.root, "clean", code=1)
    assert files(used) == before


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks(used: Project, answer: str, code: int) -> None:
    assert on_a_terminal(used.root, "clean", types=answer)[0] == code
    assert bool(files(used)) == bool(code)


def test_clean_leaves_the_skeleton_and_the_settings(used: Project) -> None:
    setting = used.settings / "telegram.yaml"
    setting.write_text("token: '1'\n")
    cccc(used.root, "clean", "--yes")
    assert files(used) == set()
    assert used.inbox("PeerA").is_dir() and (used.peer("PeerB") / "to_peer.md").exists()
    assert setting.read_text() == "token: '1'\n"


def test_keep_ledger_keeps_ledger_and_bodies(used: Project) -> None:
    cccc(used.root, "clean", "--yes", "--keep-ledger")
    assert files(used) == {"state/ledger.jsonl", "state/ledger/1.jsonl", "state/blobs/abc"}


def test_git_forgets_the_gate_s_work_tree(used: Project) -> None:
    git(used.root, "worktree", "add", "-q", "--detach", str(used.gate_tree))
    cccc(used.root, "clean", "--yes")
    assert git(used.root, "worktree", "list").count("\n") == 1


def test_a_link_out_of_the_project_is_not_followed(used: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").touch()
    (used.state / "link").symlink_to(outside)
    (used.work / "link").symlink_to(outside)
    cccc(used.root, "clean", "--yes")
    assert (outside / "mine").exists()
