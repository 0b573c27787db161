"""What people are asked about a base."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.evidence.checking import base_questions, bases
from cccc.services.evidence.checking.base_questions import Question

TOKEN = "tests.test_a::test_key[sk-" + 30 * "a" + "]"


def ask(known: bases.State, names: list[str]) -> f.BaseNeedsDecision | None:
    asked = base_questions.ask(known, Question("red", names, "base-1", "refs/heads/main", "b"), "here")
    assert asked is None or isinstance(asked[0], f.BaseNeedsDecision)
    return asked and asked[0]  # type: ignore[return-value]


def test_tests_that_look_like_tokens_are_asked_about_without_them_and_then_known() -> None:
    known = bases.State()
    fact = ask(known, [TOKEN])
    assert fact and "sk-a" not in repr(fact)
    bases.fold(known, f.BaseAccepted(mid="", why="red", machine="here", rfd_id="r", names=fact.names))
    assert ask(known, [TOKEN]) is None


def test_more_tests_than_a_fact_can_name_are_not_asked_about() -> None:
    assert ask(bases.State(), [f"test_{number:01000}" for number in range(600)]) is None
    assert ask(bases.State(), [f"test_{number}" for number in range(600)])
