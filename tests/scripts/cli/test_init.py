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


def protected(root: Path) -> list[str]:
    policies = yaml.safe_load((root / ".cccc/settings/policies.yaml").read_text())
    paths: list[str] = policies["rfd"]["gates"]["protected_paths"]
    return paths


def test_a_new_project_lets_patches_touch_every_path(root: Path) -> None:
    cccc(root, "init")
    assert allowed(root) == ["**"]


def test_people_decide_on_ci_hooks_and_the_licence_also_before_they_are_there(root: Path) -> None:
    cccc(root, "init")
    spec = GitIgnoreSpec.from_lines(protected(root))
    names = (".github/workflows/ci.yml", ".gitlab-ci.yml", ".husky/pre-commit", ".pre-commit-config.yaml")
    assert all(spec.match_file(name) for name in (*names, "LICENSE", "LICENSE.md", "SECURITY.md"))
    assert not spec.match_file("src/a.py") and not spec.match_file("poetry.lock")


@pytest.mark.parametrize("name", [".circleci/config.yml", "COPYING", "Licence.txt", "Jenkinsfile", "lefthook.yml"])
def test_people_decide_on_their_kin_where_it_is_there(root: Path, name: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).touch()
    git(root, "add", "-A")
    cccc(root, "init")
    assert GitIgnoreSpec.from_lines(protected(root)).match_file(name)
    assert settings.problems(Project.find(root)) == []
    assert "kept" not in cccc(root, "init")


def test_paths_are_fitted_to_what_git_tracks_for_who_asks_and_comments_stay(root: Path) -> None:
    said = cccc(root, "init", "--fit-paths")
    assert allowed(root) == ["PROJECT.md", "README.md", "notes \\[old\\].txt", "shop/**", "tests/**"]
    assert "patches may touch: PROJECT.md, README.md, notes" in said
    spec = GitIgnoreSpec.from_lines(allowed(root))
    assert spec.match_file("notes [old].txt") and not spec.match_file("notes o.txt")
    assert "# The checks a patch must pass" in (root / ".cccc/settings/policies.yaml").read_text()


def test_paths_can_be_fitted_later_and_nothing_else_in_the_file_changes(root: Path) -> None:
    cccc(root, "init")
    policies = root / ".cccc/settings/policies.yaml"
    policies.write_text(policies.read_text().replace("max_diff_lines: 150", "max_diff_lines: 77  # mine"))
    cccc(root, "init", "--fit-paths")
    assert "shop/**" in allowed(root) and "max_diff_lines: 77  # mine" in policies.read_text()


def test_an_older_file_keeps_its_paths(root: Path) -> None:
    (root / ".cccc/settings").mkdir(parents=True)
    policies = root / ".cccc/settings/policies.yaml"
    policies.write_text("patch_queue: {allowed_paths: [src/**]}\n")
    cccc(root, "init")
    assert policies.read_text() == "patch_queue: {allowed_paths: [src/**]}\n"


def test_where_nothing_is_tracked_paths_cannot_be_fitted(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert "tracks no files" in cccc(tmp_path, "init", "--fit-paths", code=1)
    assert allowed(tmp_path) == ["**"]


def test_a_project_in_a_subdirectory_sees_its_own_paths(root: Path) -> None:
    cccc(root, "init", "--to", "shop", "--fit-paths")
    assert allowed(root / "shop") == ["PROJECT.md", "cart.py"]
    assert git(root, "status", "--short") == "?? shop/.gitignore\n"
    assert cccc(root / "shop", "queue") == "the queue is empty\n"


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
    assert cccc(root, "init", code=1) == f"cccc: {root}/.cccc: File exists\n"
