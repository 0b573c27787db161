"""`cccc ledger verify`: lines, bodies and commits, on a real repository and a real ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.services.ledger.store import Store
from tests.command import cccc
from tests.conftest import git

MAIN = "refs/heads/main"


class Gate:
    """Commits and says it, as the gate does."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.store = Store(project)
        self.blobs = Blobs(project)

    def say(self, by: str, *facts: f.Fact) -> None:
        for fact in facts:
            fact.by = by
        assert self.store.append(facts) == len(facts)

    def commit(self, mid: str, *trailers: str) -> str:
        """Commit a new file with the trailers."""
        root = self.project.root
        (root / f"{mid}.txt").write_text(f"{mid}\n")
        git(root, "add", f"{mid}.txt")
        git(root, "commit", "-q", "-m", "Update docs\n\n" + "\n".join(trailers))
        return git(root, "rev-parse", "HEAD").strip()

    def land(self, mid: str, decided: str = "", **wrong: str | None) -> str:
        """Land a patch; `wrong` replaces trailers, None leaves one out."""
        patch = f"the diff of {mid}".encode()
        body = f.body(patch, str)
        self.blobs.put(patch)
        author: dict[str, Any] = {"author": "PeerB", "mid": mid}
        self.say("orchestrator", f.PatchQueued(id=f"q{mid}", source="patch.diff", **author, **body))
        if decided:
            for outcome in ("approved", "used"):
                settled = f.RfdSettled(id=f"{outcome}{mid}", rfd_id=decided, outcome=outcome, people=["local"], mid=mid)
                self.say("orchestrator", settled)
        trailers: dict[str, str | None] = {"Mid": mid, "Peer": "PeerB", "Patch": body["sha"], "Decision": decided}
        trailers.update(wrong)
        old = git(self.project.root, "rev-parse", "HEAD").strip()
        new = self.commit(mid, *(f"Cccc-{name}: {value}" for name, value in trailers.items() if value))
        self.say("evidence", f.PatchLanding(id=f"l{mid}", branch=MAIN, old=old, new=new, paths=[], **author))
        landed = f.PatchCommit(
            id=f"c{mid}",
            source="patch.diff",
            lines=1,
            paths=[f"{mid}.txt"],
            branch=MAIN,
            commit=new,
            tests_ok=True,
            seconds=1,
            **author,
        )
        self.say("evidence", landed)
        return new


@pytest.fixture
def gate(project: Project) -> Iterator[Gate]:
    project.make_run()
    gate = Gate(project)
    yield gate
    gate.store.close()


def verify(gate: Gate, code: int) -> list[str]:
    """Return what `verify` said before its last line."""
    *lines, last = cccc(gate.project.root, "ledger", "verify", code=code).splitlines()
    assert (": OK" in last) == (code == 0)
    return lines


def test_what_landed_as_the_facts_say_holds(gate: Gate) -> None:
    gate.land("p-1")
    gate.land("p-2", decided="r-1")
    assert verify(gate, 0) == []
    found = json.loads(cccc(gate.project.root, "ledger", "verify", "--json"))
    assert found == {"lines": 8, "bodies": 2, "forgotten": 0, "commits": 2, "problems": [], "notes": []}


@pytest.mark.parametrize(
    ("trailer", "value"),
    [("Mid", "p-9"), ("Mid", None), ("Peer", "PeerA"), ("Patch", "0" * 64)],
)
def test_a_trailer_that_differs_from_the_facts_is_named(gate: Gate, trailer: str, value: str | None) -> None:
    commit = gate.land("p-1", decided="r-1", **{trailer: value})
    (line,) = verify(gate, 1)
    assert line.startswith(f"commit {commit[:12]}: Cccc-{trailer} is {value or 'missing'}"[:60])


def test_a_decision_that_nobody_gave_and_one_that_is_missing_are_named(gate: Gate) -> None:
    gate.land("p-1", Decision="r-1")
    gate.land("p-2", decided="r-2", Decision=None)
    given, missing = verify(gate, 1)
    assert "Cccc-Decision is r-1, and no fact says that people approved that" in given + missing
    assert "Cccc-Decision r-2 is missing, whose approval was used" in given + missing


def test_an_approval_that_is_about_to_be_said_used_holds(gate: Gate) -> None:
    approved = f.RfdSettled(id="a", rfd_id="r-1", outcome="approved", people=["local"], mid="p-1")
    gate.say("orchestrator", approved)
    gate.land("p-1", Decision="r-1")
    assert verify(gate, 0) == []


def test_evidence_of_a_test_that_never_ran_is_named(gate: Gate) -> None:
    gate.land("p-1", Evidence="e" * 64)
    (line,) = verify(gate, 1)
    assert "Cccc-Evidence is eeeeeeeeeeee" in line


def test_a_commit_with_our_trailers_of_which_no_fact_knows_is_named(gate: Gate) -> None:
    gate.land("p-1")
    stranger = gate.commit("p-2", "Cccc-Mid: p-2", "Cccc-Peer: PeerB")
    assert verify(gate, 1) == [f"commit {stranger[:12]} carries Cccc-Mid p-2, and no fact says that it landed"]


def test_a_commit_on_a_branch_that_the_gate_never_used_is_left_alone(gate: Gate) -> None:
    gate.land("p-1")
    git(gate.project.root, "checkout", "-q", "-b", "elsewhere")
    gate.commit("p-2", "Cccc-Mid: p-2")
    assert verify(gate, 0) == []


