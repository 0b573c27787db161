"""`cccc run` on a terminal: its questions, what it shows, and what stays when it is left."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import TOKEN, Telegram
from tests.command import Terminal, cccc, on_a_terminal, processes_in
from tests.conftest import git
from tests.waiting import until

LEAVE = "\x02d"
SHOWN = "peerA"  # in the pane of the mock peer
LEFT = "detached; `cccc attach` returns, `cccc down` stops everything"


@pytest.fixture
def root(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("TELEGRAM_BOT_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    cccc(project.root, "init")
    (project.root / "PROJECT.md").write_text("Sell more.\n")
    yield project.root
    cccc(project.root, "down")
    assert processes_in(project.root) == []


@pytest.fixture
def telegram(root: Path) -> Iterator[Telegram]:
    """Telegram on loopback, named in the project's settings."""
    server = Telegram()
    file = root / ".cccc/settings/telegram.yaml"
    file.write_text(file.read_text().replace("api_base_url: https://api.telegram.org", f"api_base_url: {server.url}"))
    with closing(server):
        yield server


def connected(root: Path) -> bool:
    project = Project.find(root)
    return bridges.report_path(project, "telegram").exists() and bridges.report(project, "telegram").connected


def leave(terminal: Terminal) -> None:
    """Leave the session once it is shown."""
    terminal.shows(SHOWN)
    terminal.types(LEAVE)
    terminal.shows(LEFT)
    assert terminal.ends() == 0


