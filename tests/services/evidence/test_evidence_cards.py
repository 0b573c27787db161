"""Evidence cards handed in to the gate as a service."""

from __future__ import annotations

import os

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench, running
from tests.waiting import until


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def hand_in(bench: Bench, text: str, mid: str = "c1") -> None:
    content = text.encode()
    sha = Blobs(bench.project).put(content)
    fact = f.EvidenceCard(id=f"card-of:{mid}", author="PeerB", mid=mid, sha=sha, size=len(content), text="")
    bus.tell(bench.project, "orchestrator", [fact])


def outcome(bench: Bench, mid: str = "c1") -> f.Fact:
    def found() -> f.Fact | None:
        ended = (f.EvidenceValidate, f.EvidenceInvalid)
        return next((fact for fact in bench.facts(mid) if isinstance(fact, ended)), None)

    return until(found, 40, f"the outcome of {mid}: {bench.log()}")  # type: ignore[return-value]


def validated(bench: Bench, text: str, mid: str = "c1") -> f.EvidenceValidate:
    hand_in(bench, text, mid)
    fact = outcome(bench, mid)
    assert isinstance(fact, f.EvidenceValidate), fact
    return fact


CARD = """
type: EVIDENCE
title: two checks
kind: unit
meta: {owner: PeerB}
checks:
  - {name: see, run: 'cat docs/a.md; echo more > made'}
  - {name: again, run: 'cat made'}
"""


def test_a_card_is_run_on_the_base_and_never_in_the_users_tree(bench: Bench) -> None:
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    before = repos.picture(bench.root)
    bench.gate()
    fact = validated(bench, CARD)
    assert (fact.verdict, fact.title, fact.evidence_kind, fact.meta) == (
        "pass",
        "two checks",
        "unit",
        {"owner": "PeerB"},
    )
    assert [(check.name, check.exit, check.ok) for check in fact.checks] == [("see", 0, True), ("again", 0, True)]
    assert repos.picture(bench.root) == before
    path, _, lines = fact.log_ref.partition("#")
    text = (bench.root / path[len("LOG:") :]).read_text()
    assert lines == f"L1-L{len(text.splitlines())}"
    assert "a\n" in text and "more\n" in text and "mine" not in text
    assert f"isolated: {fact.isolated}" in text


@pytest.mark.parametrize(
    ("checks", "verdict", "words"),
    [
        ("[{name: a, run: exit 3}, {name: b, run: 'true'}]", "fail", [(3, False), (0, True)]),
        ("[{name: a, run: exit 3, allow_failure: true}]", "pass", [(3, False)]),
        ("[{name: a, run: sleep 60, timeout_sec: 0.3}]", "fail", [(-9, False)]),
    ],
)
def test_the_verdict_follows_the_checks(bench: Bench, checks: str, verdict: str, words: list[tuple[int, bool]]) -> None:
    bench.gate()
    fact = validated(bench, f"title: t\nchecks: {checks}")
    assert fact.verdict == verdict
    assert [(check.exit, check.ok) for check in fact.checks] == words
    assert [check.over for check in fact.checks if check.exit == -9] in ([], ["0.3 s (timeout_sec of a)"])


def test_a_card_that_cannot_be_read_is_told_why(bench: Bench) -> None:
    bench.gate()
    hand_in(bench, "title: t\nchecks: []")
    fact = outcome(bench)
    assert isinstance(fact, f.EvidenceInvalid)
    assert (fact.author, fact.reason) == ("PeerB", "card: checks: from 1 to 20 are allowed, not 0")


def test_cards_and_patches_share_the_gate_tree_one_at_a_time(bench: Bench) -> None:
    diffs = [bench.diff({f"docs/{name}": b"x\n"}) for name in ("one", "two")]
    log = bench.beside / "log"
    bench.gate(TEST_CMD=f"test ! -e busy && touch busy && echo patch >> {log}; rm busy")
    hand_in(bench, f"title: t\nchecks: [{{name: a, run: 'test ! -e busy && touch busy; echo card >> {log}'}}]")
    for number, diff in enumerate(diffs, 1):
        bench.queue(diff, f"m{number}")
    for number in (1, 2):
        assert isinstance(bench.outcome(f"m{number}"), f.PatchCommit)
    fact = outcome(bench)
    assert isinstance(fact, f.EvidenceValidate) and fact.verdict == "pass"
    assert sorted(log.read_text().split()) == ["card", "patch", "patch"]


def test_a_card_with_the_mid_of_a_patch_leaves_the_patch_alone(bench: Bench) -> None:
    diff = bench.diff({"docs/one": b"x\n"})
    hand_in(bench, "title: t\nchecks: [{name: a, run: 'true'}]", "m1")
    bench.queue(diff)
    bench.gate()
    outcome(bench, "m1")
    until(lambda: any(isinstance(fact, f.PatchCommit) for fact in bench.facts("m1")), 15, bench.log())


def test_a_gate_that_dies_in_a_card_runs_it_again(bench: Bench) -> None:
    mark = f"602.{os.getpid()}"
    gate = bench.gate()
    go = bench.beside / "go"
    hand_in(bench, f"title: t\nchecks: [{{name: a, run: 'test -e {go} || sleep {mark}'}}]")
    until(lambda: running(mark), 10, "the check")
    gate.kill()
    gate.wait()
    go.touch()
    bench.gate()
    fact = outcome(bench)
    assert isinstance(fact, f.EvidenceValidate) and fact.verdict == "pass"
    assert not running(mark)
    assert sum(isinstance(fact, f.EvidenceValidate) for fact in ledger.read(bench.project)) == 1
