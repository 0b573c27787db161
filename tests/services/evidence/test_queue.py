"""The queue as the facts tell it."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence import queue
from cccc.services.evidence.landing import Landing


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
