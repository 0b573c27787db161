"""What is in the chats."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.machine.waits import left
from cccc.services.bridges.memory.queues import at, push
from cccc.services.bridges.state import CARD, SETTLED, Item, Outbox, Posting, State, forget_oldest, message_key

fold: ByKind[None] = ByKind(None)


@fold.rule
def _chat_posting(state: State, fact: f.ChatPosting) -> None:
    box = state.outboxes.get(fact.chat)
    if box and [item.seq for item in box.queue[: len(fact.about)]] == fact.about:
        state.number += 1
        box.open = Posting(state.number, len(fact.about))


@fold.rule
def _chat_posted(state: State, fact: f.ChatPosted) -> None:
    box = state.outboxes.get(fact.chat)
    if box is None or box.open is None:
        return
    head, now = box.queue[0], at(fact)
    box.last[head.kind] = now
    box.recent = [*(then for then in box.recent if left(then, 60.0, now)), now]
    if fact.message and not head.edit:
        _remember_message(state, fact, head)
    box.open.done += 1
    if fact.left == 0:
        _take_out(state, fact.chat, box)


@fold.rule
def _chat_failed(state: State, fact: f.ChatFailed) -> None:
    box = state.outboxes.get(fact.chat)
    if box and box.open:
        _take_out(state, fact.chat, box)


def _take_out(state: State, chat: str, box: Outbox) -> None:
    assert box.open
    del box.queue[: box.open.count]
    box.open = None
    if not box.queue and chat not in state.subscriptions:
        del state.outboxes[chat]


def _remember_message(state: State, fact: f.ChatPosted, head: Item) -> None:
    """Take note of a message to which people may reply, or which changes later."""
    card = next((card for card in state.cards.values() if card.seq == head.seq), None)
    about = card.rfd_id if card else head.about
    if about:
        state.prompts[message_key(fact.chat, fact.message)] = about
        forget_oldest(state.prompts)
    if card and head.kind == CARD:
        card.copies.setdefault(fact.chat, []).append(fact.message)
        if card.status:  # it was settled while this copy was on its way
            push(state, fact.chat, Item(card.seq, SETTLED, head.at, edit=fact.message))
