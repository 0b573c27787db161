"""The life of a request for decision, in its pure rules."""

from __future__ import annotations

import msgspec

from cccc.common import facts as f
from cccc.common.paths import PEERS
from cccc.services.orchestrator.decision import Around
from cccc.services.orchestrator.decisions import answers
from cccc.services.orchestrator.decisions.requests import State
from tests.services.orchestrator.table import BOB, YAML, Table, commit, landing, reason

# --- answers ---


def test_an_approved_request_tells_both_peers_and_may_be_used_once() -> None:
    table = Table()
    rfd_id = table.asked()
    assert reason(table.check(rfd_id)) == "not answered yet"
    table.answer(rfd_id, "approve")
    assert [(to, text.split("\n")[0]) for to, text in table.handoffs[1:]] == [
        (peer, f"RFD APPROVED {rfd_id}: Push the release") for peer in PEERS
    ]
    used = table.check(rfd_id)
    assert isinstance(used, f.RfdSettled) and (used.outcome, used.people) == ("used", ["somebody"])
    assert used.used_for == "the check of PeerA"
    assert "it is used" in reason(table.check(rfd_id))


def test_a_chosen_option_is_a_yes_to_that_option_only() -> None:
    table = Table()
    rfd_id = table.asked(YAML)
    assert "not one of its options: drop, keep" in reason(table.answer(rfd_id, "approve"))
    table.answer(rfd_id, "KEEP")
    assert "the answer is keep, not drop" in reason(table.check(rfd_id, "drop"))
    assert "the answer is keep, not approve" in reason(table.check(rfd_id))
    assert isinstance(table.check(rfd_id, "keep"), f.RfdSettled)


def test_a_rejected_request_stays_rejected() -> None:
    table = Table()
    rfd_id = table.asked()
    table.answer(rfd_id, "reject")
    assert "rejected already by somebody, since 2026-01-01 00:01 UTC" in reason(table.answer(rfd_id, "approve"))
    assert "it is rejected" in reason(table.check(rfd_id))


def test_a_second_press_gets_a_clear_reply() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    assert "approved already by somebody; `revoke` withdraws it" in reason(table.answer(rfd_id, "approve"))


def test_an_unknown_request_gets_a_clear_reply() -> None:
    assert "no such request" in reason(Table().answer("rfd-prot-00000000", "approve"))


def test_the_users_own_patch_is_told_to_no_peer() -> None:
    table = Table()
    fact = f.PatchNeedsDecision(
        author="User", mid="p1", why="large", question="q", paths=[], lines=1, base="b", policy="p", sha="s"
    )
    rfd_id = next(said.rfd_id for said in table.hear(fact) if isinstance(said, f.Rfd))
    table.answer(rfd_id, "approve")
    assert table.outcome(rfd_id) == "approved" and table.handoffs == []


def test_a_question_goes_to_both_peers_and_leaves_the_request_open() -> None:
    table = Table()
    rfd_id = table.patch()
    assert isinstance(table.answer(rfd_id, "ask"), f.RfdQuestion)
    assert [to for to, text in table.handoffs if text.startswith("QUESTION of somebody")] == list(PEERS)
    assert table.outcome(rfd_id) == "open"


def test_an_approved_patch_is_told_to_its_author_only() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    assert table.handoffs[-1] == (
        "PeerB",
        f"PATCH APPROVED p1 ({rfd_id}) by somebody. It is checked on the current base and lands automatically.",
    )
    assert "the gate lands it automatically" in reason(table.check(rfd_id))


# --- revoking, landing, the end ---


def test_an_approval_can_be_revoked_until_its_patch_is_landing() -> None:
    table = Table()
    rfd_id = table.patch()
    assert "nothing is approved yet" in reason(table.answer(rfd_id, "revoke"))
    table.answer(rfd_id, "approve")
    table.hear(landing())
    assert "too late, the patch is landing" in reason(table.answer(rfd_id, "revoke"))
    table.hear(f.PatchHeld(author="PeerB", mid="p1", reason="a rebase is in progress"))
    assert isinstance(table.answer(rfd_id, "revoke"), f.RfdSettled)
    assert table.outcome(rfd_id) == "revoked"


