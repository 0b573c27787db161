"""`cccc console` in a pipe and on a terminal, and who may use it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.machine import tmux
from cccc.common.paths import Project
from tests.command import CCCC, Terminal, cccc, environment, running
from tests.conftest import make_project
from tests.waiting import until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One running system for all tests."""
    project = make_project(tmp_path_factory.mktemp("console") / "repo")
    with running(project.root):
        yield project


def messages(project: Project) -> list[str]:
    return [fact.text for fact in ledger.read(project) if isinstance(fact, f.UserMessage)]


def test_every_line_of_a_pipe_is_answered_and_the_end_of_input_stops_nothing(up: Project) -> None:
    said = cccc(up.root, "console", input="/pause\na: one \\\ntwo\n/nope\n/resume").splitlines()
    assert [line.split()[0] for line in said] == ["paused;", "to", "unknown", "resumed"]
    assert messages(up)[-1] == "one \ntwo"
    assert cccc(up.root, "console", input="") == ""
    assert "/stop" in cccc(up.root, "console", input="/help\nq\n/nope\n")
    assert "up, cccc-supervised" in cccc(up.root, "status")


def test_what_is_no_text_is_taken_without_a_traceback(up: Project) -> None:
    done = subprocess.run(
        [str(CCCC), "console"], cwd=up.root, env=environment(), input=b"a: \xff\n", capture_output=True, check=True
    )
    assert b"\nto PeerA: " in b"\n" + done.stdout and done.stderr == b""
    assert messages(up)[-1] == "\ufffd"


def test_a_terminal_has_history_completion_and_shows_what_a_peer_says(up: Project) -> None:
    with Terminal(up.root, "console") as terminal:
        terminal.shows("q quits")
        terminal.shows("cccc> ")
        terminal.types("/que\t\r")
        terminal.shows("the queue is empty")
        terminal.types("\x1b[A")
        terminal.shows("cccc> /queue", 5)
        fresh = up.peer("PeerA") / ".fresh"
        fresh.write_text("the report is ready")
        fresh.replace(up.peer("PeerA") / "to_user.md")
        terminal.shows("PeerA: the report is ready")
        terminal.types("\x15\x04")
        assert terminal.ends() == 0
    assert "up, cccc-supervised" in cccc(up.root, "status")


def test_a_program_of_a_peer_may_not_use_it(up: Project) -> None:
    peer = tmux.panes(up)["PeerA"]
    words = f"cd {shlex.quote(str(up.root))} && echo /pause | {CCCC} console > said 2>&1; echo $? > code; sleep 60"
    tmux.respawn(up, peer.id, peer.run, "sh", "-c", words)
    until(lambda: (up.root / "code").exists() and (up.root / "code").read_text(), 15, "the end of the console")
    assert (up.root / "code").read_text() == "6\n"
    assert (up.root / "said").read_text() == "cccc: PeerA cannot use the console; write to_user.md\n"
