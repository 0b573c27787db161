"""The queue as the facts tell it."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence import queue
from cccc.services.evidence.landing.land import Landing


def queued(mid: str) -> f.Fact:
    return f.PatchQueued(author="PeerA", mid=mid, source="inline", sha="s", size=1, text="")


def after(*facts: f.Fact) -> queue.State:
    state = queue.State()
    for fact in facts:
        queue.fold(state, fact)
    return state


LANDING = f.PatchLanding(author="PeerA", mid="m1", branch="refs/heads/main", old="o", new="n", paths=["a"], lines=3)


def test_patches_stand_in_the_order_they_came_until_they_are_closed() -> None:
    closed = f.PatchReject(author="PeerA", mid="m1", reason="no")
    assert [patch.mid for patch in after(queued("m1"), queued("m2")).patches] == ["m1", "m2"]
    assert [patch.mid for patch in after(queued("m1"), queued("m2"), closed).patches] == ["m2"]


def test_an_announced_landing_is_open_until_its_outcome() -> None:
    patch = after(queued("m1"), LANDING).patches[0]
    assert (patch.landing, patch.paths, patch.lines) == (Landing("refs/heads/main", "o", "n"), ["a"], 3)
    held = f.PatchHeld(author="PeerA", mid="m1", reason="wait")
    assert after(queued("m1"), LANDING, held).patches[0].landing is None


def test_every_fact_of_the_gate_moves_the_next_decisions_id() -> None:
    lint = f.Lint(mid="m1", command="", verdict="skipped", exit=None, seconds=0, base="o")
    branch = f.PatchBranch(mid="m1", branch="refs/heads/main")
    assert after(queued("m1"), branch, lint, LANDING).patches[0].decided == 2


def test_facts_about_patches_that_are_closed_or_unknown_change_nothing() -> None:
    assert after(LANDING) == queue.State()


# --- decisions of people ---

BASE = "b" * 40


def needed(why: str = "protected", policy: str = "p", mid: str = "m1") -> f.Fact:
    return f.PatchNeedsDecision(
        author="PeerA", mid=mid, why=why, question="may it?", paths=[], lines=1, base=BASE, policy=policy, sha="s"
    )


def opened(why: str = "protected", rfd_id: str = "r1", policy: str = "p") -> f.Fact:
    return f.Rfd(
        rfd_id=rfd_id, author="PeerA", mid="m1", why=why, title="t", question="may it?", minutes=1, expires="e",
        required=1, policy=policy, sha="s",
    )  # fmt: skip


def settled(outcome: str, rfd_id: str = "r1", cause: int = 0) -> f.Fact:
    return f.RfdSettled(rfd_id=rfd_id, outcome=outcome, people=["alice"], mid="m1", cause=cause, expires="later")


def revoke(seq: int = 50) -> f.Fact:
    return f.Decision(rfd_id="r1", decision="revoke", who="alice", via="cli", seq=seq)


def refused(cause: int = 50) -> f.Fact:
    return f.DecisionRefused(rfd_id="r1", decision="revoke", who="eve", via="cli", reason="no", cause=cause)


ASKED = (queued("m1"), needed(), opened())
APPROVED = (*ASKED, settled("approved"))


def test_a_patch_waits_until_every_question_is_answered_yes() -> None:
    assert not after(queued("m1")).patches[0].waits
    assert after(*ASKED).patches[0].waits
    assert not after(*APPROVED).patches[0].waits
    two = (*APPROVED, needed("large"), opened("large", "r2"))
    assert after(*two).patches[0].waits
    assert not after(*two, settled("approved", "r2")).patches[0].waits


def test_an_approval_holds_for_its_own_words_and_settings_only() -> None:
    patch = after(*APPROVED).patches[0]
    assert patch.may("protected", "may it?", "p")
    assert not patch.may("protected", "may this?", "p")
    assert not patch.may("protected", "may it?", "changed")
    assert not patch.may("large", "may it?", "p")


def test_a_question_asked_again_needs_a_new_answer() -> None:
    patch = after(*APPROVED, needed(policy="changed")).patches[0]
    assert patch.waits and not patch.may("protected", "may it?", "changed")
    late = after(*ASKED, needed(policy="changed"), opened(), settled("approved")).patches[0]
    assert late.waits  # the old request's answer does not count for the new one


def test_a_no_of_people_ends_a_patch() -> None:
    for outcome in ("rejected", "revoked", "expired"):
        patch = after(*ASKED, settled(outcome)).patches[0]
        assert patch.over.startswith(f"rfd-{outcome}: r1 was {outcome} by alice: may it?") and not patch.waits
    assert after(*ASKED, settled("used")).patches[0].over == ""


def test_a_revoke_before_the_landing_stops_it_even_when_it_is_judged_after() -> None:
    in_doubt = (*APPROVED, revoke(), LANDING)
    assert after(*in_doubt).patches[0].waits
    patch = after(*in_doubt, settled("revoked")).patches[0]
    assert patch.landing is None and patch.over.startswith("rfd-revoked")


def test_a_revoke_that_does_not_count_lets_the_landing_go_on() -> None:
    patch = after(*APPROVED, revoke(50), revoke(51), LANDING, refused(50)).patches[0]
    assert patch.waits
    patch = after(*APPROVED, revoke(50), revoke(51), LANDING, refused(50), refused(51)).patches[0]
    assert not patch.waits and patch.landing


def test_a_revoke_after_the_landing_was_announced_does_not_hold_it() -> None:
    assert not after(*APPROVED, LANDING, revoke()).patches[0].waits


def test_the_end_of_an_approvals_time_holds_the_patch_until_it_is_judged() -> None:
    expired = f.RfdExpired(rfd_id="r1", expires="later")
    assert after(*APPROVED, expired).patches[0].waits
    assert not after(*APPROVED, f.RfdExpired(rfd_id="r1", expires="earlier")).patches[0].waits
    assert after(*APPROVED, expired, settled("expired")).patches[0].over.startswith("rfd-expired")


def test_answers_do_not_move_the_next_decisions_id() -> None:
    assert after(*APPROVED, revoke(), refused()).patches[0].decided == 1
