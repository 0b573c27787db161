"""The pane program in a real tmux pane, beside a real panel service."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from tests.conftest import Start
from tests.waiting import until

AT_ONCE = 2.5


class Pane:
    """One pane on a tmux server of its own."""

    def __init__(self, project: Project, socket: Path) -> None:
        self._project = project
        self._socket = socket

    def tmux(self, *args: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, width: int, height: int, **environment: str) -> None:
        words = {"CCCC_HOME": str(self._project.home), **environment}
        exports = [f"{name}={shlex.quote(value)}" for name, value in words.items()]
        view = shlex.join([sys.executable, "-I", "-m", "cccc.services.tui.program"])
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), f"env {' '.join(exports)} {view}")
        self.tmux("set", "-g", "status", "off")
        self.tmux("set", "-g", "remain-on-exit", "on")
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def text(self, *flags: str) -> str:
        return self.tmux("capture-pane", "-p", *flags)

    def shows(self, *words: str, limit: float = 10.0) -> str:
        """Wait until every one of these words is on the screen; return the screen."""

        def look() -> str:
            text = self.text()
            return text if all(word in text for word in words) else ""

        try:
            return until(look, limit, f"{words} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def shows_headline_of(self, width: int) -> None:
        until(lambda: len(self.text().split("\n")[0]) == width, AT_ONCE, f"a headline of {width} columns")

    def modes(self) -> list[str]:
        """Return whether the program has ended, and whether the screen is the alternate one."""
        return self.tmux("display", "-p", "#{pane_dead} #{alternate_on}").split()

    def pid(self) -> int:
        return int(self.tmux("display", "-p", "#{pane_pid}"))


@pytest.fixture
def pane(project: Project, tmp_path: Path) -> Iterator[Pane]:
    pane = Pane(project, tmp_path / "tmux")
    yield pane
    subprocess.run(["tmux", "-S", str(tmp_path / "tmux"), "kill-server"], check=False, capture_output=True)


def say(project: Project, text: str) -> None:
    fact = f.UserMessage(id=text, mid=text, via="cli", route="a", sha="0" * 64, size=5, text=text)
    bus.tell(project, "cli", [fact])


@pytest.mark.parametrize("size", [(60, 15), (200, 50)])
def test_a_fact_appears_in_a_pane_of_any_size(
    project: Project, service: Start, pane: Pane, size: tuple[int, int]
) -> None:
    service("ledger")
    service("panel")
    pane.start(*size)
    pane.shows("repo", "PeerA", "PeerB", "patches", "services", "facts")
    say(project, "hello-there")
    lines = pane.shows("user-message", "hello-there", limit=AT_ONCE).rstrip("\n").split("\n")
    assert len(lines) <= size[1] and all(len(line) <= size[0] for line in lines)
    assert lines[0].startswith("repo") and lines[0][-3] == ":"


def test_the_picture_follows_the_size_of_the_pane(project: Project, service: Start, pane: Pane) -> None:
    service("ledger")
    service("panel")
    pane.start(60, 15)
    pane.shows("2/5 ready")
    for width, height in ((200, 50), (60, 15), (99, 14)):
        pane.resize(width, height)
        pane.shows_headline_of(width)


def test_the_view_waits_for_a_status_and_for_its_folder(project: Project, service: Start, pane: Pane) -> None:
    assert not project.state.exists()
    pane.start(60, 15)
    pane.shows("reconnecting", "yet;")
    service("ledger")
    service("panel")
    assert "reconnecting" not in pane.shows("2/5 ready")


def test_a_status_of_another_version_is_no_reason_to_die(project: Project, service: Start, pane: Pane) -> None:
    project.state.mkdir()
    project.status.write_text('{"session": "x", "phase": "discovery", "ts": "12:00"}')
    pane.start(60, 15)
    pane.shows("reconnecting")
    service("ledger")
    service("panel")
    pane.shows("2/5 ready")


def test_a_killed_panel_service_is_said_and_its_successor_is_shown(
    project: Project, service: Start, pane: Pane
) -> None:
    service("ledger")
    panel = service("panel")
    pane.start(60, 15)
    pane.shows("2/5 ready")
    panel.kill()
    panel.wait()
    pane.shows("repo  reconnecting")
    service("panel")
    until(lambda: "reconnecting" not in pane.text(), 10, "connected again")


def test_a_project_that_was_stopped_is_not_shown_as_running(project: Project, service: Start, pane: Pane) -> None:
    service("ledger")
    panel = service("panel")
    pane.start(60, 15)
    for _ in range(2):
        pane.shows("2/5 ready")
        panel.terminate()
        panel.wait()
        supervisor.down(project)
        pane.shows("repo  not running: `cccc up`")
        assert "ready" not in pane.text() and "up <1m" not in pane.text()
        service("ledger")
        panel = service("panel")
    pane.shows("2/5 ready")


def test_no_color_is_respected(project: Project, service: Start, pane: Pane) -> None:
    service("ledger")
    service("panel")
    pane.start(60, 15, NO_COLOR="1")
    pane.shows("repo")
    assert not re.search(r"\x1b\[[\d;]*\b[349][0-8]\b", pane.text("-e"))


def test_the_end_leaves_the_terminal_as_it_was(project: Project, service: Start, pane: Pane) -> None:
    service("ledger")
    service("panel")
    pane.start(60, 15)
    pane.shows("2/5 ready")
    assert pane.modes() == ["0", "1"]
    os.kill(pane.pid(), signal.SIGTERM)
    until(lambda: pane.modes() == ["1", "0"], 5, "left")


def test_without_a_terminal_it_says_what_else_to_use(project: Project) -> None:
    command = [sys.executable, "-I", "-m", "cccc.services.tui.program"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("the panel needs a terminal; use `cccc status`")
