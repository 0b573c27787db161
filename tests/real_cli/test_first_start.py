"""What `cccc setup-cli` writes is what the real CLIs read."""

from __future__ import annotations

from pathlib import Path

from cccc.common import facts
from cccc.common.paths import Project
from cccc.scripts.certify import homes
from tests.command import cccc
from tests.real_cli.conftest import Pair
from tests.real_cli.test_safety import rules


def test_both_clis_start_without_a_question_after_setup_cli(project: Project, tmp_path: Path) -> None:
    pair = Pair(project, tmp_path / "home", homes.NEW)
    pair.claude.rules, pair.codex.rules = rules("Bash"), rules("exec_command")
    cccc(project.root, "init")
    said = cccc(project.root, "setup-cli", "--yes", code=0, input="", **pair.environment)
    assert said.count("written: ") == 3
    try:
        pair.up()
        pair.send("both: hello")
        pair.await_(facts.HandoffAccepted, 2)
        assert not [held.reason for held in pair.heard(facts.NudgeHeld) if "dialog" in held.reason]
    finally:
        pair.close()
