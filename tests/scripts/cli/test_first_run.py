from __future__ import annotations

from pathlib import Path

import pytest

from cccc.scripts.certify import homes
from cccc.scripts.cli import first_run


@pytest.mark.parametrize("kind", ["claude", "codex"])
def test_a_home_that_is_prepared_asks_nothing(tmp_path: Path, kind: str) -> None:
    environment = homes.prepare(tmp_path / "home", tmp_path, "http://x", "http://x")
    assert first_run.questions(homes.command(kind, kind), "", tmp_path, environment) == []


def test_what_a_cli_will_ask_is_foreseen(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    trust = "it will ask whether this folder is trusted"
    assert "never set up" in first_run.questions("claude", "", tmp_path, environment)[0]
    assert first_run.questions("codex", "", tmp_path, environment) == [trust]
    (tmp_path / ".claude.json").write_text('{"hasCompletedOnboarding": true}')
    assert first_run.questions("claude --dangerously-skip-permissions", "", tmp_path, environment) == [
        trust,
        "it will warn of its bypass mode",
    ]
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "hooks.json").write_text("{}")
    assert "unproved" in first_run.questions("codex", "", tmp_path, environment)[1]
    assert first_run.questions("opencode", "", tmp_path, environment) == []
