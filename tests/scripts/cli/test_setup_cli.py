from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.common.paths import PEERS, Project
from tests.command import cccc, on_a_terminal, running

CLAUDE = '{\n  "hasCompletedOnboarding": true,\n  "theme": "dark"\n}\n'
CODEX = 'model = "x"  # mine\nmodel_provider = "own"\n'


@pytest.fixture
def clis(project: Project, tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has set up both CLIs, and never started them in this project."""
    cccc(project.root, "init")
    home = tmp_path / "home"
    (home / ".codex").mkdir(parents=True)
    (home / ".claude.json").write_text(CLAUDE)
    (home / ".codex" / "config.toml").write_text(CODEX)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("claude", "codex"):
        (programs / name).touch(0o755)
    return {
        "HOME": str(home),
        "CLAUDE_I_CMD": f"IS_SANDBOX=1 {programs}/claude --dangerously-skip-permissions",
        "CODEX_I_CMD": f"{programs}/codex",
    }


def test_the_changes_are_shown_and_made_and_nothing_is_left(
    project: Project, clis: dict[str, str], tmp_path: Path
) -> None:
    said = cccc(project.root, "setup-cli", "--yes", code=0, input="", **clis)
    home, root = tmp_path / "home", project.root
    assert f'+  "projects": {{"{root}": {{"hasTrustDialogAccepted": true}}}},\n' in said
    known = (home / ".claude.json").read_text()
    assert json.loads(known)["projects"][str(root)] == {"hasTrustDialogAccepted": True}
    assert known.replace(f'  "projects": {{"{root}": {{"hasTrustDialogAccepted": true}}}},\n', "") == CLAUDE
    assert json.loads((home / ".claude" / "settings.json").read_text()) == {"skipDangerousModePermissionPrompt": True}
    config = (home / ".codex" / "config.toml").read_text()
    assert config == f'{CODEX}\n[projects."{root}"]\ntrust_level = "trusted"\n'
    assert cccc(root, "setup-cli", code=0, input="", **clis).count("no prompts expected") == 2


def test_doctor_names_it(project: Project, clis: dict[str, str]) -> None:
    assert "trust this folder; cccc setup-cli" in cccc(project.root, "doctor", code=None, **clis)


def test_nothing_is_written_without_a_yes(project: Project, clis: dict[str, str], tmp_path: Path) -> None:
    code, said = on_a_terminal(project.root, "setup-cli", "codex", types="n\n", **clis)
    assert code == 1
    assert "Write this?" in said and "PeerA" not in said
    assert (tmp_path / "home" / ".codex" / "config.toml").read_text() == CODEX


def test_a_cli_that_no_peer_is_started_with_is_said_to_be_none(project: Project, clis: dict[str, str]) -> None:
    clis["CLAUDE_I_CMD"] = "aider --yes"
    assert cccc(project.root, "setup-cli", "claude", code=0, input="", **clis) == (
        "no peer is started with claude: PeerA with `aider --yes` (CLAUDE_I_CMD), "
        f"PeerB with `{clis['CODEX_I_CMD']}` (CODEX_I_CMD)\n"
    )


def test_a_cli_that_is_not_installed_is_not_to_be_started(project: Project, clis: dict[str, str]) -> None:
    clis["CODEX_I_CMD"] = "no-such/codex"
    said = cccc(project.root, "setup-cli", "codex", code=1, input="", **clis)
    assert said == "PeerB: no-such/codex (CODEX_I_CMD) is not on the PATH; install it first\n"


def test_while_mock_peers_run_it_says_so(project: Project) -> None:
    with running(project.root):
        mocks = "PeerA with a mock peer (CLAUDE_I_CMD), PeerB with a mock peer (CODEX_I_CMD)"
        assert cccc(project.root, "setup-cli", "claude") == f"no peer is started with claude: {mocks}\n"
        assert cccc(project.root, "setup-cli") == "".join(f"{peer}: a mock peer asks nothing\n" for peer in PEERS)


def test_what_only_a_person_can_answer_is_said(project: Project, clis: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home" / ".claude.json").unlink()
    said = cccc(project.root, "setup-cli", "claude", code=1, **clis)
    assert "never set up" in said and "answer its prompts" in said
    assert not (tmp_path / "home" / ".claude.json").exists()
