"""Which lines are for the program, and what is done with them."""

from __future__ import annotations

import pytest

from cccc.common.commands.meant import Meant, meant

HERE = ("status", "queue", "trace", "rfd", "pause", "help", "stop")


@pytest.mark.parametrize(
    "line", ["?", "??", "\uff1f", "help", "HELP!", "help?", " h ", "/?", "/start", "--help", "cccc"]
)
def test_who_asks_for_help_gets_the_list(line: str) -> None:
    assert meant(line, HERE, chat=False) == Meant("help")


@pytest.mark.parametrize(
    "line", ["exit", "Quit", "exit()", ":q", ":q!", ":wq", "/exit", "/quit", "logout", "\\q", "quit."]
)
def test_who_wants_to_leave_is_told_how(line: str) -> None:
    for chat, words in ((False, "q quits, everything keeps running"), (True, "/unsubscribe unsubscribes this chat")):
        found = meant(line, HERE, chat)
        assert found and found.words.startswith(words)


@pytest.mark.parametrize(
    ("line", "command", "rest"),
    [
        ("cccc status", "status", ""),
        ("$ cccc status", "status", ""),
        ("`cccc queue`", "queue", ""),
        ("sudo .venv/bin/cccc trace cli-1-2", "trace", "cli-1-2"),
        ("CCCC RFD list", "rfd", "list"),
        ("cccc rfd show r-1", "rfd", "show r-1"),
        ("cccc help", "help", ""),
    ],
)
def test_a_command_line_that_only_shows_is_shown(line: str, command: str, rest: str) -> None:
    assert meant(line, HERE, chat=True) == Meant(command, rest)


@pytest.mark.parametrize(
    "line",
    [
        *("cccc rfd approve x", "cccc rfd list; cccc rfd approve x", "cccc pause", "cccc stop both", "cccc down"),
        *(
            "cccc patch revert m",
            "cccc token set telegram 123:ABC",
            "cccc status --json",
            "cccc --version",
            "cccc statsu",
        ),
        *("cccc send 'a: hello'", "/unknown", "/unknown thing", "/approve r-1", "status", "PAUSE", "stop"),
    ],
)
def test_what_decides_something_or_is_not_known_is_answered_and_not_done(line: str) -> None:
    found = meant(line, HERE, chat=False)
    assert found and found.words and not found.command
    assert "ABC" not in found.words


@pytest.mark.parametrize(
    "line",
    [
        *(
            "help me fix the parser",
            "exit the loop early",
            "quit smoking",
            "what is cccc?",
            "cccc is slow here",
            "status?",
        ),
        *("/etc/passwd is gone", "/a help", "/both exit", "a: help", "? what", "help\nme", "cccc status\nsays nothing"),
        *("why does cccc status hang", "", "ok", "go on", ":quiet mode", "http://x.org/cccc"),
    ],
)
def test_everything_else_is_for_the_peers(line: str) -> None:
    assert meant(line, HERE, chat=False) is None
