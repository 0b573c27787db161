"""The checker sees what it is there to see: each kind of harm is planted once."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from cccc.scripts.crashes import checker
from cccc.scripts.crashes.checker import Counts
from tests.waiting import until


class Lab:
    """A project in which all that was handed in has arrived: two messages each way, a patch, a decision, a chat."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / ".cccc"
        for folder in (
            "logs",
            "state/blobs",
            "mailbox/peerA/processed",
            "mailbox/peerB/inbox",
            "mailbox/peerB/processed",
        ):
            (self.home / folder).mkdir(parents=True)
        self._before = ""
        self._seq = 0
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Lab")
        self.git("config", "user.email", "lab@example.org")
        (root / "mine.txt").write_text("mine\n")
        for number in range(2):
            self.message("PeerA", number)
            self.message("PeerB", number)
            self.line("PeerA", number)
            self.line("PeerB", number)
            self.post(f"[PeerA] [[PeerA-User {number}]]")
        self.post("[PeerB] [[PeerB-User 0]] [[PeerB-User 1]]")  # both in one
        self.start_bridge()
        self.fact(kind="rfd-settled", rfd_id="rfd-1", outcome="approved")
        self.land("protected/a.txt", "Cccc-Decision: rfd-1")
        self.fact(kind="rfd-settled", rfd_id="rfd-1", outcome="used")
        self.manifest: dict[str, object] = {
            "handoffs": {"PeerA": 2, "PeerB": 2},
            "posts": {"PeerA": 2, "PeerB": 2},
            "patches": {"0": "protected/a.txt"},
            "protected": ["protected/a.txt"],
            "user": {"mine.txt": hashlib.sha256(b"mine\n").hexdigest()},
        }

    def git(self, *args: str) -> None:
        subprocess.run(["git", *args], cwd=self.root, check=True, capture_output=True)

    def fact(self, **fields: Any) -> None:
        self._seq += 1
        line = json.dumps({"seq": self._seq, "prev": self._before, **fields}).encode()
        with (self.home / "state" / "ledger.jsonl").open("ab") as ledger:
            ledger.write(line + b"\n")
        self._before = hashlib.sha256(line).hexdigest()

    def message(self, author: str, number: int, place: str = "processed") -> None:
        self._hand_over(author, "PeerB" if author == "PeerA" else "PeerA", f"[[{author} {number}]]", place)

    def line(self, to: str, number: int, place: str = "processed") -> None:
        """The person in the chat says something to a peer."""
        text = f"{to[-1].lower()}: [[User-{to} {number}]]"
        self._in_chat(said=text)
        self.fact(kind="user-message", via="telegram", sha=self._blob(text))
        self._hand_over("User", to, text, place)

    def post(self, text: str) -> None:
        self._in_chat(posted=text)

    def start_bridge(self) -> None:
        with (self.home / "logs" / "supervisord.log").open("a") as log:
            log.write("2026-01-01 00:00:00,000 INFO spawned: 'bridge-telegram' with pid 4711\n")

    def _hand_over(self, author: str, to: str, text: str, place: str) -> None:
        self.fact(**{"kind": "handoff", "from": author, "sha": self._blob(text)})
        (self.home / "mailbox" / f"peer{to[-1]}" / place / f"{self._seq:06}.m.txt").write_text(text)

    def _blob(self, text: str) -> str:
        sha = hashlib.sha256(text.encode()).hexdigest()
        (self.home / "state" / "blobs" / sha).write_text(text)
        return sha

    def _in_chat(self, **message: str) -> None:
        with (self.root.parent / "chat.jsonl").open("a") as chat:
            chat.write(json.dumps(message) + "\n")

    def land(self, path: str, trailer: str = "") -> None:
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text("x\n")
        self.git("add", path)
        self.git("commit", "-q", "-m", f"land\n\n{trailer}")

    def ledger(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        path = self.home / "state" / "ledger.jsonl"
        path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))

    def counts(self) -> dict[str, int]:
        """Return what is not 0."""
        return {name: count for name, count in checker.check(self.root, self.manifest)._asdict().items() if count}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "project")


def test_where_nothing_is_wrong_every_count_is_zero(lab: Lab) -> None:
    assert checker.check(lab.root, lab.manifest) == Counts()


def test_a_message_that_never_came_is_lost_in_the_ledger_and_in_the_inbox(lab: Lab) -> None:
    lab.manifest["handoffs"] = {"PeerA": 3, "PeerB": 2}
    assert lab.counts() == {"handoffs_lost": 2}


def test_a_message_file_that_vanished_is_lost(lab: Lab) -> None:
    next((lab.home / "mailbox" / "peerA" / "processed").iterdir()).unlink()
    assert lab.counts() == {"handoffs_lost": 1}


def test_a_message_that_came_twice_is_counted(lab: Lab) -> None:
    lab.message("PeerA", 1, "inbox")
    assert lab.counts() == {"handoffs_twice": 2}


