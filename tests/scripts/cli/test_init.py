"""`cccc init` in repositories of every kind."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from pathspec import GitIgnoreSpec

from cccc.common import settings
from cccc.common.paths import PEERS, Project
from tests.command import cccc
from tests.conftest import git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a package, tests and a name that is a pattern."""
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "Someone")
    git(tmp_path, "config", "user.email", "someone@example.org")
    for name in ("shop/cart.py", "tests/test_cart.py", "README.md", "notes [old].txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def allowed(root: Path) -> list[str]:
    policies = yaml.safe_load((root / ".cccc/settings/policies.yaml").read_text())
    paths: list[str] = policies["patch_queue"]["allowed_paths"]
    return paths


def test_init_makes_every_folder_and_settings_that_load(root: Path) -> None:
    cccc(root, "init")
    project = Project.find(root)
    own = (project.state, project.mailbox, project.logs)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in own} == {0o700}
    for peer in PEERS:
        assert sorted(path.name for path in project.peer(peer).iterdir()) == sorted(
            ["inbox", "processed", "taken", "to_peer.md", "to_user.md", "patch.diff"]
        )
    assert (project.work / "upload/inbound").is_dir() and (project.work / "upload/outbound").is_dir()
    assert settings.problems(project) == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in project.settings.iterdir()} == {0o600}


def test_nothing_that_init_makes_can_be_committed_by_accident(root: Path) -> None:
    cccc(root, "init")
    (root / "CLAUDE.md").touch()
    assert git(root, "status", "--short") == "?? .gitignore\n"
    assert (root / ".gitignore").read_text() == "/.cccc/**\n"


def test_a_gitignore_without_a_final_newline_keeps_its_last_line(root: Path) -> None:
    (root / ".gitignore").write_text("*.log")
    cccc(root, "init")
    assert (root / ".gitignore").read_text() == "*.log\n/.cccc/**\n"


@pytest.mark.parametrize("line", ["/.cccc/**", ".cccc/", "/.cccc"])
def test_a_gitignore_that_names_cccc_stays_as_it_is(root: Path, line: str) -> None:
    (root / ".gitignore").write_text(f"{line}\n")
    cccc(root, "init")
    assert (root / ".gitignore").read_text() == f"{line}\n"


def test_a_tracked_guide_is_not_excluded(root: Path) -> None:
    (root / "CLAUDE.md").write_text("mine\n")
    git(root, "add", "CLAUDE.md")
    cccc(root, "init")
    excluded = (root / ".git/info/exclude").read_text().splitlines()
    assert "/CLAUDE.md" not in excluded and "/AGENTS.md" in excluded


def test_allowed_paths_are_what_git_tracks_and_comments_stay(root: Path) -> None:
    said = cccc(root, "init")
    assert allowed(root) == ["PROJECT.md", "README.md", "notes \\[old\\].txt", "shop/**", "tests/**"]
    assert "a patch may touch: PROJECT.md, README.md, notes" in said
    spec = GitIgnoreSpec.from_lines(allowed(root))
    assert spec.match_file("notes [old].txt") and not spec.match_file("notes o.txt")
    assert "# The checks a patch must pass" in (root / ".cccc/settings/policies.yaml").read_text()


def test_in_an_empty_repository_the_shipped_allowed_paths_stay(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    cccc(tmp_path, "init")
    assert "src/**" in allowed(tmp_path)


def test_a_project_in_a_subdirectory_sees_its_own_paths(root: Path) -> None:
    cccc(root, "init", "--to", "shop")
    assert allowed(root / "shop") == ["PROJECT.md", "cart.py"]
    assert git(root, "status", "--short") == "?? shop/.gitignore\n"
    assert cccc(root / "shop", "queue") == "no patch waits\n"


def test_in_a_linked_worktree_the_guides_are_excluded_too(root: Path) -> None:
    git(root, "worktree", "add", "-q", "linked")
    cccc(root / "linked", "init")
    assert git(root / "linked", "status", "--short") == "?? .gitignore\n"


def test_init_works_without_git_and_says_what_is_needed(tmp_path: Path) -> None:
    assert "git init" in cccc(tmp_path, "init")
    assert not (tmp_path / ".gitignore").exists()
    assert "run `git init`" in cccc(tmp_path, "up", "--mock", code=3)


def test_a_second_init_changes_nothing(root: Path) -> None:
    cccc(root, "init")
    policies = root / ".cccc/settings/policies.yaml"
    before = policies.read_bytes(), (root / ".gitignore").read_bytes(), (root / ".git/info/exclude").read_bytes()
    said = cccc(root, "init")
    assert "kept" not in said and "wrote" not in said
    after = policies.read_bytes(), (root / ".gitignore").read_bytes(), (root / ".git/info/exclude").read_bytes()
    assert after == before


def test_a_changed_setting_stays_and_is_named(root: Path) -> None:
    cccc(root, "init")
    telegram = root / ".cccc/settings/telegram.yaml"
    telegram.write_text("token: '123'\n")
    assert "kept .cccc/settings/telegram.yaml" in cccc(root, "init")
    assert telegram.read_text() == "token: '123'\n"


def test_force_keeps_the_old_file_aside_and_says_so(root: Path) -> None:
    cccc(root, "init")
    telegram = root / ".cccc/settings/telegram.yaml"
    telegram.write_text("token: '123'\n")
    said = cccc(root, "init", "--force")
    (old,) = telegram.parent.glob("*.old")
    assert old.name in said
    assert old.read_text() == "token: '123'\n"
    assert "debounce_seconds" in telegram.read_text()


def test_guides_that_are_there_are_not_overwritten(root: Path) -> None:
    (root / "PEERA.md").write_text("mine\n")
    cccc(root, "init", "--force")
    assert (root / "PEERA.md").read_text() == "mine\n"
    assert (root / "PEERB.md").stat().st_size > 100


def test_a_file_in_the_way_is_one_clear_line(root: Path) -> None:
    (root / ".cccc").write_text("")
    assert cccc(root, "init", code=1) == f"cccc: {root}/.cccc/state: Not a directory\n"
