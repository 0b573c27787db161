"""When the peers get stuck: both are unsure, or they dispute without evidence. Pure.

Unsure: the last message of each peer has a `confidence` (0 to 1) in its insight, or on a line of
its own, and both are below the limit. A dispute: COUNTERs (insight kind `counter`) from one peer
and the other in turn, with no diff and no landed patch between them; what lies between, such as
the revise that a COUNTER demands, does not count and does not end it.
"""

from __future__ import annotations

import re
from typing import Dict

import msgspec

from cccc.common import facts as f
from cccc.common.paths import PEERS
from cccc.common.settings.policies import Trigger
from cccc.common.text.plural import plural
from cccc.services.orchestrator.decisions.rfd_cards import Card
from cccc.services.orchestrator.mail import insight

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_CONFIDENCE = re.compile(r"^[ \t]*confidence[ \t]*:[ \t]*([0-9.]{1,10})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"(?:0|1|[01]?\.\d{1,6})\.?0*")


class State(msgspec.Struct):
    confidence: Dict[str, float] = msgspec.field(default_factory=dict)  # of each peer's last message, if it says it
    rounds: int = 0  # COUNTERs in turn since the last evidence
    countered: str = ""  # who sent the last one


def evidence(state: State) -> None:
    """A patch landed, or a diff was handed over: the dispute rests on something again."""
    state.rounds, state.countered = 0, ""
    state.confidence.clear()


def raised(state: State, rules: Trigger, fact: f.ToPeer, text: str, has_diff: bool) -> list[tuple[str, Card]]:
    """Return the requests that a message raises: why, and what is asked."""
    if has_diff:
        evidence(state)
        return []
    read = insight.read(text)
    return [*_unsure(state, rules, fact, read), *_dispute(state, rules, fact, read)]


def _unsure(state: State, rules: Trigger, fact: f.ToPeer, read: insight.Message) -> list[tuple[str, Card]]:
    lines = _CONFIDENCE.findall(read.body)
    said = (read.fields or {}).get("confidence") or (lines[-1] if lines else "")
    state.confidence.pop(fact.author, None)
    if _NUMBER.fullmatch(said):
        state.confidence[fact.author] = float(said)
    sure = [state.confidence.get(peer, 1.0) for peer in PEERS]
    if max(sure) >= rules.both_confidence_below:
        return []
    state.confidence.clear()
    words = " and ".join(f"{peer} {value:g}" for peer, value in zip(PEERS, sure))
    question = f"Both peers are unsure ({words}). Should they continue?"
    return [("confidence", _card("Both peers are unsure", question, read.body, ["go on", "stop"]))]


def _dispute(state: State, rules: Trigger, fact: f.ToPeer, read: insight.Message) -> list[tuple[str, Card]]:
    if read.kind != "counter" or state.countered == fact.author:
        return []
    state.rounds, state.countered = state.rounds + 1, fact.author
    if state.rounds <= rules.max_dispute_rounds:
        return []
    rounds = state.rounds
    evidence(state)
    countered = f"The peers have countered each other {plural(rounds, 'time')} without evidence."
    question = f"{countered} Whose proposal should they follow?"
    return [("dispute", _card("The peers disagree", question, read.body, [*PEERS, "neither"]))]


def _card(title: str, question: str, last: str, options: list[str]) -> Card:
    return Card("", title, question, f"The last message: {last.strip()}", options, "", 0)
