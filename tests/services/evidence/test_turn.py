"""Whose turn it is, and what comes next with that patch."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence import queue, turn
from cccc.services.evidence.attempt import Attempt, Passed
from cccc.services.evidence.landing.land import Landing
from cccc.services.evidence.queue import State
from cccc.services.evidence.trial import Ready
from cccc.services.evidence.turn import Step

LANDING = f.PatchLanding(author="PeerA", mid="m1", branch="refs/heads/main", old="o", new="n", paths=["a"], lines=3)
APPLYING = f.SettingsApplying(author="PeerA", mid="m1", paths=["p"], old=[""], new=["s"], lines=1)
ASKED = f.PatchNeedsDecision(
    author="PeerA", mid="m1", why="large", question="?", paths=[], lines=1, base="b", policy="p", sha="s"
)
DIFFERS = f.LedgerDiffers(old_seq=9, old_hash="", reason="it is shorter")


def after(*facts: f.Fact) -> State:
    """Two patches, and what was said since."""
    state = State()
    for mid in ("m1", "m2"):
        queue.fold(state, f.PatchQueued(author="PeerA", mid=mid, source="inline", sha="s", size=1, text=""))
    for fact in facts:
        queue.fold(state, fact)
    return state


def held(mid: str = "m1", reason: str = "wait") -> f.Fact:
    return f.PatchHeld(author="PeerA", mid=mid, reason=reason, ts="2026-01-01T00:00:00.000000Z")


def drop(mid: str = "m1") -> f.Fact:
    return f.PatchDrop(mid=mid)


def passed() -> Attempt:
    return Attempt(passed=Passed(Ready(Landing("refs/heads/main", "o", "n"), [], 1, "Update a")))


def next_step(
    state: State,
    attempts: dict[str, Attempt] | None = None,
    tried: str = "",
    tree_is_free: bool = True,
    now: float = 9.0,
) -> tuple[str, str] | None:
    """What comes next, and with which patch."""
    step = turn.next_step(state, attempts or {}, tried, tree_is_free, now)
    return step and (step.what, step.patch.mid)


def test_the_first_patch_that_nothing_holds_begins() -> None:
    assert next_step(State()) is None
    assert next_step(after()) == ("begin", "m1")
    assert next_step(after(ASKED)) == ("begin", "m2")
    assert next_step(after(held()), {"m1": Attempt(look_at=10.0)}) == ("begin", "m2")


def test_the_trial_that_has_the_tree_goes_on_before_others_begin() -> None:
    assert next_step(after(), tried="m2") == ("go on", "m2")
    assert next_step(after(held("m2")), tried="m2") == ("go on", "m2")


def test_a_trial_ends_when_its_patch_is_closed_or_people_are_asked() -> None:
    assert turn.is_wanted(after(), "m1")
    assert not turn.is_wanted(after(ASKED), "m1")
    assert not turn.is_wanted(after(f.PatchReject(author="PeerA", mid="m1", reason="no")), "m1")


def test_what_has_passed_is_announced_and_landed_once_that_is_heard() -> None:
    attempts = {"m1": passed()}
    assert next_step(after(), attempts) == ("announce", "m1")
    attempts["m1"].awaited = 1
    assert next_step(after(), attempts) is None
    assert next_step(after(LANDING), attempts) == ("land", "m1")


def test_what_is_announced_lands_beside_the_trial_of_another_patch() -> None:
    step = turn.next_step(after(LANDING), {}, "m2", True, 9.0)
    assert step and (step.what, step.patch.mid, step.ends_trial) == ("land", "m1", False)


def test_settings_that_were_announced_are_applied_and_end_the_trial() -> None:
    step = turn.next_step(after(APPLYING), {}, "m1", True, 9.0)
    assert step and (step.what, step.ends_trial) == ("apply", True)


def test_those_behind_a_patch_wait_until_what_was_said_of_it_is_heard() -> None:
    assert next_step(after(), {"m1": Attempt(awaited=1)}) is None


def test_what_holds_a_patch_is_looked_at_when_it_is_time_and_all_is_heard() -> None:
    state = after(held())
    assert next_step(state, {"m1": Attempt(look_at=9.0)}) == ("look", "m1")
    assert next_step(state, {"m1": Attempt(look_at=9.1)}) == ("begin", "m2")
    assert next_step(state, {"m1": Attempt(awaited=2)}) == ("begin", "m2")


def test_after_the_look_a_patch_is_announced_or_tried_again() -> None:
    state = after(held())
    patch = state.patches[0]
    assert turn.after(state, patch, {"m1": passed()}, "", True) == Step("announce", patch)
    assert turn.after(state, patch, {}, "", True) == Step("begin", patch)


def test_a_patch_that_people_want_no_more_is_refused_though_it_is_held_or_tried() -> None:
    assert next_step(after(held(), drop())) == ("refuse", "m1")
    step = turn.next_step(after(drop()), {}, "m1", True, 9.0)
    assert step and (step.what, step.ends_trial) == ("refuse", True)


def test_no_trial_begins_while_a_card_has_or_wants_the_tree() -> None:
    assert next_step(after(), tree_is_free=False) is None
    assert next_step(after(), tried="m1", tree_is_free=False) == ("go on", "m1")
    assert next_step(after(), {"m1": passed()}, tree_is_free=False) == ("announce", "m1")


def test_while_the_ledger_differs_patches_are_held_and_go_on_when_that_is_accepted() -> None:
    assert next_step(after(DIFFERS)) == ("hold", "m1")
    step = turn.next_step(after(DIFFERS), {}, "m1", True, 9.0)
    assert step and (step.what, step.ends_trial) == ("hold", True)
    reason = turn.differs(after(DIFFERS))
    waiting = after(DIFFERS, held("m1", reason), held("m2", reason))
    assert next_step(waiting) is None
    queue.fold(waiting, f.LedgerAccepted(old_seq=9, old_hash="", because="mine", who="alice"))
    assert next_step(waiting) == ("look", "m1")


def test_the_user_is_told_once_of_what_only_they_can_mend_or_is_held_for_long() -> None:
    state, then = after(held()), 1767225600.0  # the time of the fact
    assert list(turn.untold(state, {}, 60, then + 59)) == []
    assert list(turn.untold(state, {}, 60, then + 61)) == [state.patches[0]]
    assert list(turn.untold(state, {"m1": Attempt(stuck=1)}, 60, then)) == [state.patches[0]]
    queue.fold(state, f.PatchWaiting(author="PeerA", mid="m1", reason="wait", since=""))
    assert list(turn.untold(state, {"m1": Attempt(stuck=1)}, 60, then + 61)) == []


def test_a_patch_held_for_its_base_is_tried_again_after_an_answer_or_on_another_commit() -> None:
    known = turn.known_of_base(after(held()), "here")
    accepted = f.BaseAccepted(mid="", why="red", machine="here", rfd_id="r", names=["a"])
    moved = f.BranchMoved(branch="refs/heads/main", old="", new="n")
    assert turn.known_of_base(after(held(), accepted), "here") != known
    assert turn.known_of_base(after(held(), accepted), "there") == known
    assert turn.known_of_base(after(held(), moved), "here") != known


def test_the_gate_is_idle_when_every_patch_is_held_or_waits_for_people() -> None:
    assert turn.is_idle(State()) and turn.is_idle(after(ASKED, held("m2")))
    assert not turn.is_idle(after(held()))
