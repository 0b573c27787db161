"""What a person types, and what it is answered, on a running system with mock peers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.commands.console import FORMS, Console, completions, leaves
from cccc.common.facts import Fact
from cccc.common.paths import Project
from tests.command import cccc, running
from tests.conftest import make_project
from tests.waiting import until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = make_project(tmp_path_factory.mktemp("console") / "repo")
    with running(project.root):
        yield project


@pytest.fixture
def console(up: Project) -> Iterator[Console]:
    with closing(Console(up, "panel")) as console:
        yield console


def said(console: Console, text: str) -> tuple[str, list[Fact]]:
    """Type a line; return its answer and what a person has said by it."""
    before = ledger.end(console.project)
    words = "\n".join(line.text for line in console.answer(text))
    facts = [fact for fact in ledger.read(console.project, before) if fact.by == "cli"]
    return words, facts


@pytest.mark.parametrize(
    ("line", "route", "text"),
    [
        ("a: hello", "a", "hello"),
        ("B：hello", "b", "hello"),  # noqa: RUF001  # full-width, from Asian keyboards
        ("both: two\nlines", "both", "two\nlines"),
        ("u: hello", "both", "hello"),
        ("what is next?", "both", "what is next?"),
        ("/a hello", "a", "hello"),
        ("/both hello", "both", "hello"),
    ],
)
def test_a_line_for_the_peers_is_stored_and_its_mid_is_the_answer(
    console: Console, line: str, route: str, text: str
) -> None:
    words, facts = said(console, line)
    (message,) = facts
    assert isinstance(message, f.UserMessage)
    assert (message.route, message.text, message.via) == (route, text, "panel")
    assert words.endswith(message.mid)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/refresh b", "resending the system prompt to PeerB"),
        ("/showpeers off", "chats show only"),
        ("/anti-off", "the handoff filter is off"),
        ("/anti-status", "the handoff filter is off (switched by a person)"),
        ("/anti-on", "the handoff filter is on"),
        ("/status", "repo: up"),
        ("cccc status", "repo: up"),
        ("?", "/queue: patches"),
        ("help", "/queue: patches"),
        ("/queue", "the queue is empty"),
        ("/locks", "orchestrator.lock"),
        ("/rfd", "no open requests"),
        ("/echo", "echo is on"),
        ("/echo off", "echo is off"),
        ("/stop b", "PeerB: "),
        ("b! what is next?", "PeerB: "),
    ],
)
def test_every_command_is_done_and_answered(console: Console, line: str, words: str) -> None:
    assert words in said(console, line)[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/nope", "unknown command /nope; see /help"),
        ("exit", "q quits, everything keeps running"),
        (":q", "q quits, everything keeps running"),
        ("cccc rfd approve nope", "`cccc rfd` was not run"),
        ("cccc down", "`cccc down` was not run"),
        ("/echo loud", "/echo [on|off]"),
        ("/rfd approve nope", "no request nope"),
        ("a:", "nothing to send"),
        ("a!", "nothing to type"),
        ("pause", "/pause is the command"),
    ],
)
def test_a_line_that_means_nothing_is_answered_in_red_and_says_nothing(console: Console, line: str, words: str) -> None:
    (answer,) = console.answer(line)
    assert words in answer.text and answer.colour == "red"
    assert said(console, line)[1] == []


@pytest.mark.parametrize("line", ["c: foo", "C：foo", "peerA: foo", "all: foo", "c:foo"])  # noqa: RUF001  # full-width
def test_a_prefix_that_is_no_route_is_told_and_the_line_goes_to_both(console: Console, line: str) -> None:
    words, (message,) = said(console, line)
    assert isinstance(message, f.UserMessage) and (message.route, message.text) == ("both", line)
    told = f"unknown recipient `{line[:-3].strip()}` (use a: b: both:); sent to PeerA and PeerB as it is"
    assert told in words.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "a: c: foo",
        "/b C: drive",
        "note: this",
        "http://example.org",
        "C:\\Users is full",
        "c:/x",
        "what: now",
        "u: d: e",
    ],
)
def test_a_text_that_only_looks_like_a_route_is_passed_on_without_a_word(console: Console, line: str) -> None:
    words, (message,) = said(console, line)
    assert (
        words == f"to {'PeerA' if line[0] == 'a' else 'PeerB' if line[0] == '/' else 'PeerA and PeerB'}: {message.id}"
    )


def test_a_resume_says_whether_anything_was_paused(console: Console) -> None:
    nothing = "not paused"
    assert [said(console, line)[0] for line in ("/resume", "/pause", "/resume", "/resume")] == [
        nothing,
        "paused; /resume to continue",
        "resumed",
        nothing,
    ]
    assert cccc(console.project.root, "resume") == f"{nothing}\n"
    assert cccc(console.project.root, "pause") == "paused; `cccc resume` to continue\n"
    console.project.status.unlink()
    assert said(console, "/resume")[0] == "resumed"


def test_help_shows_the_forms_and_the_commands(console: Console) -> None:
    for line in ("/help", "h"):
        words = said(console, line)[0]
        assert FORMS[0].text in words and "/anti-off: " in words and "/subscribe" not in words


def test_what_the_peers_say_to_the_user_is_heard_once_and_not_with_echo_off(console: Console) -> None:
    assert console.heard() == []
    path = console.project.peer("PeerA") / "to_user.md"

    def write(text: str) -> None:
        before = ledger.end(console.project)
        fresh = path.with_name(".fresh")
        fresh.write_text(text)
        fresh.replace(path)
        until(lambda: any(isinstance(fact, f.ToUser) for fact in ledger.read(console.project, before)), 10)

    def heard() -> list[str]:
        return [line.text for line in console.heard() if "PeerA" in line.text or line.text.startswith("  ")]

    write("done:\npassword = hunter2, " + "x" * f.PREVIEW)
    shown = until(heard, 10, "what PeerA said")
    assert shown == ["PeerA: done:", "  [REDACTED] " + "x" * f.PREVIEW]
    assert heard() == []
    console.answer("/echo off")
    write("once more")
    assert heard() == []


def test_the_settings_say_whether_echo_is_on_at_first(project: Project) -> None:
    (project.settings / "cli_profiles.yaml").write_text("console_echo: false\n")
    with closing(Console(project, "cli")) as console:
        assert [line.text for line in console.answer("/echo")] == ["echo is off"]


def test_a_system_that_is_down_says_what_to_do(project: Project) -> None:
    (line,) = Console(project, "cli").answer("a: hello")
    assert line.text == "not running, nothing was done; run `cccc up`"


def test_a_line_is_completed_to_commands_routes_and_what_a_command_takes(project: Project) -> None:
    assert completions(project, "/re") == ["/resume", "/refresh "]
    assert completions(project, "bo") == ["both: "]
    assert completions(project, "/anti-s") == ["/anti-status"]
    assert completions(project, "/showpeers o") == ["/showpeers on", "/showpeers off"]
    assert completions(project, "/rfd re") == ["/rfd reject", "/rfd revoke"]
    assert completions(project, "") == completions(project, "/nope x") == []


def test_q_leaves() -> None:
    assert leaves(" Q ") and leaves("/q") and not leaves("quit it")
