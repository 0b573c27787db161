from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.scripts.certify import homes
from cccc.scripts.cli import first_run


@pytest.mark.parametrize("kind", ["claude", "codex"])
def test_a_home_that_is_prepared_asks_nothing(tmp_path: Path, kind: str) -> None:
    environment = homes.prepare(tmp_path / "home", tmp_path, "http://x", "http://x")
    assert first_run.questions(homes.command(kind, kind), "", tmp_path, environment) == []


def asked(command: str, root: Path, environment: dict[str, str]) -> list[str]:
    return [question.text for question in first_run.questions(command, "", root, environment)]


def test_what_a_cli_will_ask_is_foreseen(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "IS_SANDBOX": "1"}
    trust = "it will ask whether to trust this folder"
    assert "never set up" in asked("claude", tmp_path, environment)[0]
    assert asked("codex", tmp_path, environment) == ["it will ask for a login", trust]
    assert asked("codex", tmp_path, {**environment, "OPENAI_API_KEY": "x"}) == [trust]
    (tmp_path / ".claude.json").write_text('{"hasCompletedOnboarding": true}')
    assert asked("claude --dangerously-skip-permissions", tmp_path, environment) == [
        trust,
        "it will show its bypass mode warning",
    ]
    key = {**environment, "ANTHROPIC_API_KEY": "sk-" + "0" * 20}
    assert asked("claude", tmp_path, key) == ["it will ask whether to use ANTHROPIC_API_KEY", trust]
    (tmp_path / ".claude.json").write_text(
        json.dumps({"hasCompletedOnboarding": True, "customApiKeyResponses": {"approved": ["0" * 20]}})
    )
    assert asked("claude", tmp_path, key) == [trust]
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").write_text("{}")
    (tmp_path / ".codex" / "hooks.json").write_text("{}")
    assert "not confirmed" in asked("codex", tmp_path, environment)[1]
    assert asked("opencode", tmp_path, environment) == []


def test_a_file_that_cannot_be_read_is_left_to_its_cli(tmp_path: Path) -> None:
    (tmp_path / ".claude.json").write_bytes(b"\xff")
    assert "never set up" in asked("claude", tmp_path, {"HOME": str(tmp_path)})[0]
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "config.toml").write_bytes(b"\xff")
    assert first_run.questions("codex", "", tmp_path, {"HOME": str(tmp_path)})[-1].change is None


def test_settings_of_the_command_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    environment = homes.prepare(tmp_path / "home", tmp_path, "http://x", "http://x")
    command = homes.command("claude", "claude")
    assert "so our hooks are not added" in asked(f"{command} --settings nowhere.json", tmp_path, environment)[0]
    assert asked(f"{command} --settings '{{}}'", tmp_path, environment) == []
