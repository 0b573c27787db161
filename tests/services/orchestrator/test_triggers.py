"""When a request opens by itself."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.paths import PEERS
from tests.services.orchestrator.table import Table, commit


def insight(kind: str, more: str = "") -> str:
    return f"A claim about the parser.\n\n```insight\nto: them | kind: {kind}{more}\n```\n"


def opened(table: Table) -> list[str]:
    return [fact.why for fact in table.facts if isinstance(fact, f.Rfd)]


def test_two_peers_that_are_both_unsure_ask_the_user() -> None:
    table = Table()
    table.message(insight("note", " | confidence: 0.5"), "PeerA")
    table.message(insight("note", " | confidence: 0.7"), "PeerB")
    assert opened(table) == []
    table.message(insight("note", "\nconfidence: .3"), "PeerB")
    assert opened(table) == ["confidence"]
    table.message(insight("note", "\nconfidence: 0.3"), "PeerB")
    assert opened(table) == ["confidence"]  # both have to say it again


def test_a_message_without_confidence_ends_the_doubt() -> None:
    table = Table()
    table.message(insight("note", " | confidence: 0.5"), "PeerA")
    table.message(insight("note"), "PeerA")
    table.message(insight("note", " | confidence: 0.1"), "PeerB")
    assert opened(table) == []


def test_counters_in_turn_without_evidence_ask_the_user() -> None:
    table = Table()
    for author in ("PeerA", "PeerB", "PeerB"):
        table.message(insight("counter"), author)
    table.message(insight("revise"), "PeerA")
    assert opened(table) == []
    table.message(insight("counter"), "PeerA")
    assert opened(table) == ["dispute"]
    assert {to for to, text in table.handoffs if text.startswith("RFD OPEN")} == set(PEERS)


@pytest.mark.parametrize("proof", ["diff", "commit"])
def test_evidence_ends_a_dispute(proof: str) -> None:
    table = Table()
    for author in PEERS:
        table.message(insight("counter"), author)
    if proof == "diff":
        table.message("here", "PeerA", diff=True)
    else:
        table.hear(commit())
    table.message(insight("counter"), "PeerA")
    assert opened(table) == []
