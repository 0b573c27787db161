"""Evidence cards in what a peer says."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.settings.policies import Policies
from cccc.services.orchestrator import evidence_cards
from cccc.services.orchestrator.decision import Around, Said

CARD = "type: EVIDENCE\ntitle: it works\nchecks:\n  - {name: t, run: 'true'}\n"


def decide(fact: f.Fact, text: str = "") -> list[tuple[str, str]]:
    def write(author: str, to: str, mid: str, text: str) -> Said:
        return Said(f.Notice(text=to), text.encode())

    said = evidence_cards.decide(None, fact, Around(Policies(), str, write, text=text))
    return [
        (entry.fact.text if isinstance(entry.fact, f.Notice) else entry.fact.kind, entry.body.decode())
        for entry in said
    ]


def message() -> f.ToPeer:
    return f.ToPeer(author="PeerA", mid="m1", sha="", size=0, text="")


def test_a_card_in_a_message_is_handed_to_the_gate() -> None:
    ((kind, body),) = decide(message(), f"EVIDENCE\n\n```yaml\n{CARD}```\n")
    assert kind == "evidence-card" and body.strip() == CARD.strip()


def test_a_message_without_a_card_hands_in_nothing() -> None:
    assert decide(message(), "EVIDENCE: it is green") == []


def test_the_verdict_is_told_to_both_peers_with_each_check() -> None:
    check = f.EvidenceCheck("unit", 1, False, 2.0)
    fact = f.EvidenceValidate(
        author="PeerB",
        mid="m1",
        verdict="fail",
        title="it works",
        evidence_kind="generic",
        log_ref="LOG:x#L1-L9",
        checks=[check],
        meta={},
        base="",
        isolated="path",
    )
    told = decide(fact)
    assert [to for to, _ in told] == ["PeerA", "PeerB"]
    assert told[0][1] == "EVIDENCE FAIL m1 of PeerB: it works\n- unit: exit 1 (2.0 s)\nLOG:x#L1-L9"


def test_a_card_that_cannot_run_is_told_to_its_author_only() -> None:
    ((to, text),) = decide(f.EvidenceInvalid(author="PeerB", mid="m1", reason="checks: empty"))
    assert to == "PeerB" and "checks: empty" in text
    assert decide(f.EvidenceInvalid(author="User", mid="m1", reason="checks: empty")) == []
