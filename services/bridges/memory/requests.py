"""Requests for decision, as the chats show them."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.services.bridges.memory.queues import at, push, push_to_all
from cccc.services.bridges.state import CARD, SETTLED, SYSTEM, Card, Item, State

_CARDS_KEPT = 200

fold: ByKind[None] = ByKind(None)


@fold.rule
def _rfd(state: State, fact: f.Rfd) -> None:
    options = [*fact.options, *(["reject"] if "reject" not in fact.options else [])]
    state.cards[fact.rfd_id] = Card(fact.seq, fact.rfd_id, options)
    over = [rfd_id for rfd_id, card in state.cards.items() if card.over]
    for rfd_id in over[: max(0, len(over) - _CARDS_KEPT)]:
        del state.cards[rfd_id]
    push_to_all(state, fact, CARD)


@fold.rule
def _decision_counted(state: State, fact: f.DecisionCounted) -> None:
    _change_card(state, fact, fact.line(), over=False)


@fold.rule
def _rfd_settled(state: State, fact: f.RfdSettled) -> None:
    _change_card(state, fact, f"{fact.ending()}, {fact.ts[:16].replace('T', ' ')} UTC", over=True)


def _change_card(state: State, fact: f.DecisionCounted | f.RfdSettled, status: str, over: bool) -> None:
    card = state.cards.get(fact.rfd_id)
    if card is None:
        return
    card.status, card.over = status, over
    for chat, messages in card.copies.items():
        for message in messages:
            push(state, chat, Item(fact.seq, SETTLED, at(fact), edit=message))


@fold.rule
def _rfd_question(state: State, fact: f.RfdQuestion) -> None:
    state.questions = dict.fromkeys(("PeerA", "PeerB"), fact.rfd_id)
    push_to_all(state, fact, SYSTEM, fact.rfd_id)
