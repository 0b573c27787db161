"""Tab in a real shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import CCCC, cccc

PRESSED = """
eval "$(cccc completion bash)"
COMP_WORDS=({words}) COMP_CWORD={at}
_cccc_completion cccc
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(words: str) -> list[str]:
    """Return what bash offers for the last of the words."""
    script = PRESSED.format(words=words, at=len(words.split()) - 1)
    env = {**os.environ, "PATH": f"{CCCC.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", script], env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("cccc do", ["doctor", "down"]),
        ("cccc token un", ["unset"]),
        ("cccc doctor --on", ["--online"]),
        ("cccc completion z", ["zsh"]),
    ],
)
def test_bash_completes_commands_options_and_choices(words: str, offered: list[str]) -> None:
    assert completed(words) == offered


@pytest.mark.parametrize(("shell", "file"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", "config.fish")])
def test_the_first_line_says_what_to_put_where(tmp_path: Path, shell: str, file: str) -> None:
    first, *rest = cccc(tmp_path, "completion", shell).splitlines()
    assert first.startswith("# In ~/.") and file in first and f"cccc completion {shell}" in first
    assert any("_CCCC_COMPLETE" in line for line in rest)
