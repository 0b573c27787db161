"""`cccc log`, `/log` and the pointers to it, with a ledger and a panel service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from cccc.common import bus, commands
from cccc.common import facts as f
from cccc.common.commands import Asker
from cccc.common.commands.console import Console
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text import redaction
from tests.command import cccc, on_a_terminal
from tests.conftest import Start
from tests.waiting import until

LONG = "".join(f"word {number} " for number in range(900)) + "\nthe last line, token: sk-ant-api03-" + "A" * 90


def say(project: Project, mid: str, text: str, cls: type = f.ToUser) -> None:
    content = text.encode()
    Blobs(project).put(content)
    fact = cls(id=mid, author="PeerA", mid=mid, **f.body(content, redaction.default.redact))
    bus.tell(project, "orchestrator", [fact])


@pytest.fixture
def told(project: Project, service: Start) -> Iterator[Project]:
    """A project in which PeerA told the user six things, the last one at length."""
    (project.settings / "roles.yaml").touch()
    service("ledger")
    for number in range(5):
        say(project, f"u-{number}", f"thing {number}")
    say(project, "p-1", "to the other peer", f.ToPeer)
    say(project, "u-5", LONG)
    yield project


def test_what_the_peers_told_the_user_is_printed_in_full_with_secrets_masked(told: Project) -> None:
    said = cccc(told.root, "log", "--me")
    assert "thing 0" in said and "word 899" in said and "the last line" in said and "AAAAA" not in said
    assert "PeerA → you  [u-5]" in said and "to the other peer" not in said
    assert "PeerA → PeerB  [p-1]" in cccc(told.root, "log")
    assert cccc(told.root, "log", "--me", "-n", "2").count("→ you") == 2
    code, shown = on_a_terminal(told.root, "log", "--me", "-n", "1")
    assert code == 0 and "word 899" in shown


def test_what_landed_is_listed_with_its_subject_and_since_when(told: Project) -> None:
    landed = f.PatchCommit(
        id="m-1",
        author="PeerB",
        mid="m-1",
        source="patch.diff",
        lines=2,
        paths=["a.py"],
        branch="refs/heads/main",
        commit="abcdef0123" * 4,
        tests_ok=True,
        seconds=1.0,
        subject="Read numbers",
    )
    bus.tell(told, "evidence", [landed])
    words = "PeerB landed  [m-1]\nRead numbers: abcdef0123, 2 lines in 1.0 s\n"
    said = cccc(told.root, "log", "--landed", "--since", "10m")
    assert said.endswith(words) and "thing" not in said
    assert words in cccc(told.root, "log") and "thing 4" in cccc(told.root, "log", "--since", "10m")
    assert "no messages yet" in cccc(told.root, "log", "--since", "0s")
    cccc(told.root, "log", "--me", "--landed", code=2)


def test_one_message_is_printed_in_full_where_trace_and_ledger_show_cut_it(told: Project) -> None:
    assert "lines are cut; `cccc log u-5`" in cccc(told.root, "trace", "u-5")
    assert "lines are cut: `cccc log MID`" in cccc(told.root, "ledger", "show", "--mid", "u-5")
    assert "word 899" in cccc(told.root, "log", "u-5")
    assert "lines are cut" not in cccc(told.root, "trace", "u-1")
    assert "no such mid, commit or branch: u-9" in cccc(told.root, "log", "u-9", code=3)


def test_the_panel_and_status_begin_with_what_was_told_last(told: Project, service: Start) -> None:
    service("panel")

    def newest() -> bool:
        return told.status.exists() and [line["mid"] for line in json.loads(told.status.read_text())["told"]] == [
            f"u-{number}" for number in (5, 4, 3, 2, 1)
        ]

    until(newest, 20, "the status")
    with closing(Console(told, "panel")) as console:
        words = "\n".join(line.text for line in console.before())
        assert "PeerA: thing 3" in words and "thing 2" not in words and "`cccc log u-5`" in words
        assert console.heard() == []
    (line,) = (line for line in cccc(told.root, "status", code=None).splitlines() if "told you" in line)
    assert line.startswith("PeerA told you ") and "`cccc log --me`" in line and "word 1" in line


def test_the_command_shows_the_same_in_panel_console_and_chats(told: Project) -> None:
    def text(rest: str) -> str:
        return commands.run(told, "log", rest, Asker("alice", "telegram", "1", "-1")).text

    assert "thing 3" in text("") and "thing 2" not in text("")
    assert "thing 0" in text("9") and "word 899" in text("u-5") and "thing 4" not in text("1")
    assert "usage: /log" in text("a b") and "no such mid, commit or branch: nope" in text("nope")


def test_a_body_that_was_removed_is_said_so(told: Project) -> None:
    (sha,) = (
        json.loads(line)["sha"] for line in cccc(told.root, "ledger", "show", "--mid", "u-5", "--json").splitlines()
    )
    Blobs(told).remove(sha)
    assert "the rest was removed" in cccc(told.root, "log", "u-5")
