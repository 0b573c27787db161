"""What follows from a fact for a bridge's memory, by subject. Pure.

Every fact is folded by each bridge; `via` is the platform whose chats are ours. What has to be posted stands
in one queue per chat, in the ledger's order, until a `chat-posted` (or `chat-failed`) takes it out.
"""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.commands import answer
from cccc.common.facts import Fact
from cccc.services.bridges.memory import chats, files, people, posted, requests, shown
from cccc.services.bridges.memory.queues import at, push
from cccc.services.bridges.state import REPLY, Asked, Item, State, forget_oldest

_OF_ONE_PLATFORM = (people.fold, chats.fold, posted.fold)
_OF_ALL = (shown.fold, requests.fold, files.fold)

HEARS: frozenset[type[Fact]] = frozenset(
    (*(kind for subject in (*_OF_ONE_PLATFORM, *_OF_ALL) for kind in subject.kinds), *answer.ASKS, *answer.OUTCOMES)
)


def fold(state: State, fact: Fact, via: str) -> None:
    """Change the state from one fact."""
    if isinstance(fact, answer.OUTCOMES) and fact.cause in state.asked:
        _hear_answer(state, fact, state.asked.pop(fact.cause))
    if isinstance(fact, answer.ASKS) and getattr(fact, "via", "") == via:
        _hear_wish(state, fact)
    if getattr(fact, "via", via) == via:
        for subject in _OF_ONE_PLATFORM:
            subject(state, fact)
    for subject in _OF_ALL:
        subject(state, fact)


def _hear_wish(state: State, fact: Fact) -> None:
    """Take note of who hears what comes of it: the chat of a press, or of the command that led to it."""
    if isinstance(fact, f.Decision) and fact.chat:
        state.asked[fact.seq] = Asked(fact.chat, press=fact.press)
    elif fact.cause in state.asked:
        state.asked[fact.seq] = state.asked[fact.cause]
    forget_oldest(state.asked)


def _hear_answer(state: State, fact: Fact, asked: Asked) -> None:
    item = Item(fact.seq, REPLY, at(fact), reply_to=asked.message, thread=asked.thread, press=asked.press)
    push(state, asked.chat, item)