def test_enter_is_local_only_and_leaving_says_how_to_come_back_and_how_to_stop(root: Path) -> None:
    with Terminal(root, "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("\r")
        leave(terminal)
    assert "4  local + Discord" in terminal.said
    cccc(root, "status")
    with Terminal(root, "run") as again:  # it is up: nothing is asked
        leave(again)
    assert "already up" in again.said and "Connect a chat?" not in again.said


def test_what_stops_the_start_is_found_before_anything_is_asked(root: Path) -> None:
    code, said = on_a_terminal(root, "run", types="n\n", CLAUDE_I_CMD="no-such-claude", CODEX_I_CMD="no-such-codex")
    assert code == 1
    assert "PeerA: no-such-claude (CLAUDE_I_CMD) is not on the PATH" in said and "Connect a chat?" not in said


def test_who_takes_the_mock_peers_is_asked_about_the_chats_then(root: Path) -> None:
    with Terminal(root, "run", CLAUDE_I_CMD="no-such-claude", CODEX_I_CMD="no-such-codex") as terminal:
        terminal.shows("Start mock peers")
        assert "Connect a chat?" not in terminal.said
        terminal.types("y\n")
        terminal.shows("[1]")
        terminal.types("\r")
        leave(terminal)
    assert terminal.said.count("is not on the PATH") == 2 and terminal.said.count("PeerA: mock peer") == 1


def test_a_session_that_is_stopped_meanwhile_is_said_to_be(root: Path) -> None:
    with Terminal(root, "run", "--mock", CCCC_NO_WIZARD="1") as terminal:
        terminal.shows(SHOWN)
        cccc(root, "down")
        terminal.shows("stopped; `cccc run` to start again")
        assert terminal.ends() == 0
    assert "Connect a chat?" not in terminal.said


def test_without_a_terminal_run_starts_and_says_how_to_attach(root: Path) -> None:
    (root / "PROJECT.md").unlink()
    said = cccc(root, "run", "--mock")
    assert "are ready" in said and "cccc attach" in said.splitlines()[-1]
    cccc(root, "status")


def test_a_new_token_is_asked_of_telegram_before_it_is_saved(root: Path, telegram: Telegram) -> None:
    file = root / ".cccc/settings/telegram.yaml"
    file.chmod(0o644)
    before = file.read_text()
    with Terminal(root, "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("7\r")
        terminal.shows("choose from 1, 2, 3 and 4")
        terminal.types("2\r")
        terminal.shows("continues without): ")  # what is typed before the blank is lost: getpass(3) flushes
        terminal.types("123:wrong-wrong-wrong\r")
        terminal.shows("as BotFather gives it\x1b[0m\r\ntoken (Enter continues without): ")  # asked again
        terminal.types(f"{TOKEN[:-2]}99\r")
        terminal.shows("telegram rejects it: Unauthorized\x1b[0m\r\ntoken (Enter continues without): ")
        assert file.read_text() == before
        terminal.types(f"{TOKEN}\r")
        terminal.shows("saved in .cccc/settings/telegram.yaml (@pair_bot)")
        terminal.shows("/subscribe ")
        terminal.shows("Enter to continue")
        terminal.types("\r")
        leave(terminal)
    assert TOKEN not in terminal.said and "wrong-wrong" not in terminal.said
    after = file.read_text()
    assert after == before.replace("\ntoken_env", f'\ntoken: "{TOKEN}"\ntoken_env', 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    until(lambda: connected(root), 20, "the bridge is connected")


def test_a_saved_token_is_shown_masked_and_enter_keeps_it_and_connects(root: Path, telegram: Telegram) -> None:
    with Terminal(root, "run", "--mock", TELEGRAM_BOT_TOKEN=TOKEN) as terminal:
        terminal.shows("[2]")
        terminal.types("\r")
        terminal.shows("Enter keeps 1234…n-00): ")
        terminal.types("\r")
        terminal.shows("Enter to continue")
        terminal.types("\r")
        leave(terminal)
    assert TOKEN not in terminal.said and TOKEN not in (root / ".cccc/settings/telegram.yaml").read_text()
    until(lambda: connected(root), 20, "the bridge is connected")


def test_local_only_connects_nothing_although_a_token_is_there(root: Path, telegram: Telegram) -> None:
    with Terminal(root, "run", "--mock", TELEGRAM_BOT_TOKEN=TOKEN) as terminal:
        terminal.shows("[2]")
        terminal.types("1\r")
        leave(terminal)
    assert "bridge-telegram  STOPPED" in cccc(root, "ps")
    assert telegram.calls == []


def test_a_chat_without_a_token_is_left_out(root: Path) -> None:
    with Terminal(root, "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("4\r")
        terminal.shows("continues without): ")
        terminal.types("\r")
        leave(terminal)
    assert "continuing without discord" in terminal.said


def test_a_brief_that_is_missing_is_waited_for(root: Path) -> None:
    brief = root / "PROJECT.md"
    brief.unlink()
    with Terminal(root, "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("\r")
        terminal.shows("No PROJECT.md")
        terminal.types("\r")
        terminal.shows("does not exist yet")
        brief.write_text("Sell more.\n")
        terminal.types("1\r")
        leave(terminal)


def test_the_peers_are_told_to_write_a_brief_that_is_missing(root: Path) -> None:
    (root / "PROJECT.md").unlink()
    with Terminal(root, "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("\r")
        terminal.shows("3  continue without it")
        terminal.types("2\r")
        leave(terminal)
    project = Project.find(root)
    handed = [fact for fact in ledger.read(project) if isinstance(fact, f.Handoff) and fact.author == "User"]
    assert sorted(fact.to for fact in handed) == ["PeerA", "PeerB"]
    assert "hands in PROJECT.md as a patch" in Blobs(project).get(handed[0].sha).decode()


def leave_mail(root: Path) -> str:
    """Leave a message unread in both inboxes; return its mid."""
    cccc(root, "up", CLAUDE_I_CMD="cat", CODEX_I_CMD="cat")
    mid = cccc(root, "send", "both: hello").strip()
    project = Project.find(root)
    until(lambda: all(list(project.inbox(peer).glob(f"*{mid}.txt")) for peer in ("PeerA", "PeerB")), what="the mail")
    cccc(root, "down")
    return mid


def test_unread_mail_is_archived_when_the_answer_says_so(root: Path) -> None:
    mid = leave_mail(root)
    with Terminal(root, "up", "--mock") as terminal:
        terminal.shows("unread messages from the last session: PeerA ")
        terminal.shows("Enter, or after 30 s: resume")
        terminal.types("2\n")
        terminal.shows("archive: moved to processed/ unread")
        assert terminal.ends() == 0
    processed = Project.find(root).processed("PeerA")
    until(lambda: list(processed.glob(f"*{mid}.txt")), what="the mail is put away")
    until(lambda: "put away 0000" in cccc(root, "trace", mid), what="the trace tells")


def test_without_a_terminal_the_policy_is_taken_at_once(root: Path) -> None:
    leave_mail(root)
    assert "resume: delivered when" in cccc(root, "up", "--mock")


def test_without_an_answer_in_time_the_policy_is_taken(root: Path) -> None:
    mid = leave_mail(root)
    (root / ".cccc/settings/cli_profiles.yaml").write_text(
        "delivery: {inbox_startup_policy: discard, inbox_startup_prompt_timeout_seconds: 0.2}\n"
    )
    code, said = on_a_terminal(root, "up", "--mock")
    assert code == 0 and "discard: files deleted" in said
    until(lambda: not list(Project.find(root).peer("PeerA").rglob(f"*{mid}.txt")), what="the mail is removed")


def test_the_brief_is_asked_for_only_where_the_project_is(root: Path) -> None:
    git(root, "add", "PROJECT.md")
    (root / "below").mkdir()
    with Terminal(root / "below", "run", "--mock") as terminal:
        terminal.shows("[1]")
        terminal.types("\r")
        leave(terminal)
    assert "No PROJECT.md" not in terminal.said  # the panel may name it: it is not committed
