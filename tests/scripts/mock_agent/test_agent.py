from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.paths import Project
from tests.waiting import never, until

# Long enough that a slow machine keeps a paste and its Enter within it, short enough to wait for.
BURST_MS = 1000
_AFTERWARDS = "echo exit=$? stty=$(stty -a | grep -o '.icanon'); read stay"


class Pane:
    """A mock peer in a pane of a private tmux server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket = f"cccc-test-{uuid.uuid4().hex[:8]}"

    def tmux(self, *arguments: str, stdin: str | None = None) -> str:
        command = ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, input=stdin, check=True, capture_output=True, text=True).stdout

    def start(self, scenario: str = "rules: []", width: int = 96, height: int = 24, ready: str = "⏵⏵ mock") -> None:
        """Start the mock and wait until it shows `ready`."""
        (self.folder / "scenario.yaml").write_text(scenario)
        mock = [sys.executable, "-m", "cccc.scripts.mock_agent", "--role", "peerA", "--scenario", "scenario.yaml"]
        command = f"MOCK_AGENT_LOG=submits.jsonl {shlex.join(mock)} 2>stderr; {_AFTERWARDS}"
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(self.folder), "/bin/sh")
        self.tmux("respawn-pane", "-k", "-c", str(self.folder), command)
        self.wait(ready)

    def kill(self) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def show(self, what: str) -> str:
        return self.tmux("display", "-p", what).strip()

    def wait(self, text: str) -> str:
        """Return the first screen that has `text`."""
        try:
            return until(lambda: next((s for s in [self.screen()] if text in s), ""), what=text)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None

    def wait_idle(self) -> None:
        until(lambda: self.show("#{pane_title}") == "✳ mock", what="idle")

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def paste(self, text: str) -> None:
        self.tmux("load-buffer", "-b", "text", "-", stdin=text)
        self.tmux("paste-buffer", "-p", "-d", "-b", "text")

    def empty(self) -> bool:
        """Say whether the cursor is in column 2 of a prompt row with nothing in it."""
        x, y = map(int, self.show("#{cursor_x} #{cursor_y}").split())
        return x == 2 and self.screen().splitlines()[y].replace("\u00a0", " ").rstrip() == "❯"

    def process(self) -> int:
        """Return the mock's process id."""
        shell = self.show("#{pane_pid}")
        return int(subprocess.run(["pgrep", "-P", shell], check=True, capture_output=True, text=True).stdout)

    def submits(self) -> list[tuple[str, str]]:
        log = self.folder / "submits.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(entry["how"], entry["text"]) for entry in map(json.loads, lines)]

    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()


@pytest.fixture
def pane(project: Project) -> Iterator[Pane]:
    made = Pane(project.root)
    yield made
    made.kill()
    assert made.stderr() == ""


def test_an_idle_mock_shows_an_empty_composer(pane: Pane) -> None:
    pane.start()
    pane.wait_idle()
    assert pane.empty()
    rows = pane.screen().splitlines()[-4:]
    assert rows[0] == rows[2] == "─" * 96
    assert "esc to interrupt" not in rows[3]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_an_idle_mock_never_wakes_up(pane: Pane) -> None:
    pane.start()
    pane.wait_idle()
    status = Path(f"/proc/{pane.process()}/status")

    def switches() -> list[str]:
        return [line for line in status.read_text().splitlines() if "ctxt_switches" in line]

    before = until(lambda: next((s for s in [switches()] if "S (sleeping)" in status.read_text()), []))
    never(lambda: switches() != before, 0.5)


def test_typed_text_stays_until_enter(pane: Pane) -> None:
    pane.start()
    pane.type("half a 漢字 thought")
    pane.wait("❯\u00a0half a 漢字 thought")
    assert pane.show("#{cursor_x}") == "21"
    assert pane.submits() == []
    pane.press("Home")
    until(lambda: pane.show("#{cursor_x}") == "2")
    assert not pane.empty()
    pane.press("Enter")
    until(pane.empty)
    assert pane.submits() == [("enter", "half a 漢字 thought")]


