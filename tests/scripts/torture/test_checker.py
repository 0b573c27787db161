"""The checker sees what it is there to see: each kind of harm is planted once."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from cccc.scripts.torture import checker
from cccc.scripts.torture.checker import Counts
from tests.waiting import until


class Lab:
    """A project in which all that was handed in has arrived: two messages each way, a patch, a decision."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / ".cccc"
        for folder in ("state/blobs", "mailbox/peerA/processed", "mailbox/peerB/inbox", "mailbox/peerB/processed"):
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
        self.fact(kind="rfd-settled", rfd_id="rfd-1", outcome="approved")
        self.land("protected/a.txt", "Cccc-Decision: rfd-1")
        self.fact(kind="rfd-settled", rfd_id="rfd-1", outcome="used")
        self.manifest: dict[str, object] = {
            "handoffs": {"PeerA": 2, "PeerB": 2},
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
        text = f"[[{author} {number}]]"
        sha = hashlib.sha256(text.encode()).hexdigest()
        (self.home / "state" / "blobs" / sha).write_text(text)
        self.fact(**{"kind": "handoff", "from": author, "sha": sha})
        folder = self.home / "mailbox" / ("peerB" if author == "PeerA" else "peerA") / place
        (folder / f"{self._seq:06}.m.txt").write_text(text)

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
    return Lab(tmp_path)


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
