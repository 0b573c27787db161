"""Which questions people still have to answer."""

from __future__ import annotations

from cccc.common import bus
from cccc.common import facts as f
from cccc.services.evidence import questions, queue
from cccc.services.evidence.checking import bases
from cccc.services.evidence.policy import Need
from cccc.services.evidence.questions import ask

NEED = Need("protected", "docs/sk-learn-tutorial-introduction.md is protected")


def test_a_yes_counts_for_a_path_that_looks_like_a_token() -> None:
    patch = queue.Open(1, "", "m1", "PeerA", "inline", "s")
    state = queue.State([patch])
    (asked,) = ask(patch, [NEED], "p", "b" * 40, [], 1)
    queue.fold(state, bus.as_fact(bus._fields(asked)))  # as it is told and comes back
    patch.asks["protected"].approved = True
    assert ask(patch, [NEED], "p", "b" * 40, [], 1) == []


TOKEN = "tests.test_a::test_key[sk-" + 30 * "a" + "]"


def of_base(known: bases.State, names: list[str]) -> f.BaseNeedsDecision | None:
    asked = questions.of_base(known, "red", names, "base-1", "refs/heads/main", "b", "here")
    assert asked is None or isinstance(asked[0], f.BaseNeedsDecision)
    return asked and asked[0]  # type: ignore[return-value]


def test_tests_that_look_like_tokens_are_asked_about_without_them_and_then_known() -> None:
    known = bases.State()
    fact = of_base(known, [TOKEN])
    assert fact and "sk-a" not in repr(fact)
    bases.fold(known, f.BaseAccepted(mid="", why="red", machine="here", rfd_id="r", names=fact.names))
    assert of_base(known, [TOKEN]) is None


def test_more_tests_than_a_fact_can_name_are_not_asked_about() -> None:
    assert of_base(bases.State(), [f"test_{number:01000}" for number in range(600)]) is None
    assert of_base(bases.State(), [f"test_{number}" for number in range(600)])
