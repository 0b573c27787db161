from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.common.paths import Project
from tests.command import cccc, on_a_terminal


@pytest.fixture
def root(project: Project) -> Path:
    cccc(project.root, "init")
    return project.root


def test_the_guides_are_put_where_the_clis_read_them_and_git_does_not_see_them(root: Path) -> None:
    before = git.run(root, "status", "--porcelain").stdout
    assert cccc(root, "prompts", "install") == "CLAUDE.md: written from PEERA.md\nAGENTS.md: written from PEERB.md\n"
    assert (root / "CLAUDE.md").read_bytes() == (root / "PEERA.md").read_bytes()
    assert (root / "AGENTS.md").read_bytes() == (root / "PEERB.md").read_bytes()
    assert git.run(root, "status", "--porcelain").stdout == before
    assert cccc(root, "prompts", "install") == "CLAUDE.md: in place\nAGENTS.md: in place\n"


def test_a_changed_guide_is_what_is_put_in_place(root: Path) -> None:
    (root / "PEERA.md").write_text("ours\n")
    cccc(root, "prompts", "install")
    assert (root / "CLAUDE.md").read_text() == "ours\n"


def test_a_file_of_a_persons_own_is_shown_and_stays_without_a_yes(root: Path) -> None:
    (root / "CLAUDE.md").write_text("my own rules\n")
    code, said = on_a_terminal(root, "prompts", "install", types="n\n")
    assert code == 1
    assert "-my own rules" in said and "CLAUDE.md: unchanged" in said
    assert (root / "CLAUDE.md").read_text() == "my own rules\n"
    assert (root / "AGENTS.md").exists()


def test_with_a_yes_it_is_replaced(root: Path) -> None:
    (root / "CLAUDE.md").write_text("my own rules\n")
    cccc(root, "prompts", "install", "--yes")
    assert (root / "CLAUDE.md").read_bytes() == (root / "PEERA.md").read_bytes()


def test_the_text_of_a_new_session_can_be_read(root: Path) -> None:
    (root / "PROJECT.md").write_text("Goal: a faster parser\n")
    said = cccc(root, "prompts", "show", "peerB")
    assert said.startswith("You are PeerB of CCCC Pair.") and "Goal: a faster parser" in said
