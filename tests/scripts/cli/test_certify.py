from __future__ import annotations

from pathlib import Path

from tests.command import cccc


def test_a_cli_that_is_not_installed_cannot_be_certified(tmp_path: Path) -> None:
    said = cccc(tmp_path, "certify", "codex", code=3, PATH=str(tmp_path))
    assert said == "cccc: codex is not on the PATH; install it or name the other CLI\n"
