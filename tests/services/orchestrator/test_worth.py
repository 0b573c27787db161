"""What is worth the other peer's attention."""

from __future__ import annotations

from cccc.common.settings.policies import HandoffFilter
from cccc.services.orchestrator.talk import worth

RULES = HandoffFilter()
MEDIUM = "the parser now keeps the blank lines of a hunk in place"


def refusal(state: worth.State, text: str, now: float, rules: HandoffFilter = RULES) -> str:
    return worth.refusal(state, rules, "PeerA->PeerB", text, now).partition(":")[0]


def test_an_acknowledgement_is_low_signal() -> None:
    assert refusal(worth.State(), "ok, standing by", 0) == "low-signal"
    assert refusal(worth.State(), "", 0) == "low-signal"


def test_a_short_message_with_a_keyword_or_a_question_goes_through() -> None:
    assert refusal(worth.State(), "ok CLAIM: next", 0) == ""
    assert refusal(worth.State(), "ready?", 0) == ""


def test_a_second_message_within_the_cooldown_is_dropped_unless_it_matters() -> None:
    state = worth.State()
    assert refusal(state, MEDIUM, 0) == ""
    assert refusal(state, "another thing that is of middling weight only", 14) == "cooldown"
    assert refusal(state, "EVIDENCE: it is green", 14) == ""
    assert refusal(state, "another thing that is of middling weight only", 30) == ""


def test_the_same_short_message_again_is_a_duplicate() -> None:
    state = worth.State()
    rules = HandoffFilter(cooldown_seconds=0)
    assert refusal(state, "CLAIM: go on", 0, rules) == ""
    assert refusal(state, "claim  go on!", 29, rules) == "duplicate"
    assert refusal(state, "CLAIM: go on", 31, rules) == ""


def test_nearly_the_same_words_within_the_window_are_redundant() -> None:
    state = worth.State()
    assert refusal(state, MEDIUM, 0) == ""
    assert refusal(state, MEDIUM + ", as it is", 60) == "redundant"
    assert refusal(state, MEDIUM + ", as it is", 121) == ""


def test_the_two_directions_do_not_know_of_each_other() -> None:
    state = worth.State()
    assert worth.refusal(state, RULES, "PeerA->PeerB", MEDIUM, 0) == ""
    assert worth.refusal(state, RULES, "PeerB->PeerA", MEDIUM, 1) == ""


def test_a_clock_that_was_set_back_holds_no_message_back() -> None:
    state = worth.State()
    assert refusal(state, MEDIUM, 7200) == ""
    assert refusal(state, MEDIUM + ", as it is", 0) == ""
    assert refusal(state, "CLAIM: go on", 7200) == ""
    assert refusal(state, "CLAIM: go on", 30) == ""
