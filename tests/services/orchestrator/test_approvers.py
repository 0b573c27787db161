"""Who may decide."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.settings.policies import Approver, Required
from tests.services.orchestrator.table import ALICE, BOB, Table, reason


def test_two_approvers_are_two_people_wherever_they_answer() -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB}, required=Required(protected=2))
    rfd_id = table.patch()
    counted = table.answer(rfd_id, "approve", "telegram", "123")
    assert isinstance(counted, f.DecisionCounted) and (counted.who, counted.missing) == ("alice", 1)
    assert "answered approve already; 1 more person must answer the same" in reason(
        table.answer(rfd_id, "approve", "slack", "U1")
    )
    assert "alice has answered approve already" in reason(table.answer(rfd_id, "approve"))
    settled = table.answer(rfd_id, "approve", "slack", "U2")
    assert isinstance(settled, f.RfdSettled) and settled.people == ["alice", "bob"]


def test_one_no_is_enough() -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB}, required=Required(protected=2))
    rfd_id = table.patch()
    table.answer(rfd_id, "approve", "telegram", "123")
    table.answer(rfd_id, "reject", "slack", "U2")
    assert table.outcome(rfd_id) == "rejected"


@pytest.mark.parametrize(("via", "user"), [("telegram", "124"), ("discord", "123"), ("telegram", ""), ("slack", "")])
def test_who_is_not_listed_does_not_decide(via: str, user: str) -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB})
    rfd_id = table.patch()
    assert "is not listed in rfd.approvers" in reason(table.answer(rfd_id, "approve", via, user))
    assert table.outcome(rfd_id) == "open"


def test_the_local_user_does_not_decide_when_others_are_listed() -> None:
    table = Table(approvers={"bob": BOB})
    assert "is not listed" in reason(table.answer(table.patch(), "approve"))


def test_without_a_list_nobody_in_a_chat_decides() -> None:
    table = Table()
    assert "only the local user decides" in reason(table.answer(table.patch(), "approve", "telegram", "123"))


def test_a_role_limits_what_a_person_decides() -> None:
    table = Table(approvers={"bob": Approver(slack="U2", roles=("large",))})
    assert "bob may not decide this kind (protected" in reason(table.answer(table.patch(), "approve", "slack", "U2"))
    large = table.patch(why="large", mid="p2")
    assert isinstance(table.answer(large, "approve", "slack", "U2"), f.RfdSettled)