def test_an_enter_within_the_burst_is_a_newline_and_a_later_one_submits(pane: Pane) -> None:
    pane.start(f"paste_burst_ms: {BURST_MS}")
    pane.paste("[NUDGE] something")
    pane.press("Enter")
    pane.wait("❯\u00a0[NUDGE] something\n")
    until(lambda: pane.show("#{cursor_x}") == "2")
    assert pane.submits() == []
    time.sleep(BURST_MS / 1000)  # the end of a burst shows by nothing
    pane.press("Enter")
    until(pane.submits)
    assert pane.submits() == [("enter", "[NUDGE] something\n")]


def test_editing_keys_work_as_in_the_real_ones(pane: Pane) -> None:
    pane.start()
    pane.type("one")
    pane.press("C-j")
    pane.type("twoo")
    pane.press("BSpace")
    screen = pane.wait("  two\n")
    assert "❯\u00a0one\n" in screen
    pane.press("C-u", "C-u", "C-u")
    until(pane.empty)
    pane.type("more\\")
    pane.press("Enter")
    pane.type("and end")
    pane.press("Enter")
    until(pane.submits)
    assert pane.submits() == [("enter", "more\nand end")]


def test_a_huge_paste_is_folded_and_submitted_whole(pane: Pane) -> None:
    pane.start("paste_burst_ms: 0", width=20, height=6)
    text = "".join(f"{number}: grüße 漢字 🙂\n" for number in range(4000)) + "end"
    assert len(text.encode()) > 100_000
    pane.paste(text)
    pane.wait("[Pasted text #1 +4")
    pane.press("Enter")
    until(pane.submits)
    assert pane.submits() == [("enter", text)]


def test_a_turn_is_seen_and_what_is_typed_meanwhile_is_queued(pane: Pane) -> None:
    pane.start("rules: [{match: long, steps: [{busy: 3}, {say: finished}]}, {match: '.', steps: [{say: '<{text}>'}]}]")
    pane.type("long work")
    pane.press("Enter")
    screen = pane.wait("esc to interrupt")
    assert "Working…" in screen
    until(lambda: pane.show("#{pane_title}") == "◐ mock")
    for text in ("second", "third"):
        pane.type(text)
        pane.wait(f"❯\u00a0{text}")
        pane.press("Enter")
        pane.wait("Press up to edit queued messages")
    pane.type("draft")
    pane.wait("❯\u00a0draft")
    screen = pane.wait("● <second")
    assert "● finished" in screen
    assert "❯\u00a0draft" in screen
    pane.wait_idle()
    assert "esc to interrupt" not in pane.screen()
    assert pane.submits() == [("enter", "long work"), ("queued", "second"), ("queued", "third")]


def test_escape_interrupts_a_turn(pane: Pane) -> None:
    pane.start("rules: [{match: long, steps: [{busy: 60}, {say: finished}]}]")
    pane.type("long work")
    pane.press("Enter")
    pane.wait("esc to interrupt")
    pane.press("Escape")
    assert "finished" not in pane.wait("Interrupted")
    pane.wait_idle()
    assert pane.empty()


def test_a_permission_dialog_swallows_a_paste_and_enter_answers_it(pane: Pane) -> None:
    pane.start("rules: [{match: x, steps: [{dialog: permission}, {say: it ran}]}]")
    pane.type("x")
    pane.press("Enter")
    pane.wait(" ❯ 1. Yes\n")
    assert pane.show("#{cursor_x}") == "1"
    pane.paste("[NUDGE] lost\n")
    pane.press("Down")
    pane.wait(" ❯ 2. Yes, and")
    pane.press("Enter")
    pane.wait("● it ran")
    pane.wait_idle()
    assert pane.empty()
    assert pane.submits() == [("enter", "x")]


def test_a_dialog_comes_up_between_a_paste_and_its_enter(pane: Pane) -> None:
    pane.start("start: [{wait: 0.7}, {dialog: permission}]")
    pane.paste("draft")
    pane.wait("❯\u00a0draft")
    pane.wait("❯ 1. Yes")
    pane.press("Escape")
    pane.wait("❯\u00a0draft")
    assert pane.submits() == []


