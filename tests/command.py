"""Run the real `cccc` of this environment, and look at what it leaves running."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cccc.common.paths import Project

CCCC = Path(sys.executable).with_name("cccc")
_OF_A_TERMINAL = ("CCCC_HOME", "CLAUDE_I_CMD", "CODEX_I_CMD", "LINT_CMD", "TEST_CMD", "TMUX")


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would change what `cccc` does."""
    return {**{name: value for name, value in os.environ.items() if name not in _OF_A_TERMINAL}, **more}


def cccc(root: Path, *args: str, code: int | None = 0, input: str = "", **more: str) -> str:
    """Run `cccc` in `root`, check its exit code, and return what it printed, errors last."""
    done = subprocess.run(
        [str(CCCC), *args], cwd=root, env=environment(**more), input=input, capture_output=True, text=True, timeout=60
    )
    said = done.stdout + done.stderr
    assert code is None or done.returncode == code, f"cccc {' '.join(args)}: exit {done.returncode}\n{said}"
    assert "Traceback" not in done.stderr, said
    return said


@contextlib.contextmanager
def running(root: Path, **more: str) -> Iterator[Project]:
    """Keep a project with mock peers up in the repository `root`; nothing of it runs afterwards."""
    project = Project(root / ".cccc")
    cccc(root, "init")
    try:
        cccc(root, "up", "--mock", code=0, input="", **more)
        yield project
    finally:
        cccc(root, "down")
        assert processes_in(root) == []


def processes_in(root: Path) -> list[str]:
    """Return the command lines of the processes that work in `root` or below."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            where = (folder / "cwd").readlink()
            if where == root or root in where.parents:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