def test_commits_older_than_the_ledger_are_counted_and_no_fault(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
    gate.commit("p-0", "Cccc-Mid: p-0")
    monkeypatch.undo()
    gate.land("p-1")
    assert verify(gate, 0) == ["note: older than this ledger: 1 commit with trailers"]


def test_what_the_user_rewrote_is_named_as_rewritten(gate: Gate) -> None:
    old = gate.land("p-1")
    message = git(gate.project.root, "log", "-1", "--format=%B")
    git(gate.project.root, "commit", "-q", "--amend", "-m", f"Better words\n\n{message}")
    new = git(gate.project.root, "rev-parse", "HEAD").strip()
    assert verify(gate, 0) == [
        f"note: commit {old[:12]} (fact 3, p-1) was rewritten since: {new[:12]} carries its trailers"
    ]


def test_what_the_user_took_off_the_branch_is_named_as_that(gate: Gate) -> None:
    first, second = gate.land("p-1"), gate.land("p-2")
    root = gate.project.root
    git(root, "branch", "kept")
    git(root, "reset", "-q", "--hard", "HEAD~2")
    elsewhere = f"not on {MAIN} any more, but elsewhere in the repository"
    assert verify(gate, 0) == [
        f"note: commit {first[:12]} (fact 3, p-1) is {elsewhere}",
        f"note: commit {second[:12]} (fact 6, p-2) is {elsewhere}",
    ]
    git(root, "branch", "-q", "-D", "kept")
    assert [line.partition(") ")[2] for line in verify(gate, 0)] == [f"was taken off {MAIN} since"] * 2
    git(root, "reflog", "expire", "--expire=now", "--all")
    git(root, "gc", "-q", "--prune=now")
    assert [line.partition(") ")[2] for line in verify(gate, 0)] == ["was taken out of the repository since"] * 2


def test_a_copy_on_the_same_branch_is_named_as_a_copy(gate: Gate) -> None:
    root, commit = gate.project.root, gate.land("p-1")
    git(root, "revert", "--no-edit", "HEAD")
    git(root, "cherry-pick", commit)
    copy = git(root, "rev-parse", "HEAD").strip()
    assert verify(gate, 0) == [f"note: commit {copy[:12]} is a copy of {commit[:12]} (fact 3)"]


def test_a_replacement_of_a_commit_deceives_nobody(gate: Gate) -> None:
    root, commit = gate.project.root, gate.land("p-1", Peer="PeerA")
    message = git(root, "log", "-1", "--format=%B").replace("PeerA", "PeerB")
    fake = git(root, "commit-tree", "-p", "HEAD~1", "-m", message, "HEAD^{tree}").strip()
    git(root, "replace", commit, fake)
    assert "Cccc-Peer is PeerA" in verify(gate, 1)[0]


def test_a_body_that_is_gone_or_changed_is_named(gate: Gate) -> None:
    gate.land("p-1")
    gate.land("p-2")
    gone, changed = sorted(gate.project.blobs.iterdir(), key=lambda path: path.read_bytes())
    gone.unlink()
    changed.write_bytes(b"something else")
    assert verify(gate, 1) == [
        f"the body {gone.name} of fact 1 (patch-queued) is gone, and no fact says that it was forgotten",
        f"the body {changed.name} of fact 4 (patch-queued) has other bytes than it had",
    ]


def test_the_log_of_a_test_that_was_changed_is_named(gate: Gate) -> None:
    log = gate.project.check_logs / "p-1.test.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"1 failed\n")
    sha = f.body(b"1 passed\n", str)["sha"]
    name = str(log.relative_to(gate.project.root))
    test = f.Test(id="t", mid="p-1", command="make", verdict="green", exit=0, seconds=1, log=name, sha=sha)
    gate.say("evidence", test)
    gate.land("p-1", Evidence=sha)
    assert verify(gate, 1) == [f"the log {name} of fact 1 (test) has other bytes than it had"]
    log.unlink()
    assert verify(gate, 0) == []


def test_the_log_of_a_card_that_was_changed_is_named(gate: Gate) -> None:
    log = gate.project.check_logs / "card-1.card.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"1 passed\n")
    name = str(log.relative_to(gate.project.root))
    card = f.EvidenceValidate(
        id="e",
        author="PeerA",
        mid="card-1",
        verdict="pass",
        title="It works",
        evidence_kind="test",
        log_ref=f"LOG:{name}#L1-L1",
        checks=[],
        meta={},
        base="",
        isolated="path",
        sha=f.body(b"1 passed\n", str)["sha"],
    )
    gate.say("evidence", card)
    assert verify(gate, 0) == []
    log.write_bytes(b"2 passed\n")
    assert verify(gate, 1) == [f"the log {name} of fact 1 (evidence-validate) has other bytes than it had"]


def test_lines_cut_off_the_end_are_noticed(gate: Gate) -> None:
    gate.land("p-1")
    gate.land("p-2")
    gate.store.keep()
    lines = gate.project.ledger.read_bytes().splitlines(keepends=True)
    gate.project.ledger.write_bytes(b"".join(lines[:3]))
    assert any("lines 4 to 6 are gone" in line for line in verify(gate, 1))


def test_where_a_line_does_not_hold_it_is_the_one_thing_said(gate: Gate) -> None:
    gate.land("p-1")
    text = gate.project.ledger.read_text()
    gate.project.ledger.write_text(text.replace('"lines":1', '"lines":2').replace('"seq":2', '"seq":2 '))
    (line,) = verify(gate, 1)
    assert "line 3: `prev` is not the hash of line 2" in line
