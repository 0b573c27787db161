from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.running import peers


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("claude --dangerously-skip-permissions", peers.CLAUDE),
        ("/usr/local/bin/codex", peers.CODEX),
        ("env A=1 B=2 claude", peers.CLAUDE),
        ("IS_SANDBOX=1 claude", peers.CLAUDE),
        ("/x/python -I -m cccc.scripts.mock_agent --role peerA", peers.MOCK),
        ("cccc mock-agent --role peerB", peers.MOCK),
        ("opencode", peers.GENERIC),
        ("claude 'unclosed", peers.GENERIC),
        ("", peers.GENERIC),
    ],
)
def test_the_kind_of_a_cli_is_seen_in_its_command(command: str, expected: peers.Kind) -> None:
    assert peers.of(command) is expected


def test_the_settings_can_choose_every_kind_of_cli_that_there_is() -> None:
    file = Path(__file__).parents[3] / "conf" / "settings" / "cli_profiles.yaml"
    (told,) = (line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# kind: "))
    known = get_args(get_type_hints(Peer)["kind"])
    assert set(peers.KINDS) - set(known) == set(), "lacking in kind of Peer, common/settings/cli_profiles.py"
    assert {name for name in peers.KINDS if name not in told} == set(), f"lacking in {file}: {told}"
    assert set(known) - {""} - set(peers.KINDS) == set(), "lacking in services/delivery/running/peers"


def test_the_setting_decides_where_the_command_does_not_say() -> None:
    assert peers.of("my-wrapper", "codex") is peers.CODEX


def start(root: Path) -> peers.Start:
    return peers.Start(root, root / "spool", {"HOME": str(root / "home")})


def test_claude_gets_its_hooks_as_settings_of_this_start(tmp_path: Path) -> None:
    option, settings = peers.CLAUDE.hooks(start(tmp_path))
    assert option == "--settings"
    hooks = json.loads(settings)["hooks"]
    assert {"UserPromptSubmit", "PostToolUse", "Stop", "StopFailure"} <= set(hooks)
    assert str(tmp_path / "spool") in hooks["Stop"][0]["hooks"][0]["command"]


OWN = {
    "model": "opus",
    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}], "Notification": [{"hooks": []}]},
}


@pytest.mark.parametrize("form", ["claude --settings {} --model x", "env A=b claude --settings={}"])
@pytest.mark.parametrize("in_file", [True, False])
def test_the_settings_of_a_users_own_command_are_taken_into_ours(tmp_path: Path, form: str, in_file: bool) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    given = "own.json" if in_file else shlex.quote(json.dumps(OWN))
    where = peers.Start(tmp_path, tmp_path / "spool", {}, form.format(given))
    option, path = peers.CLAUDE.hooks(where)
    assert (option, Path(path).stat().st_mode & 0o777) == ("--settings", 0o600)
    merged = json.loads(Path(path).read_text())
    assert merged["model"] == "opus" and merged["hooks"]["Notification"] == [{"hooks": []}]
    theirs, ours = merged["hooks"]["Stop"]
    assert theirs == OWN["hooks"]["Stop"][0]  # type: ignore[index]
    assert "hook.sh" in ours["hooks"][0]["command"]


@pytest.mark.parametrize("given", ["nowhere.json", "'{broken'", "'[1]'"])
def test_settings_that_cannot_be_read_are_left_to_claude(tmp_path: Path, given: str) -> None:
    assert peers.CLAUDE.hooks(peers.Start(tmp_path, tmp_path, {}, f"claude --settings {given}")) == []


@pytest.mark.parametrize("folder", ["home/.codex", ".codex"])
@pytest.mark.parametrize(("file", "text"), [("hooks.json", "{}"), ("config.toml", "[[hooks.Stop]]\n")])
def test_codex_is_not_told_to_trust_hooks_that_are_not_ours(tmp_path: Path, folder: str, file: str, text: str) -> None:
    assert "--dangerously-bypass-hook-trust" in peers.CODEX.hooks(start(tmp_path))
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / file).write_text(text)
    assert peers.CODEX.hooks(start(tmp_path)) == []


def test_another_cli_gets_no_arguments(tmp_path: Path) -> None:
    assert peers.GENERIC.hooks(start(tmp_path)) == peers.GENERIC.resume("x") == []


def record(*payloads: dict[str, object]) -> str:
    return "".join(json.dumps({"type": "event_msg", "payload": payload}) + "\n" for payload in payloads)


@pytest.mark.parametrize(
    ("payload", "outcome", "error"),
    [
        ({"type": "task_complete"}, "done", ""),
        ({"type": "turn_aborted"}, "interrupted", ""),
        (
            {"type": "task_complete", "error": {"codex_error_info": "usage_limit_exceeded"}},
            "failed",
            "usage_limit_exceeded",
        ),
        ({"type": "token_count"}, "ended", ""),
    ],
)
def test_the_record_of_codex_says_how_a_turn_ended(
    tmp_path: Path, payload: dict[str, object], outcome: str, error: str
) -> None:
    file = tmp_path / "rollout.jsonl"
    file.write_text("x" * 100_000 + "\n" + record({"type": "task_started"}, payload))
    ending = peers.CODEX.ending(file)
    assert (ending.outcome, ending.error) == (outcome, error)
    assert peers.CODEX.ending(tmp_path / "gone").outcome == "ended"
