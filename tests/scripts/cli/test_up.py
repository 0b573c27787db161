"""What `cccc up` and its neighbours refuse, and what they say when nothing runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.paths import Project
from tests.command import Terminal, cccc, on_a_terminal, processes_in


@pytest.fixture
def root(project: Project) -> Iterator[Path]:
    cccc(project.root, "init")
    yield project.root
    cccc(project.root, "down")


@pytest.mark.corpus(2)
@pytest.mark.parametrize("words", ["ps", "restart panel", "ctl status", "attach", "send hello", "ledger archive"])
def test_what_needs_a_running_system_exits_4_and_says_how_to_start_it(root: Path, words: str) -> None:
    said = cccc(root, *words.split(), code=4)
    assert said.count("\n") == 1 and "cccc up" in said


def test_down_when_nothing_runs_is_done(root: Path) -> None:
    assert cccc(root, "down") == "not running\n"


def test_status_when_nothing_runs_prints_what_is_known_and_exits_4(root: Path) -> None:
    said = cccc(root, "status", code=4)
    assert "not running" in said and "PeerA" in said
    assert '"running": false' in cccc(root, "status", "--json", code=4)


def test_no_service_starts_on_a_wrong_setting(root: Path) -> None:
    (root / ".cccc/settings/roles.yaml").write_text("leader: peerC\nleeder: peerA\n")
    said = cccc(root, "up", "--mock", code=1)
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        ".cccc/settings/roles.yaml:1",
        ".cccc/settings/roles.yaml:2",
    ]
    assert processes_in(root) == []


def test_a_missing_cli_is_named_and_the_mock_peers_are_offered(root: Path) -> None:
    said = cccc(root, "up", code=1, CLAUDE_I_CMD="no-such-cli -x", CODEX_I_CMD="sh")
    assert "PeerA: no-such-cli (CLAUDE_I_CMD) is not on the PATH" in said
    assert "PeerB" not in said
    assert "cccc up --mock" in said.splitlines()[-1]
    assert processes_in(root) == []


def test_on_a_terminal_a_missing_cli_is_a_question_and_no_means_no(root: Path) -> None:
    code, said = on_a_terminal(root, "up", types="n\n", CLAUDE_I_CMD="no-such-cli", CODEX_I_CMD="no-such-cli")
    assert code == 1 and "(no AI) instead?" in said
    assert processes_in(root) == []


def test_it_starts_where_the_state_was_removed(root: Path) -> None:
    shutil.rmtree(root / ".cccc" / "state")
    assert "are ready" in cccc(root, "up", "--mock")


def test_without_tmux_up_says_what_to_install(root: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(str(shutil.which("git")))
    assert "tmux is not installed" in cccc(root, "up", "--mock", code=1, PATH=str(programs))


def test_a_service_that_cannot_start_is_named_with_its_log_and_everything_stops(root: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.written").mkdir()  # a point that cannot be passed: it is no file that could be removed
    said = cccc(root, "up", "--mock", code=1, CCCC_FAULTS=str(tmp_path))
    assert "  ledger: " in said
    assert said.splitlines()[-1].endswith("; see `cccc logs ledger`") and "not ready within" not in said
    assert processes_in(root) == []


@pytest.mark.parametrize("words", [["send"], ["send", "-"], ["send", "a:  "]])
def test_an_empty_message_is_not_sent(root: Path, words: list[str]) -> None:
    assert "nothing to send" in cccc(root, *words, code=2)


def test_a_message_that_is_too_large_is_refused(root: Path) -> None:
    (root / ".cccc/settings/cli_profiles.yaml").write_text("mailbox: {max_bytes: 10}\n")
    assert "(limit 10)" in cccc(root, "send", "-", input="more than ten bytes", code=2)


def test_logs_of_an_unknown_service_and_of_one_without_a_log(root: Path) -> None:
    assert "choose from ledger" in cccc(root, "logs", "leger", code=3)
    assert "no log" in cccc(root, "logs", "ledger", code=3)


def test_logs_show_the_last_lines(root: Path) -> None:
    (root / ".cccc/logs/panel.log").write_text("one\ntwo\nthree\n")
    assert cccc(root, "logs", "panel", "-n", "2") == "two\nthree\n"


def test_the_mock_peer_starts_from_the_command_line(root: Path) -> None:
    with Terminal(root, "mock-agent", "--role", "peerA") as terminal:
        terminal.shows("mock peerA")


def test_a_scenario_that_is_not_there_is_wrong_usage(root: Path) -> None:
    assert "nowhere.yaml" in cccc(root, "mock-agent", "--role", "peerA", "--scenario", "nowhere.yaml", code=2)


def test_a_version_that_was_not_certified_is_said_once(root: Path, tmp_path: Path) -> None:
    for name, version in (("claude", "9.9.9 (Claude Code)"), ("codex", "codex-cli 0.169.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n[ $1 = --version ] && echo '{version}' || sleep 60\n")
        (tmp_path / name).chmod(0o755)
    both = {"CLAUDE_I_CMD": f"{tmp_path}/claude --fast", "CODEX_I_CMD": f"A=B {tmp_path}/codex"}
    said = cccc(root, "up", code=0, input="", **both)
    assert "PeerA: claude 9.9.9 is not the 2.1.330" in said and "codex 0" not in said
    cccc(root, "down")
    assert "9.9.9" not in cccc(root, "up", code=0, input="", **both)
