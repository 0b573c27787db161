"""A short torture run, as a person starts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.command import CCCC, environment

FAULTS = 8


def test_a_short_run_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    argv = [str(CCCC), "torture", "--rounds", str(FAULTS), "--seed", "1", "--keep", str(tmp_path / "kept")]
    done = subprocess.run(argv, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FAULTS} patches" in done.stdout
    assert f"{4 * FAULTS} chat lines, {4 * FAULTS} posts" in done.stdout
    assert "lines lost 0, lines twice 0, lines reordered 0, posts lost 0, posts twice 0" in done.stdout
    assert "handoffs lost 0, handoffs twice 0, handoffs reordered 0, patches lost 0" in done.stdout
    assert "Left over after `cccc down`: nothing." in done.stdout
