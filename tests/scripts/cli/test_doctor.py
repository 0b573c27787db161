"""`cccc doctor`: what is missing, what is wrong, and what mends it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cccc.common.paths import Project
from tests.command import cccc
from tests.conftest import git

CLIS = {"CLAUDE_I_CMD": "sh", "CODEX_I_CMD": "IS_SANDBOX=1 sh -i"}


def found(root: Path, code: int = 0, **more: str) -> dict[str, list[dict[str, Any]]]:
    """Return the checks of `doctor --json` by name."""
    answer = json.loads(cccc(root, "doctor", "--json", code=code, **{**CLIS, **more}))
    assert answer["ok"] == (code == 0)
    checks: dict[str, list[dict[str, Any]]] = {}
    for check in answer["checks"]:
        checks.setdefault(check["name"], []).append(check)
    return checks


@pytest.fixture
def root(project: Project) -> Path:
    cccc(project.root, "init")
    return project.root


def test_a_sound_project_has_exit_0_and_only_ok(root: Path) -> None:
    checks = found(root)
    assert {check["verdict"] for each in checks.values() for check in each} <= {"ok"}
    assert checks["PeerB"][0]["found"] == "IS_SANDBOX=1 sh -i (CODEX_I_CMD)"


def test_a_missing_cli_is_named_with_what_to_do(root: Path) -> None:
    (check,) = found(root, 1, CLAUDE_I_CMD="no-such-cli --fast")["PeerA"]
    assert "no-such-cli is not on the PATH" in check["found"]
    assert "CLAUDE_I_CMD" in check["mend"]
    assert "bad  PeerA" in cccc(root, "doctor", code=1, CLAUDE_I_CMD="no-such-cli", CODEX_I_CMD="sh")


@pytest.mark.parametrize("missing", ["git", "tmux"])
def test_a_missing_program_is_bad(root: Path, tmp_path: Path, missing: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in {"git", "tmux", "sh"} - {missing}:
        (programs / name).symlink_to(str(shutil.which(name)))
    assert found(root, 1, PATH=str(programs))[missing][0]["verdict"] == "bad"


def test_every_problem_of_the_settings_is_listed_with_its_line(root: Path) -> None:
    (root / ".cccc/settings/roles.yaml").write_text("leader: peerC\nleeder: peerA\n")
    problems = [check["found"] for check in found(root, 1)["settings"]]
    assert len(problems) == 2
    assert problems[0].startswith(".cccc/settings/roles.yaml:1: leader")


def test_a_changed_key_that_does_nothing_yet_is_listed(root: Path) -> None:
    (root / ".cccc/settings/cli_profiles.yaml").write_text("console_echo: false\n")
    assert any("not yet used" in check["found"] for check in found(root)["settings"])


def test_outside_of_a_project_the_machine_is_checked(tmp_path: Path) -> None:
    checks = found(tmp_path, 1)
    assert checks["git"][0]["verdict"] == "ok"
    assert checks["project"][0]["mend"] == "cccc init"


def test_a_folder_that_is_no_repository_is_bad(tmp_path: Path) -> None:
    cccc(tmp_path, "init")
    assert found(tmp_path, 1)["repository"][0]["mend"] == "git init"


def test_a_detached_head_and_a_missing_commit_are_warnings(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    assert found(root)["repository"][0]["verdict"] == "warn"
    git(root, "checkout", "-q", "--orphan", "fresh")
    assert "has no commit yet" in found(root)["repository"][0]["found"]


def test_a_rebase_in_progress_is_a_warning(root: Path) -> None:
    (root / ".git/rebase-merge").mkdir()
    assert "rebase is in progress" in found(root)["repository"][1]["found"]


def test_without_an_identity_nothing_can_be_committed(root: Path, tmp_path: Path) -> None:
    git(root, "config", "--unset", "user.name")
    git(root, "config", "--unset", "user.email")
    git(root, "config", "user.useConfigOnly", "true")
    nobody = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    identity = {name: "" for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "EMAIL"))}
    assert found(root, 1, **nobody, **identity)["identity"][0]["verdict"] == "bad"


@pytest.mark.parametrize(("wanted", "verdict"), [("path", "warn"), ("bind", "bad")])
def test_checks_that_are_not_kept_from_the_users_tree_are_named(
    root: Path, tmp_path: Path, wanted: str, verdict: str
) -> None:
    (root / ".cccc" / "settings" / "policies.yaml").write_text(f"gate: {{isolation: {wanted}}}\n")
    unshare = tmp_path / "bin" / "unshare"
    unshare.parent.mkdir()
    unshare.write_text("#!/bin/sh\necho not permitted >&2; exit 1\n")
    unshare.chmod(0o755)
    path = f"{unshare.parent}:{os.environ['PATH']}"
    assert found(root, int(verdict == "bad"), PATH=path)["isolation"][0]["verdict"] == verdict
