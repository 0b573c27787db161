"""Which chats are let in."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.services.bridges.memory.queues import at, push
from cccc.services.bridges.state import CARD, COMMAND, REPLY, Item, Outbox, State, Subscription

fold: ByKind[None] = ByKind(None)


@fold.rule
def _bridge_started(state: State, fact: f.BridgeStarted) -> None:
    state.started = fact.id
    if fact.reset == "clear":
        for box in state.outboxes.values():
            box.queue, box.open = [], None
        state.marks = []
    for chat, its in state.subscriptions.items():
        _announce(state, fact, chat, its)


@fold.rule
def _chat_subscribed(state: State, fact: f.ChatSubscribed) -> None:
    new = fact.chat not in state.subscriptions
    its = Subscription(fact.how, fact.title, fact.thread, fact.to_user, fact.peers)
    state.subscriptions[fact.chat] = its
    if new:
        _announce(state, fact, fact.chat, its)


def _announce(state: State, fact: f.BridgeStarted | f.ChatSubscribed, chat: str, its: Subscription) -> None:
    """Queue the cards of what waits for a decision, unless they are queued already."""
    queued = {item.seq for item in state.outboxes.get(chat, Outbox()).queue if item.kind == CARD}
    for card in state.cards.values():
        if its.to_user and not card.over and card.seq not in queued:
            push(state, chat, Item(card.seq, CARD, at(fact), thread=its.thread))


@fold.rule
def _chat_unsubscribed(state: State, fact: f.ChatUnsubscribed) -> None:
    state.subscriptions.pop(fact.chat, None)
    box = state.outboxes.get(fact.chat)
    if box:
        keep = box.open.count if box.open else 0
        box.queue = [item for n, item in enumerate(box.queue) if n < keep or item.kind in (COMMAND, REPLY)]


@fold.rule
def _chat_moved(state: State, fact: f.ChatMoved) -> None:
    state.moved[fact.chat] = fact.to
    if fact.chat in state.subscriptions:
        state.subscriptions[fact.to] = state.subscriptions.pop(fact.chat)
    if fact.chat in state.outboxes:
        box, there = state.outboxes.pop(fact.chat), state.outboxes.get(fact.to, Outbox())
        state.outboxes[fact.to] = Outbox([item for item in (*box.queue, *there.queue) if not item.edit])
    for card in state.cards.values():
        card.copies.pop(fact.chat, None)  # old messages cannot be reached by the new id
