"""A person follows the README of 0.2.9, word for word, in a fresh clone: Quick Start and First Landing Checklist.

The two CLIs are mock peers, Telegram is on loopback; everything else is as it is for a user.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.chats import bridges
from cccc.common.errors import NotRunning
from cccc.common.machine import tmux
from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import DIRECT, TOKEN, Telegram
from tests.command import CCCC, Terminal, cccc, processes_in
from tests.conftest import git
from tests.waiting import until

TASK = "Add a section to README about team chat tips"
DETACH = "\x02d"
PEER_A = """
rules:
  - from: User
    match: team chat tips
    steps:
      - write:
          file: to_peer
          text: |
            CLAIM: README.md gets a section about team chat tips. Acceptance: at most 10 lines.

            ```insight
            to: peerB
            kind: ask
            msg: the smallest useful section
            next: patch.diff
            ```
  - from: System
    match: '^PATCH LANDED'
    steps: [{write: {file: to_user, text: "The section about team chat tips is in README.md."}}]
  - match: .
    steps: [{say: read}]
"""
PEER_B = """
rules:
  - from: PeerA
    match: ^CLAIM
    steps:
      - write:
          file: patch
          text: |
            --- a/README.md
            +++ b/README.md
            @@ -1 +1,5 @@
             # Shop
            +
            +## Team chat tips
            +
            +Write `a:`, `b:` or `both:` in front of what the peers are to read.
  - match: .
    steps: [{say: read}]
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh clone, on a machine where both CLIs are installed."""
    origin, root = tmp_path / "origin", tmp_path / "shop"
    git(tmp_path, "init", "-q", "-b", "main", str(origin))
    (origin / "README.md").write_text("# Shop\n")
    (origin / ".gitignore").write_text("*.log\n")
    git(origin, "add", "-A")
    git(origin, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first")
    git(tmp_path, "clone", "-q", str(origin), str(root))
    git(root, "config", "user.name", "Someone")
    git(root, "config", "user.email", "someone@example.org")
    for name, text in (("peerA", PEER_A), ("peerB", PEER_B)):
        (tmp_path / f"{name}.yaml").write_text(text)
    for name in ("TELEGRAM_BOT_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield root
    cccc(root, "down", code=None)
    assert processes_in(root) == []


@pytest.fixture
def clis(tmp_path: Path) -> dict[str, str]:
    """The variables that say what is started as the two CLIs."""
    mock = [str(CCCC), "mock-agent", "--role"]
    return {
        "CLAUDE_I_CMD": shlex.join([*mock, "peerA", "--scenario", str(tmp_path / "peerA.yaml")]),
        "CODEX_I_CMD": shlex.join([*mock, "peerB", "--scenario", str(tmp_path / "peerB.yaml")]),
    }


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    server = Telegram()
    with closing(server):
        yield server


def copy_the_prompts(root: Path) -> None:
    shutil.copy(root / "PEERA.md", root / "CLAUDE.md")
    shutil.copy(root / "PEERB.md", root / "AGENTS.md")
    (root / "PROJECT.md").write_text("A shop. Keep the README short.\n")


def report(root: Path) -> bridges.Report:
    """Return what the bridge says of itself; of one that is only starting, nothing."""
    with contextlib.suppress(NotRunning):
        return bridges.report(Project.find(root), "telegram")
    return bridges.Report(pid=0)


def landed(root: Path) -> bool:
    return "## Team chat tips" in git(root, "show", "HEAD:README.md")


def landings(root: Path) -> list[str]:
    """Return whose patches have landed, as the ledger says."""
    facts = [json.loads(line) for line in (root / ".cccc/state/ledger.jsonl").read_text().split("\n")[:-1]]
    return [fact["from"] for fact in facts if fact["kind"] == "patch-commit"]


def places(project: Project) -> dict[str, tuple[int, int]]:
    """Return where each pane stands: column and row."""
    lines = tmux.call(project, "list-panes", "-s", "-F", "#{@cccc_pane} #{pane_left} #{pane_top}").splitlines()
    return {role: (int(left), int(top)) for role, left, top in (line.split() for line in lines)}


def test_the_quick_start_leads_to_a_commit_that_was_asked_for_in_telegram(
    clone: Path, clis: dict[str, str], telegram: Telegram
) -> None:
    # 1. Initialize in your project repo
    cccc(clone, "init")
    assert (clone / ".gitignore").read_text() == "*.log\n/.cccc/**\n"

    # 2. Check environment
    cccc(clone, "doctor", code=0, **clis)

    # 3. (Optional) Enable Telegram
    settings = clone / ".cccc/settings/telegram.yaml"
    settings.write_text(settings.read_text().replace("https://api.telegram.org", telegram.url))
    with Terminal(clone, "token", "set") as terminal:
        terminal.shows("telegram token")
        terminal.types(f"{TOKEN}\r")
        assert terminal.ends() == 0
    assert TOKEN in settings.read_text() and stat.S_IMODE(settings.stat().st_mode) == 0o600

    # 4. Run orchestrator (tmux UI), with the wizard
    with Terminal(clone, "run", **clis) as terminal:
        terminal.shows("2  local + Telegram (token 1234…n-00)")
        terminal.types("2\r")
        terminal.shows("Enter keeps")
        terminal.types("\r")
        terminal.shows("3  continue without it")  # the brief comes with the next step
        terminal.types("3\r")
        terminal.shows("Enter to continue")
        code = terminal.said.partition("/subscribe ")[2].split()[0]
        until(lambda: report(clone).connected, 20, "the bridge is connected")
        telegram.say(f"/subscribe {code}", chat=DIRECT)
        terminal.types("\r")
        terminal.shows("mock peerA")
        at = places(Project.find(clone))
        assert at["PeerA"][0] < at["PeerB"][0] and at["PeerA"][1] == at["PeerB"][1]
        assert at["panel"][0] > at["PeerA"][0] and at["panel"][1] > at["PeerA"][1]
        until(lambda: report(clone).chats == 1, what="the chat is let in")

        # 5. First-time CLI setup: system prompts, and the brief
        copy_the_prompts(clone)
        assert git(clone, "status", "--short") == " M .gitignore\n?? PROJECT.md\n"

        # A Typical Session
        telegram.say(f"both: {TASK}", chat=DIRECT)
        until(lambda: landed(clone), 40, "the commit")
        until(lambda: any("is in README.md" in text for text in telegram.in_chat(DIRECT)), 40, "the summary")
        terminal.types(DETACH)
        terminal.shows("detached")
        assert terminal.ends() == 0
    assert git(clone, "log", "-1", "--name-only", "--format=").split() == ["README.md"]
    assert "RUNNING" in cccc(clone, "bridge", "telegram", "status")
    assert TOKEN not in git(clone, "log", "-p", "--all")


def test_the_first_landing_checklist_leads_to_a_commit_that_was_asked_for_in_the_panel(
    clone: Path, clis: dict[str, str]
) -> None:
    cccc(clone, "init")
    cccc(clone, "doctor", code=0, **clis)
    copy_the_prompts(clone)
    with Terminal(clone, "run", **clis) as terminal:
        terminal.shows("1  local only")
        terminal.types("\r")
        terminal.shows("mock peerA")
        project = Project.find(clone)
        until(lambda: "PeerA" in screen(project, "panel"), 20, "the panel")
        assert active(project) == "panel"
        terminal.types(f"both: {TASK}\r")
        until(lambda: landed(clone), 40, f"the commit: {screen(project, 'panel')}")
        terminal.types(DETACH)
        terminal.shows("detached")
    until(lambda: landings(clone), 20, "the fact of the landing")
    assert landings(clone) == ["PeerB"]
    cccc(clone, "down")


def screen(project: Project, role: str) -> str:
    return tmux.call(project, "capture-pane", "-p", "-t", tmux.panes(project)[role].id)


def active(project: Project) -> str:
    return tmux.call(project, "display-message", "-p", "-t", f"={tmux.SESSION}:", "#{@cccc_pane}").strip()
