"""What waits to be posted, in one queue for each chat."""

from __future__ import annotations

from cccc.common.facts import Fact
from cccc.common.text.lines import moment
from cccc.services.bridges.state import PEERS, Item, Outbox, State


def at(fact: Fact) -> float:
    """Return the Unix time of a fact."""
    return moment(fact.ts).timestamp()


def push(state: State, chat: str, item: Item) -> None:
    """Put something at the end of a chat's queue."""
    state.outboxes.setdefault(chat, Outbox()).queue.append(item)


def push_to_all(state: State, fact: Fact, kind: str, about: str = "", said: int = 0) -> None:
    """Queue a fact, or that numbered `said`, for every chat that gets its kind; `about` a request: below its card."""
    for chat, its in state.subscriptions.items():
        if its.peers if kind == PEERS else its.to_user:
            copies = state.cards[about].copies.get(chat, []) if about in state.cards else []
            below = copies[-1] if copies else ""
            push(state, chat, Item(said or fact.seq, kind, at(fact), reply_to=below, thread=its.thread))
