"""How a request for decision is opened."""

from __future__ import annotations

import pytest

from tests.services.orchestrator.table import ASK, Table, reason


@pytest.mark.parametrize(
    ("why", "prefix"), [("protected", "rfd-prot-"), ("large", "rfd-large-"), ("tests", "rfd-tests-")]
)
def test_a_patch_that_needs_a_decision_opens_a_request_and_tells_its_author(why: str, prefix: str) -> None:
    table = Table()
    rfd_id = table.patch(why=why)
    assert rfd_id.startswith(prefix) and len(rfd_id) == len(prefix) + 8
    ((to, text),) = table.handoffs
    assert to == "PeerB" and text.startswith("PATCH HELD p1: src/api is protected") and rfd_id in text


@pytest.mark.parametrize("change", [{"sha": "s2"}, {"policy": "two", "mid": "p2"}, {"mid": "p2"}])
def test_another_patch_on_the_same_paths_is_a_request_of_its_own(change: dict[str, str]) -> None:
    table = Table()
    first = table.patch()
    table.answer(first, "approve")
    second = table.patch(**{"mid": "p2", **change})
    assert second != first and (table.outcome(first), table.outcome(second)) == ("approved", "open")


def test_a_patch_that_is_asked_for_again_voids_the_old_request() -> None:
    table = Table()
    first = table.patch()
    table.answer(first, "approve")
    second = table.patch(policy="changed")
    assert (table.outcome(first), table.outcome(second)) == ("void", "open")
    assert "void already" in reason(table.answer(first, "revoke"))


def test_ids_that_collide_grow_longer() -> None:
    table = Table()
    rfd_id = table.patch()
    del table.state.requests[rfd_id].answers
    other = Table()
    other.state.requests[rfd_id] = table.state.requests[rfd_id]
    other.state.requests[rfd_id].status = "used"
    assert len(other.patch()) == len(rfd_id) + 8


def test_an_author_may_name_a_request_once_and_not_like_the_gates_own() -> None:
    table = Table()
    assert table.asked(f"{ASK}id: release-1\n") == "release-1"
    assert table.asked(f"{ASK}id: release-1\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: rfd-prot-12345678\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: {'x' * 41}\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: ../up\n").startswith("rfd-msg-")


def test_a_card_that_cannot_be_read_is_told_to_its_author() -> None:
    table = Table()
    table.message("intent: rfd\ntitle: x\noptions: [one]\n")
    assert table.handoffs == [("PeerA", "RFD REFUSED m0: options: must be 2 to 10 different texts")]
    assert table.state.requests == {}
