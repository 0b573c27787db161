from __future__ import annotations

import os
import stat

import pytest

from cccc.common import terminal
from cccc.common.paths import Project


@pytest.fixture(autouse=True)
def state(project: Project) -> None:
    project.make_run()


def test_the_environment_of_the_terminal_is_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "ed -p'*'\n")
    terminal.save(project)
    monkeypatch.setenv("EDITOR", "another")
    assert terminal.environment(project)["EDITOR"] == "ed -p'*'\n"


def test_tokens_and_our_own_variables_are_not_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.settings / "telegram.yaml").write_text("token_env: MY_BOT\n")
    dropped = ("TELEGRAM_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "DISCORD_BOT_TOKEN", "MY_BOT")
    ours = ("CCCC_HOME", "SUPERVISOR_ENABLED", "TMUX", "TMUX_PANE")
    for name in (*dropped, *ours):
        monkeypatch.setenv(name, "12345:secret")
    monkeypatch.setenv("TMUX_TMPDIR", "/somewhere")
    terminal.save(project)
    assert "secret" not in project.terminal.read_text()
    assert not set(dropped + ours) & set(terminal.environment(project))
    assert terminal.environment(project)["TMUX_TMPDIR"] == "/somewhere"


def test_the_umask_of_the_terminal_is_kept(project: Project) -> None:
    before = os.umask(0o027)
    try:
        terminal.save(project)
    finally:
        os.umask(before)
    assert terminal.umask(project) == 0o027


def test_the_file_is_for_its_owner_only_and_whole(project: Project) -> None:
    terminal.save(project)
    terminal.save(project)
    assert stat.S_IMODE(project.terminal.stat().st_mode) == 0o600
    assert [path.name for path in project.state.glob("terminal*")] == ["terminal.json"]


def test_a_value_that_is_not_utf8_comes_back_as_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", os.fsdecode(b"caf\xe9"))
    terminal.save(project)
    assert os.fsencode(terminal.environment(project)["NAME"]) == b"caf\xe9"


def test_without_up_a_service_uses_what_it_has_itself(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    assert terminal.environment(project)["EDITOR"] == "ed"
    assert "SLACK_BOT_TOKEN" not in terminal.environment(project)
