"""What is known of the tests before a patch."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence.checking import base_questions, bases
from cccc.services.evidence.checking.base_questions import Question
from cccc.services.evidence.checking.bases import Before, State
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
    assert known.by_mid["base-1"].number == 2 and known.by_mid["base-1"].is_open


def test_a_drop_that_comes_after_the_end_changes_nothing() -> None:
    assert not state(run(), ended(), f.BaseDrop(mid="base-1")).by_mid["base-1"].dropped


def test_only_the_newest_bases_are_kept() -> None:
    facts = [fact for number in range(120) for fact in (run(f"base-{number}"), ended(f"base-{number}"))]
    assert len(state(*facts).by_mid) <= 51 and "base-119" in state(*facts).by_mid


def question(*names: str, id_: str = "q", machine: str = HERE, why: str = "red") -> f.BaseNeedsDecision:
    return f.BaseNeedsDecision(
        id=id_, mid="base-1", branch=MAIN, base="1", why=why, question="?", machine=machine, names=list(names)
    )


def answered(outcome: str, *names: str) -> tuple[f.Fact, ...]:
    opened = f.Rfd(
        rfd_id="r",
        author="System",
        mid="base-1",
        why="red",
        title="?",
        question="?",
        minutes=1,
        expires="",
        required=1,
        machine=HERE,
        names=list(names),
    )
    settled = f.RfdSettled(rfd_id="r", outcome=outcome, people=[], mid="base-1")
    return question(*names), opened, settled


def test_who_was_asked_about_more_is_not_asked_about_less() -> None:
    known = state(question("a", "b"))
    assert known.was_asked("red", ["b"], HERE) and not known.was_asked("red", ["b", "c"], HERE)


def test_what_was_asked_for_another_machine_was_not_asked_here() -> None:
    assert not state(question("a", machine="there")).was_asked("red", ["a"], HERE)


def test_a_no_counts_until_the_branch_is_green() -> None:
    known = state(*answered("rejected", "a"))
    assert known.was_asked("red", ["a"], HERE)
    bases.fold(known, run())
    bases.fold(known, f.BaseTest(mid="base-1", branch="refs/heads/other", base="1", command="", verdict="green"))
    assert known.was_asked("red", ["a"], HERE)
    bases.fold(known, ended())
    assert not known.was_asked("red", ["a"], HERE)


def test_a_question_whose_time_is_over_may_be_asked_again() -> None:
    assert not state(*answered("expired", "a")).was_asked("red", ["a"], HERE)


def test_no_two_questions_and_no_two_runs_have_one_id_however_many_there_were() -> None:
    known, ids = State(), set()
    for number in range(130):
        asked = base_questions.ask(known, Question("red", [f"t{number % 65}"], "base-1", MAIN, "1"), HERE)
        assert asked and asked[1] not in ids
        ids.add(asked[1])
        bases.fold(known, question(f"t{number % 65}", id_=asked[1]))
        known.asked[asked[1]].outcome = "expired"
        bases.fold(known, run(f"base-{number % 65}"))
        assert known.by_mid[f"base-{number % 65}"].number == number + 1
        bases.fold(known, ended(f"base-{number % 65}"))


def test_who_asks_for_a_run_hears_that_there_is_none() -> None:
    known = state(f.BaseAgain(seq=7))
    assert known.again == 7
    bases.fold(known, f.BaseDrop(mid="base-1", reason="nothing to run"))
    assert not known.again


def test_a_run_that_was_under_way_does_not_answer_who_asks_for_another() -> None:
    assert state(run(), f.BaseAgain(seq=7), f.BaseDrop(mid="base-1", reason="a patch needs")).again == 7
