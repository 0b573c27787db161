"""Run the real `cccc` of this environment, and look at what it leaves running."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from cccc.common.paths import Project
from tests.waiting import PATIENCE, until

CCCC = Path(sys.executable).with_name("cccc")
_OF_A_TERMINAL = ("CCCC_HOME", "CLAUDE_I_CMD", "CODEX_I_CMD", "LINT_CMD", "TEST_CMD", "TMUX")


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would change what `cccc` does."""
    return {**{name: value for name, value in os.environ.items() if name not in _OF_A_TERMINAL}, **more}


def cccc(root: Path, *args: str, code: int | None = 0, input: str = "", **more: str) -> str:
    """Run `cccc` in `root`, check its exit code, and return what it printed, errors last."""
    done = subprocess.run(
        [str(CCCC), *args],
        cwd=root,
        env=environment(**more),
        input=input,
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )
    said = done.stdout + done.stderr
    assert code is None or done.returncode == code, f"cccc {' '.join(args)}: exit {done.returncode}\n{said}"
    assert "Traceback" not in done.stderr, said
    return said


class Terminal:
    """`cccc` on a terminal of its own, 200 x 50."""

    def __init__(self, root: Path, *args: str, **more: str) -> None:
        self._screen, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        env = environment(**{"TERM": "xterm", **more})
        self._process = subprocess.Popen(
            [str(CCCC), *args], cwd=root, env=env, stdin=end, stdout=end, stderr=end, start_new_session=True
        )
        os.close(end)
        self.said = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        end = time.monotonic() + 5 * PATIENCE
        try:
            while self._process.poll() is None:  # read on: tmux does not leave before its last words are read
                assert time.monotonic() < end, "it does not end"
                self._read(0.05)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._screen)

    def types(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def shows(self, text: str, limit: float = 20.0) -> None:
        """Read until `text` was shown."""
        end = time.monotonic() + limit * PATIENCE
        while text not in self.said:
            assert time.monotonic() < end and self._read(), f"never shown: {text!r} in {self.said!r}"

    def hides(self) -> None:
        """Wait until what is typed is not shown; what was typed before is thrown away."""
        until(lambda: not termios.tcgetattr(self._screen)[3] & termios.ECHO, what="an input that is not shown")

    def ends(self) -> int:
        """Read until the command has ended; return its exit code."""
        while self._read():
            pass
        return self._process.wait(10 * PATIENCE)

    def _read(self, wait: float = 1.0) -> bool:
        """Read what is there; return whether there can be more."""
        if not select.select([self._screen], [], [], wait)[0]:
            return True
        try:
            chunk = os.read(self._screen, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.said += chunk.decode(errors="replace")
        return bool(chunk)


def on_a_terminal(root: Path, *args: str, types: str = "", **more: str) -> tuple[int, str]:
    """Run `cccc` on a terminal, type something, and return exit code and what was shown."""
    with Terminal(root, *args, **more) as terminal:
        terminal.types(types)
        code = terminal.ends()
        return code, terminal.said


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
    return [command for command, _ in _working_in(root).values()]


def services_in(root: Path) -> dict[int, str]:
    """Return the services that work in `root`, by process. What one has forked is none, though it has its words."""
    found = _working_in(root)
    ours = {pid: words for pid, words in found.items() if " -I -m cccc.services." in words[0]}
    return {
        pid: command.split("cccc.services.")[1].strip()
        for pid, (command, parent) in ours.items()
        if command != found.get(parent, ("", 0))[0]
    }


def _working_in(root: Path) -> dict[int, tuple[str, int]]:
    """The command line and the parent of each process that works in `root` or below."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            where = (folder / "cwd").readlink()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if command and (where == root or root in where.parents):  # without words it is on its way out
                found[int(folder.name)] = (command, parent)
    return found