def test_a_revoked_answer_says_no_to_check() -> None:
    table = Table()
    rfd_id = table.asked()
    table.answer(rfd_id, "approve")
    table.answer(rfd_id, "revoke")
    assert "it is revoked" in reason(table.check(rfd_id))
    assert "Do not do it" in table.handoffs[-1][1]


def test_a_landed_patch_uses_its_approval_up() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    table.hear(landing())
    (settled,) = table.hear(commit())
    assert isinstance(settled, f.RfdSettled) and settled.outcome == "used"
    assert settled.used_for == "commit 1234567890"
    assert "used already, for commit 1234567890 (patch p1): approved by somebody" in reason(
        table.answer(rfd_id, "approve")
    )


def test_a_patch_that_is_refused_takes_its_other_requests_with_it() -> None:
    table = Table()
    protected, large = table.patch(), table.patch(why="large")
    table.answer(protected, "reject")
    table.hear(f.PatchReject(author="PeerB", mid="p1", reason="rejected"))
    assert (table.outcome(protected), table.outcome(large)) == ("rejected", "void")


def test_nobody_answered_a_patch_in_time_is_no() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    assert table.expire(rfd_id, 29) == []
    (settled,) = table.expire(rfd_id, 30)
    assert isinstance(settled, f.RfdSettled) and (settled.outcome, settled.choice) == ("expired", "reject")


def test_the_default_of_a_request_holds_when_nobody_answers_but_is_no_permission() -> None:
    table = Table()
    rfd_id = table.asked(YAML.replace("default: keep", "default: drop"))
    table.expire(rfd_id, 10)
    assert [text.split("\n")[1] for _, text in table.handoffs[-2:]] == [
        "Nobody answered in time, or the answer was not used. Continue with: drop."
    ] * 2
    assert "it is expired" in reason(table.check(rfd_id, "drop", minute=11))


def test_an_expired_request_is_left_closed_when_settings_say_so() -> None:
    table = Table(on_expiry="close")
    rfd_id = table.asked(YAML)
    (settled, *_) = table.expire(rfd_id, 10)
    assert isinstance(settled, f.RfdSettled) and settled.choice == ""
    assert "Nothing is decided" in table.handoffs[-1][1]


def test_an_answer_after_the_time_does_not_count_even_before_the_end_is_said() -> None:
    table = Table()
    rfd_id = table.asked(YAML)
    assert "it has expired" in reason(table.answer(rfd_id, "keep", minute=10))


def test_an_approval_that_is_not_used_expires_later() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.asked()
    table.answer(rfd_id, "approve", minute=20)
    assert table.expire(rfd_id, 30) == []
    table.expire(rfd_id, 50)
    assert table.outcome(rfd_id) == "expired"


def test_the_end_of_the_time_loses_against_an_answer_that_came_first() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    (late,) = answers.due_expiries(table.state, "2026-01-01T00:30:00.000000Z")
    table.answer(rfd_id, "approve", minute=29)
    assert table.hear(late, minute=30) == [] and table.outcome(rfd_id) == "approved"


def test_a_landing_patch_does_not_expire() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    table.hear(landing())
    assert table.expire(rfd_id, 500) == []


# --- replay ---


def test_the_same_facts_give_the_same_decisions() -> None:
    def play() -> tuple[bytes, list[bytes]]:
        table = Table()
        rfd_id = table.patch()
        table.answer(rfd_id, "approve")
        table.hear(landing())
        table.hear(commit())
        return msgspec.msgpack.encode(table.state), [msgspec.json.encode(fact) for fact in table.facts]

    assert play() == play()


def test_what_the_ledger_says_was_opened_and_settled_holds_in_a_fold_under_other_settings() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    later = Table(approvers={"bob": BOB})
    for fact in table.facts:
        answers.decide(later.state, fact, Around(later.policies, str, later._write))
    assert later.outcome(rfd_id) == "approved"


def test_the_state_survives_a_snapshot() -> None:
    table = Table()
    table.answer(table.patch(), "approve")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(table.state), type=State) == table.state
