"""`cccc doctor`: what is missing, what is wrong, and what mends it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import TOKEN, Telegram
from tests.command import cccc, running
from tests.conftest import git

CLIS = {"CLAUDE_I_CMD": "sh", "CODEX_I_CMD": "IS_SANDBOX=1 sh -i"}


def found(root: Path, code: int = 0, *options: str, **more: str) -> dict[str, list[dict[str, Any]]]:
    """Return the checks of `doctor --json` by name."""
    answer = json.loads(cccc(root, "doctor", "--json", *options, code=code, **{**CLIS, **more}))
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
    (root / ".cccc/settings/policies.yaml").write_text("gate: {lint: 'true', tests: 'true'}\n")
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


def test_a_disk_below_the_limit_is_bad(root: Path) -> None:
    (root / ".cccc/settings/cli_profiles.yaml").write_text("mailbox: {min_free_mb: 1000000000}\n")
    (check,) = found(root, 1)["disk"]
    assert "less than mailbox.min_free_mb" in check["found"]


def test_outside_of_a_project_the_machine_is_checked(tmp_path: Path) -> None:
    checks = found(tmp_path, 1)
    assert checks["git"][0]["verdict"] == "ok"
    assert checks["project"][0]["mend"] == "cccc init"


def test_a_folder_that_is_no_repository_is_bad(tmp_path: Path) -> None:
    cccc(tmp_path, "init")
    assert found(tmp_path, 1)["repository"][0]["mend"].startswith("run `git init`")


def test_a_detached_head_and_a_missing_commit_are_warnings(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    assert found(root)["repository"][0]["verdict"] == "warn"
    git(root, "checkout", "-q", "--orphan", "fresh")
    assert "HEAD names the branch fresh" in found(root)["repository"][0]["found"]
    git(root, "branch", "-q", "-D", "main")
    assert "has no commits yet" in found(root)["repository"][0]["found"]


def test_a_rebase_in_progress_is_a_warning(root: Path) -> None:
    (root / ".git/rebase-merge").mkdir()
    assert "rebase is in progress" in found(root)["repository"][0]["found"]


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


def beside(folder: Path) -> dict[str, str]:
    """Let the environment have the other program as well."""
    place = folder / "site-packages"
    (place / "cccc_pair-0.4.2.dist-info").mkdir(parents=True)
    (place / "cccc_pair-0.4.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: cccc-pair\nVersion: 0.4.2\n"
    )
    return {"PYTHONPATH": str(place)}


def test_another_program_with_our_import_package_is_named_and_stops_a_start(root: Path, tmp_path: Path) -> None:
    other = beside(tmp_path)
    (check,) = found(root, 1, **other)["cccc"]
    assert check["verdict"] == "bad" and "cccc-pair 0.4.2" in check["found"] and "uninstall cccc-pair" in check["mend"]
    said = cccc(root, "up", "--mock", code=1, **other)
    assert said.startswith("cccc: ") and said.count("\n") == 1 and "cccc-pair 0.4.2" in said


def test_versions_are_named_down_to_the_libraries_and_the_clock_with_its_zone(root: Path) -> None:
    checks = found(root, TZ="JST-9")
    assert checks["cccc"][0]["found"].startswith("0.")
    libraries = checks["libraries"][0]["found"]
    assert "pyzmq " in libraries and "slack_sdk" not in libraries and libraries.count("msgpack ") == 1
    assert checks["clock"][0]["found"].endswith("+09:00 JST")


def test_a_cli_is_named_with_its_version_and_with_what_shows_a_login(root: Path, tmp_path: Path) -> None:
    claude = tmp_path / "bin" / "claude"
    claude.parent.mkdir()
    claude.write_text("#!/bin/sh\necho '2.1.0 (Claude Code)'\n")
    claude.chmod(0o755)
    (tmp_path / ".claude").mkdir()
    cli = {"CLAUDE_I_CMD": str(claude), "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": "/dev/null"}
    (version, *asks) = found(root, 0, **cli)["PeerA"]
    assert version["verdict"] == "warn" and "2.1.0, not logged in; cccc was certified with" in version["found"]
    assert version["mend"].startswith("`cccc certify claude`")
    assert "it was never set up" in asks[0]["found"]
    (tmp_path / ".claude/.credentials.json").write_text("never read")
    assert "login in" in found(root, 0, **cli)["PeerA"][0]["found"]
    said = cccc(root, "doctor", code=0, **{**CLIS, **cli, "ANTHROPIC_API_KEY": "sk-ant-secret-secret"})
    assert "login by ANTHROPIC_API_KEY" in said and "secret" not in said


def test_guides_and_a_brief_that_are_missing_are_named(root: Path) -> None:
    assert found(root)["guides"][0]["mend"] == "cccc prompts install; write your brief as PROJECT.md"
    cccc(root, "prompts", "install")
    assert found(root)["guides"][0]["found"] == "missing: PROJECT.md"
    (root / "PROJECT.md").touch()
    assert found(root)["guides"][0]["mend"] == ""


def test_a_pipe_in_the_place_of_the_brief_is_named(root: Path) -> None:
    os.mkfifo(root / "PROJECT.md")
    assert found(root)["guides"][0]["found"] == "PROJECT.md is not a file: the peers have no brief"


def test_processes_are_named_while_the_project_is_up(project: Project) -> None:
    with running(project.root):
        assert found(project.root)["services"][0]["found"].startswith("up: ledger, orchestrator, ")
    assert found(project.root)["services"][0]["found"] == "not running"


def test_tokens_are_said_to_be_there_and_never_shown(root: Path) -> None:
    (root / ".cccc/settings/discord.yaml").write_text("bot_token: secret-of-the-file\n")
    checks = found(root, SLACK_BOT_TOKEN="xoxb-secret", DISCORD_BOT_TOKEN="secret-too")
    assert "secret" not in json.dumps(checks)
    assert checks["telegram"][0]["found"].startswith("no token")
    assert "bot_token (SLACK_BOT_TOKEN)" in checks["slack"][0]["found"]
    assert "without app_token it only sends" in checks["slack"][0]["found"]
    assert checks["discord"][0]["verdict"] == "warn" and "discord.yaml wins" in checks["discord"][0]["mend"]


def test_an_open_door_to_the_peers_is_warned_of(root: Path) -> None:
    (root / ".cccc/settings/telegram.yaml").write_text("autoregister: open\n")
    _, door = found(root, TELEGRAM_BOT_TOKEN=TOKEN)["telegram"]
    assert door["verdict"] == "warn" and "`cccc bridge pair`" in door["mend"]
    assert len(found(root)["telegram"]) == 1  # without a token nobody can come in


def test_online_asks_the_platform_and_a_refused_token_is_bad(root: Path) -> None:
    server = Telegram()
    with closing(server):
        (root / ".cccc/settings/telegram.yaml").write_text(f"api_base_url: {server.url}\n")
        good = found(root, 0, "--online", TELEGRAM_BOT_TOKEN=TOKEN, no_proxy="*")["telegram"][1]
        assert good["verdict"] == "ok" and "@pair_bot" in good["found"]
        bad = found(root, 1, "--online", TELEGRAM_BOT_TOKEN=f"{TOKEN}x", no_proxy="*")["telegram"][1]
        assert bad["mend"] == "cccc token set telegram"
    nobody = found(root, 0, "--online", TELEGRAM_BOT_TOKEN=TOKEN, no_proxy="*")["telegram"][1]
    assert nobody["verdict"] == "warn" and TOKEN not in nobody["found"]
    assert len(found(root, TELEGRAM_BOT_TOKEN=TOKEN)["telegram"]) == 1