def test_messages_in_another_order_are_counted(lab: Lab) -> None:
    lab.message("PeerA", 3)
    lab.message("PeerA", 2)
    lab.manifest["handoffs"] = {"PeerA": 4, "PeerB": 2}
    assert lab.counts() == {"handoffs_reordered": 2}


def test_a_chat_line_that_never_came_is_lost_in_the_ledger_twice_and_in_the_inbox(lab: Lab) -> None:
    with (lab.root.parent / "chat.jsonl").open("a") as chat:
        chat.write('{"said": "a: [[User-PeerA 2]]"}\n')
    assert lab.counts() == {"lines_lost": 3}


def test_a_chat_line_whose_message_file_vanished_is_lost(lab: Lab) -> None:
    next(file for file in (lab.home / "mailbox/peerB/processed").iterdir() if "User" in file.read_text()).unlink()
    assert lab.counts() == {"lines_lost": 1}


def test_a_chat_line_that_came_twice_is_counted(lab: Lab) -> None:
    said = (lab.root.parent / "chat.jsonl").read_text()
    lab.line("PeerB", 1, "inbox")
    (lab.root.parent / "chat.jsonl").write_text(said)  # it was said once
    assert lab.counts() == {"lines_twice": 3}


def test_chat_lines_in_another_order_are_counted(lab: Lab) -> None:
    lab.line("PeerA", 3)
    lab.line("PeerA", 2)
    chat = lab.root.parent / "chat.jsonl"
    *before, second, first = chat.read_text().splitlines(keepends=True)
    chat.write_text("".join([*before, first, second]))
    assert lab.counts() == {"lines_reordered": 3}


def test_a_post_that_never_came_is_lost(lab: Lab) -> None:
    lab.manifest["posts"] = {"PeerA": 2, "PeerB": 3}
    assert lab.counts() == {"posts_lost": 1}


def test_a_post_that_stands_twice_is_counted(lab: Lab) -> None:
    lab.post("[PeerB] [[PeerB-User 0]] [[PeerB-User 1]]")
    assert lab.counts() == {"posts_twice": 1}


def test_one_post_may_stand_twice_for_each_end_of_the_bridge_and_is_told(lab: Lab) -> None:
    lab.start_bridge()
    lab.post("[PeerB] [[PeerB-User 0]] [[PeerB-User 1]]")
    assert (lab.counts(), checker.doubled(lab.root)) == ({}, (1, 1))
    lab.post("[PeerB] [[PeerB-User 0]] [[PeerB-User 1]]")
    assert (lab.counts(), checker.doubled(lab.root)) == ({"posts_twice": 1}, (2, 1))


def test_posts_in_another_order_are_counted(lab: Lab) -> None:
    lab.post("[PeerA] [[PeerA-User 3]]")
    lab.post("[PeerA] [[PeerA-User 2]]")
    lab.manifest["posts"] = {"PeerA": 4, "PeerB": 2}
    assert lab.counts() == {"posts_reordered": 1}


def test_a_patch_that_did_not_land_is_lost(lab: Lab) -> None:
    lab.manifest["patches"] = {"0": "protected/a.txt", "1": "docs/b.txt"}
    assert lab.counts() == {"patches_lost": 1}


def test_a_patch_that_landed_twice_is_counted(lab: Lab) -> None:
    lab.git("rm", "-q", "protected/a.txt")
    lab.git("commit", "-q", "-m", "away")
    lab.land("protected/a.txt")
    assert lab.counts()["patches_twice"] == 1


def test_a_decision_that_let_two_commits_land_is_counted(lab: Lab) -> None:
    lab.land("docs/b.txt", "Cccc-Decision: rfd-1")
    assert lab.counts() == {"decisions_twice": 1}


def test_a_protected_patch_without_a_decision_is_counted(lab: Lab) -> None:
    lab.land("protected/b.txt")
    lab.manifest["protected"] = ["protected/a.txt", "protected/b.txt"]
    assert lab.counts() == {"undecided_landed": 1}


def test_one_changed_byte_of_the_users_is_counted(lab: Lab) -> None:
    (lab.root / "mine.txt").write_text("mine!")
    assert lab.counts() == {"bytes_changed": 1}


def test_a_changed_line_breaks_the_chain(lab: Lab) -> None:
    lab.ledger(lambda lines: [lines[0].replace(b"PeerA", b"PeerB"), *lines[1:]])
    assert lab.counts()["chain_breaks"] == 1


def test_a_missing_line_breaks_the_chain(lab: Lab) -> None:
    lab.ledger(lambda lines: [*lines[:-2], lines[-1]])
    assert lab.counts()["chain_breaks"] == 1


def test_a_process_that_is_left_is_named(lab: Lab) -> None:
    with subprocess.Popen(["sleep", "60"], env={"CCCC_HOME": str(lab.home), "PATH": "/usr/bin:/bin"}) as left:
        until(lambda: [each.split()[1:] for each in checker.left_over(lab.root)] == [["sleep", "60"]], what="its name")
        left.kill()
    assert checker.left_over(lab.root) == []
