"""The demo's two scenarios, played on the demo's project with the mail carried by hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.common.paths import PEERS, folder, other
from cccc.scripts.mock_agent import scenario
from cccc.scripts.mock_agent.play import Pause, Player, Say
from tests.conftest import git

DEMO = scenario.DEFAULT.parent / "demo"


class Carrier:
    """Carries files between two players as the services do, and gates patches with git and pytest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mailbox = root / ".cccc" / "mailbox"
        self.players = {
            peer: Player(folder(peer), scenario.load(DEMO / f"{folder(peer)}.yaml"), root / ".cccc") for peer in PEERS
        }
        self.story: list[str] = []
        self.shown: list[str] = []
        self.seconds = 0.0
        self._number = 0

    def put(self, to: str, author: str, text: str) -> None:
        self._number += 1
        mid = f"m-{self._number}"
        inbox = self.mailbox / folder(to) / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / f"{self._number:06d}.{mid}.txt").write_text(
            f"<FROM_{author}>\n[MID: {mid}]\n{text}\n</FROM_{author}>\n"
        )

    def turn(self, peer: str) -> bool:
        """Give a peer its turn. Returns whether there was anything to read."""
        inbox = self.mailbox / folder(peer) / "inbox"
        if not any(inbox.iterdir()):
            return False
        for move in self.players[peer].turn(f"[NUDGE] inbox={inbox}"):
            if isinstance(move, Say):
                self.shown.append(move.text)
            elif isinstance(move, Pause):
                self.seconds += move.seconds
        for file in ("to_peer.md", "patch.diff", "to_user.md"):
            path = inbox.parent / file
            if path.exists():
                self._carry(peer, file, path.read_text())
                path.unlink()
        return True

    def _carry(self, peer: str, file: str, text: str) -> None:
        if file == "to_peer.md":
            self.story.append(f"{peer}: {text.split(':')[0]}")
            self.put(other(peer), peer, text)
        elif file == "to_user.md":
            self.story.append(f"{peer}: to the user")
            self.shown.append(text)
        elif self._lands(text):
            self.story.append(f"{peer}: landed")
            for receiver in PEERS:
                self.put(receiver, "SYSTEM", "PATCH LANDED m-0: abc1234 on main\nwordcount/counter.py")
        else:
            self.story.append(f"{peer}: rejected")
            self.put(peer, "SYSTEM", "PATCH REJECTED m-0: tests are red (exit 1)\nFAILED tests/test_counter.py")

    def _lands(self, diff: str) -> bool:
        subprocess.run(["git", "apply", "--index"], cwd=self.root, input=diff, check=True, text=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        verdict = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        assert verdict.returncode in (0, 1), verdict.stdout + verdict.stderr
        if verdict.returncode:
            assert "1 failed, 4 passed" in verdict.stdout
            git(self.root, "reset", "-q", "--hard")
            return False
        git(self.root, "commit", "-q", "-m", "landed")
        return True


@pytest.fixture
def carrier(tmp_path: Path) -> Carrier:
    root = tmp_path / "wordcount"
    shutil.copytree(DEMO / "project", root)
    (root / ".gitignore").write_text("/.cccc/\n__pycache__/\n")
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "Someone"],
        ["config", "user.email", "someone@example.org"],
        ["add", "-A"],
        ["commit", "-q", "-m", "first"],
    ):
        git(root, *arguments)
    return Carrier(root)


def test_the_demo_goes_from_the_request_to_the_summary(carrier: Carrier) -> None:
    for peer in PEERS:
        carrier.put(peer, "USER", "Make the counter ignore punctuation")
    while carrier.turn("PeerA") or carrier.turn("PeerB"):
        pass
    assert carrier.story == [
        "PeerA: CLAIM",
        "PeerB: COUNTER",
        "PeerA: ANSWER",
        "PeerB: rejected",
        "PeerB: landed",
        "PeerA: to the user",
        "PeerB: EVIDENCE",
    ]
    assert not [text for text in carrier.shown if "No rule" in text]
    assert any("commit abc1234" in text for text in carrier.shown)
    assert carrier.seconds < 10
    assert git(carrier.root, "show", "--shortstat", "--format=").strip() == (
        "2 files changed, 5 insertions(+), 1 deletion(-)"
    )
