"""What is known of the tests before a patch."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence import bases
from cccc.services.evidence.bases import Before, State
from cccc.services.evidence.policy import Counted

MAIN, HERE = "refs/heads/main", "here"


def run(mid: str = "base-1") -> f.BaseRun:
    return f.BaseRun(mid=mid, branch=MAIN, base="1", command="pytest -q", log="")


def ended(mid: str = "base-1", tests: int | None = 10) -> f.BaseTest:
    return f.BaseTest(mid=mid, branch=MAIN, base="1", command="pytest -q", verdict="green", tests=tests, skipped=0)


def state(*facts: f.Fact) -> State:
    result = State()
    for fact in facts:
        bases.fold(result, fact)
    return result


def test_a_first_patch_is_compared_with_its_base() -> None:
    before = bases.before(state(run(), ended()), MAIN, "base-1", HERE)
    assert before == Before(Counted(10, 0), on_base=True)
    assert [need.why for need in before.fewer(Counted(1, 0))] == ["tests"]
    assert not before.fewer(Counted(10, 0))


def test_a_later_patch_is_compared_with_what_landed_last() -> None:
    known = state(run(), ended())
    known.landed(MAIN, "2", Counted(3, 0))
    assert bases.before(known, MAIN, "base-1", HERE) == Before(Counted(3, 0))
    known.landed(MAIN, "2", None)
    assert bases.before(known, MAIN, "base-1", HERE) == Before() and known.knows(MAIN)


def test_where_the_base_counted_nothing_nothing_is_asked() -> None:
    assert not bases.before(state(run(), ended(tests=None)), MAIN, "base-1", HERE).fewer(Counted(1, 0))


def test_a_run_that_a_person_dropped_leaves_a_question() -> None:
    known = state(run(), f.BaseDrop(mid="base-1"))
    assert known.by_mid["base-1"].settled
    assert [need.why for need in bases.before(known, MAIN, "base-1", HERE).fewer(Counted(10, 0))] == ["tests"]


def test_a_run_that_was_given_up_may_begin_again() -> None:
    known = state(run(), f.BaseDrop(mid="base-1", reason="a patch for another branch came"))
    assert not known.by_mid["base-1"].settled
    bases.fold(known, run())
    assert known.by_mid["base-1"].runs == 2 and known.by_mid["base-1"].is_open


def test_a_drop_that_comes_after_the_end_changes_nothing() -> None:
    assert not state(run(), ended(), f.BaseDrop(mid="base-1")).by_mid["base-1"].dropped


def test_only_the_newest_bases_are_kept() -> None:
    facts = [fact for number in range(120) for fact in (run(f"base-{number}"), ended(f"base-{number}"))]
    assert len(state(*facts).by_mid) <= 51 and "base-119" in state(*facts).by_mid
