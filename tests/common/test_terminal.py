from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from cccc.common import terminal
from cccc.common.paths import Project
from cccc.common.terminal import inherited


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


def test_what_marks_another_agent_or_another_repository_is_not_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True)
    of_git = [*local.stdout.split(), "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE"]
    of_agents = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID"]
    of_agents += ["CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED", "CODEX_THREAD_ID", "GEMINI_CLI", "STY", "COLUMNS"]
    for name in (*of_git, *of_agents):
        monkeypatch.setenv(name, "1")
    terminal.save(project)
    assert not {*of_git, *of_agents} & set(terminal.environment(project))


@pytest.mark.parametrize(
    "name",
    [
        *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCODE_CONFIG"),
        *("GIT_AUTHOR_NAME", "GIT_SSH_COMMAND", "GIT_EDITOR", "GIT_SSL_CAINFO", "TMUX_TMPDIR", "CONDA_PREFIX"),
    ],
)
def test_what_the_user_has_set_is_kept(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "kept")
    terminal.save(project)
    assert terminal.environment(project)[name] == "kept"


def _venv(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    return folder


def _repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def _handed_on(root: Path, venv: Path, own: Path = Path("/usr/bin")) -> dict[str, str]:
    env = {"VIRTUAL_ENV": str(venv), "VIRTUAL_ENV_PROMPT": "(it)", "PATH": f"{venv}/bin:/usr/bin", "KEEP": "1"}
    return inherited.of(env, root, own)


def test_a_virtual_environment_of_another_repository_is_left_as_deactivate_does(tmp_path: Path) -> None:
    mine, other = _repository(tmp_path / "mine"), _repository(tmp_path / "other")
    assert _handed_on(mine, _venv(other / ".venv")) == {"PATH": "/usr/bin", "KEEP": "1"}


def test_the_environment_in_which_cccc_is_installed_stays_on_the_path(tmp_path: Path) -> None:
    mine, venv = _repository(tmp_path / "mine"), _venv(_repository(tmp_path / "other") / ".venv")
    assert _handed_on(mine, venv, venv / "bin") == {"PATH": f"{venv}/bin:/usr/bin", "KEEP": "1"}


@pytest.mark.parametrize("where", ["mine/.venv", "venvs/mine", "gone"])
def test_a_virtual_environment_that_may_be_the_projects_own_is_kept(tmp_path: Path, where: str) -> None:
    mine = _repository(tmp_path / "mine")
    venv = tmp_path / where if where == "gone" else _venv(tmp_path / where)
    assert _handed_on(mine, venv)["VIRTUAL_ENV"] == str(venv)
    assert _handed_on(mine, venv)["PATH"].startswith(f"{venv}/bin")


def test_a_virtual_environment_below_a_repository_that_holds_the_project_too_is_kept(tmp_path: Path) -> None:
    home = _repository(tmp_path)
    assert "VIRTUAL_ENV" in _handed_on(_repository(home / "mine"), _venv(home / "venvs" / "mine"))


def test_a_virtual_environment_in_another_work_tree_of_the_repository_is_kept(tmp_path: Path) -> None:
    mine = _repository(tmp_path / "mine")
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    subprocess.run(["git", *identity, "commit", "-qm", "x", "--allow-empty"], cwd=mine, check=True)
    subprocess.run(["git", "worktree", "add", "-q", str(tmp_path / "linked")], cwd=mine, check=True)
    assert "VIRTUAL_ENV" in _handed_on(tmp_path / "linked", _venv(mine / ".venv"))