def test_enter_at_the_trust_dialog_exits(pane: Pane) -> None:
    pane.start("start: [{dialog: trust}]", ready="❯ 1. No, exit")
    pane.press("Enter")
    pane.wait("exit=1 stty= icanon")


def test_yes_at_the_trust_dialog_goes_on(pane: Pane) -> None:
    pane.start("start: [{dialog: trust}, {say: trusted}]", ready="❯ 1. No, exit")
    pane.press("2")
    pane.wait("● trusted")
    until(pane.empty)


def test_a_limit_notice_is_shown(pane: Pane) -> None:
    pane.start("start: [{limit: 'You have hit your limit, resets 3pm'}]")
    pane.wait("You have hit your limit")


def test_a_crash_restores_the_terminal(pane: Pane) -> None:
    pane.start("rules: [{match: x, steps: [{crash: 7}]}]")
    pane.type("x")
    pane.press("Enter")
    pane.wait("exit=7 stty= icanon")


@pytest.mark.parametrize("keys", [["C-c"], ["C-d"], ["exit", "Enter"]])
def test_a_person_can_end_it(pane: Pane, keys: list[str]) -> None:
    pane.start()
    pane.press(*keys)
    pane.wait("exit=0 stty= icanon")


def test_a_first_cancel_only_clears_the_draft(pane: Pane) -> None:
    pane.start()
    pane.type("draft")
    pane.press("C-c")
    until(pane.empty)
    assert "exit=" not in pane.screen()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it(pane: Pane, number: signal.Signals) -> None:
    pane.start()
    os.kill(pane.process(), number)
    pane.wait("exit=0 stty= icanon")


def test_it_ends_with_its_terminal(pane: Pane) -> None:
    pane.start()
    process = str(pane.process())
    pane.kill()

    def state() -> str:
        return subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, text=True).stdout

    until(lambda: state()[:1] in ("", "Z"), what="the mock is gone")


def test_a_resize_redraws(pane: Pane) -> None:
    pane.start()
    pane.type("a draft of some length")
    pane.wait("❯\u00a0a draft")
    pane.tmux("resize-window", "-x", "20", "-y", "6")
    until(lambda: pane.screen().splitlines()[-4:-2] == ["❯\u00a0a draft of some le", "  ngth"], what="folded")
    pane.tmux("resize-window", "-x", "120", "-y", "30")
    pane.wait("─" * 120)
    pane.wait("❯\u00a0a draft of some length")


def test_a_nudge_is_played_against_the_mailbox(pane: Pane, project: Project) -> None:
    message = "<FROM_USER>\n[MID: m-1]\nfix it\n</FROM_USER>\n"
    (project.inbox("PeerA") / "000001.m-1.txt").write_text(message)
    pane.start("rules: [{match: fix (.*), steps: [{write: {file: to_peer, text: 'CLAIM: fix {1} ({mid})'}}]}]")
    line = f"[NUDGE] inbox={project.inbox('PeerA')} token=t1 read the oldest file, move it to processed, repeat"
    pane.paste(line)
    pane.wait("token=t1")
    time.sleep(0.2)  # the burst is over
    pane.press("Enter")
    until(lambda: (project.processed("PeerA") / "000001.m-1.txt").exists())
    pane.wait("The inbox is empty")
    assert (project.peer("PeerA") / "to_peer.md").read_text() == "CLAIM: fix it (m-1)"
    assert pane.submits() == [("enter", line)]


def test_without_a_nudge_the_mailbox_is_found_from_the_folder(pane: Pane, project: Project) -> None:
    pane.start("start: [{write: {file: to_user, text: hello}}]")
    until(lambda: (project.peer("PeerA") / "to_user.md").read_text() == "hello")


def test_without_a_terminal_it_says_so_in_one_line() -> None:
    command = [sys.executable, "-m", "cccc.scripts.mock_agent", "--role", "peerA"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == "mock_agent: mock-agent needs a terminal; start it in a tmux pane\n"
