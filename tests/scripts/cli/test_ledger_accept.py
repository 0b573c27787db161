"""A project whose ledger became shorter: red, held and quiet until a person accepts it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.machine import tmux
from cccc.common.paths import PEERS, Project
from tests.command import CCCC, cccc, environment
from tests.conftest import git
from tests.waiting import until

PATCH = "diff --git a/a.txt b/a.txt\nnew file mode 100644\n--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+a\n"


def of_kind(project: Project, *kinds: type[f.Fact]) -> list[Any]:
    return [fact for fact in ledger.read(project) if isinstance(fact, kinds)]


def hand_in(project: Project) -> None:
    fresh = project.peer("PeerB") / ".fresh"
    fresh.write_text(PATCH)
    fresh.replace(project.peer("PeerB") / "patch.diff")


@pytest.fixture
def shorter(system: Project) -> Project:
    """A project that is up again after the last lines of its ledger were cut."""
    cccc(system.root, "send", "a: one")
    until(lambda: of_kind(system, f.HandoffDelivered), 20)
    cccc(system.root, "down")
    lines = system.ledger.read_bytes().splitlines(keepends=True)
    system.ledger.write_bytes(b"".join(lines[:-3]))
    assert f"lines {len(lines) - 2} to {len(lines)} are gone" in cccc(system.root, "status", code=4)
    said = cccc(system.root, "up", "--mock")
    assert f"lines {len(lines) - 2} to {len(lines)} are gone" in said and "cccc ledger accept" in said
    return system


def test_nothing_lands_and_nobody_is_nudged_until_a_person_accepts_it(shorter: Project) -> None:
    before = git(shorter.root, "rev-parse", "HEAD")
    at = ledger.end(shorter)
    cccc(shorter.root, "send", "a: two")
    hand_in(shorter)
    (held,) = until(lambda: of_kind(shorter, f.PatchHeld), 30)
    assert "are gone" in held.reason and "cccc ledger accept" in held.reason
    until(lambda: [fact for fact in of_kind(shorter, f.NudgeHeld) if "are gone" in fact.reason], 30)
    assert [n.about for n in of_kind(shorter, f.Notice) if "are gone" in n.text] == ["ledger"]
    assert any("are gone" in line for line in json.loads(cccc(shorter.root, "status", "--json"))["troubles"])
    assert "are gone" in cccc(shorter.root, "doctor", code=None)
    cccc(shorter.root, "ledger", "verify", code=1)
    assert not [fact for fact in of_kind(shorter, f.NudgeTyping, f.PatchLanding) if fact.seq > at]
    assert git(shorter.root, "rev-parse", "HEAD") == before

    cccc(shorter.root, "ledger", "accept", "--because", "cut for a test")
    until(lambda: of_kind(shorter, f.PatchCommit), 30)
    until(lambda: [fact for fact in of_kind(shorter, f.NudgeTyping) if fact.seq > at], 30)
    cccc(shorter.root, "ledger", "verify")
    until(lambda: not json.loads(cccc(shorter.root, "status", "--json"))["troubles"], 20, "the next beat")


def test_neither_a_peer_nor_a_check_can_accept_it(shorter: Project) -> None:
    panes = subprocess.run(
        ["tmux", "-S", str(shorter.socket("tmux")), "list-panes", "-a", "-F", "#{pane_id}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    inside = [{"TMUX": f"{shorter.socket('tmux')},1,0", "TMUX_PANE": pane} for pane in panes]
    accept = [str(CCCC), "ledger", "accept", "--because", "mine"]
    refused = 0
    for more in [*inside, {"CCCC_CHECK": "x"}]:
        env = {**environment(), **more}
        if more.get("TMUX_PANE") and not _of_a_peer(shorter, more["TMUX_PANE"]):
            continue
        done = subprocess.run(accept, cwd=shorter.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 6 and "only a person can" in done.stderr, (more, done)
        refused += 1
    assert refused == 3 and not of_kind(shorter, f.LedgerAccepted)


def _of_a_peer(project: Project, pane: str) -> bool:
    return any(found.id == pane for role, found in tmux.panes(project).items() if role in PEERS)


def test_up_does_not_start_on_what_it_cannot_read_and_says_so_in_one_line(project: Project) -> None:
    cccc(project.root, "init")
    cccc(project.root, "up", "--mock")
    cccc(project.root, "down")
    lines = project.ledger.read_bytes().splitlines(keepends=True)
    project.ledger.write_bytes(b"".join([*lines[:2], b"\0" * 80 + b"\n", *lines[3:]]))
    try:
        said = cccc(project.root, "up", "--mock", code=1)
        assert said.count("cccc: ") == 1 and "the ledger is damaged" in said and "cccc ledger accept" in said
        cccc(project.root, "ledger", "accept", "--because", "a bad disk")
        assert "gone" not in cccc(project.root, "up", "--mock")
    finally:
        cccc(project.root, "down")
    assert list(project.segments.iterdir())
