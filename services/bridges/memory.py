"""What follows from a fact for a bridge's memory. Pure.

Every fact is folded by each bridge; `via` is the platform whose chats are ours. What has to be posted stands
in one queue per chat, in the ledger's order, until a `chat-posted` (or `chat-failed`) takes it out.
"""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.commands import answer
from cccc.common.facts import Fact
from cccc.common.machine.waits import left
from cccc.common.text.lines import moment
from cccc.services.bridges import shared_files
from cccc.services.bridges.state import (
    CARD,
    COMMAND,
    FILE,
    PEERS,
    REPLY,
    SETTLED,
    SYSTEM,
    USER,
    Asked,
    Card,
    Item,
    Mark,
    Outbox,
    Posting,
    Said,
    State,
    Subscription,
    forget_oldest,
    message_key,
    push,
)

_MESSAGES_KEPT = 500
_CARDS_KEPT = 200
_ALBUMS_KEPT = 50


def asks_about(command: str) -> str:
    """Return the request about which somebody wants to ask, when a command does not have the question yet."""
    words = command.lstrip("/").split()
    return words[2] if len(words) == 3 and words[:2] == ["rfd", "ask"] else ""


# What a kind changes, at its time; `peers`: whether the chats get what the peers say to each other.
_fold: ByKind[None] = ByKind(None)


def fold(state: State, fact: Fact, via: str, shows_peers: bool) -> None:
    """Change the state from one fact; `shows_peers` is what the settings say of the peers' talk."""
    if isinstance(fact, answer.OUTCOMES) and fact.cause in state.asked:
        _hear_answer(state, fact, state.asked.pop(fact.cause))
    if isinstance(fact, answer.ASKS) and getattr(fact, "via", "") == via:
        _hear_wish(state, fact)
    if getattr(fact, "via", via) == via or not isinstance(fact, _OF_ONE_PLATFORM):
        _fold(state, fact, _at(fact), shows_peers if state.show_peers is None else state.show_peers)
    shared_files.fold(state, fact)


_OF_ONE_PLATFORM = (
    *(f.UserMessage, f.BridgeStarted, f.ChatSubscribed, f.ChatUnsubscribed, f.ChatMoved, f.ChatCommand),
    *(f.ChatTold, f.ChatPosting, f.ChatPosted, f.ChatFailed, f.ChatMarked),
)


def _at(fact: Fact) -> float:
    return moment(fact.ts).timestamp()


def _everyone(state: State, fact: Fact, kind: str, about: str = "", said: int = 0) -> None:
    """Queue a fact, or that numbered `said`, for every chat that gets its kind; `about` a request: below its card."""
    for chat, its in state.subscriptions.items():
        if its.peers if kind == PEERS else its.to_user:
            copies = state.cards[about].copies.get(chat, []) if about in state.cards else []
            below = copies[-1] if copies else ""
            push(state, chat, Item(said or fact.seq, kind, _at(fact), reply_to=below, thread=its.thread))


def _hear_wish(state: State, fact: Fact) -> None:
    """Take note of who hears what comes of it: the chat of a press, or of the command that led to it."""
    if isinstance(fact, f.Decision) and fact.chat:
        state.asked[fact.seq] = Asked(fact.chat, press=fact.press)
    elif fact.cause in state.asked:
        state.asked[fact.seq] = state.asked[fact.cause]
    forget_oldest(state.asked, _MESSAGES_KEPT)


def _hear_answer(state: State, fact: Fact, asked: Asked) -> None:
    item = Item(fact.seq, REPLY, _at(fact), reply_to=asked.message, thread=asked.thread, press=asked.press)
    push(state, asked.chat, item)


# --- what is said to people ------------------------------------------------------------------


@_fold.rule
def _to_user(state: State, fact: f.ToUser, at: float, peers: bool) -> None:
    named = next((rfd_id for rfd_id, card in state.cards.items() if not card.over and rfd_id in fact.text), "")
    asked = state.questions.pop(fact.author, "")
    _everyone(state, fact, USER, named or asked)


@_fold.rule
def _to_peer(state: State, fact: f.ToPeer, at: float, peers: bool) -> None:
    state.talk[fact.mid] = fact.seq
    forget_oldest(state.talk, _MESSAGES_KEPT)


@_fold.rule
def _handoff(state: State, fact: f.Handoff, at: float, peers: bool) -> None:
    said = state.talk.pop(fact.mid, 0)  # people see what the peers say as the peers do: not while it is held
    if said and peers:
        _everyone(state, fact, PEERS, said=said)


@_fold.rule
def _show_peers(state: State, fact: f.ShowPeers, at: float, peers: bool) -> None:
    state.show_peers = fact.on


@_fold.rule
def _of_the_system(
    state: State,
    fact: f.Notice | f.PatchCommit | f.PatchReject | f.PatchPrecheckFail | f.SettingsApplied | f.FileRefused,
    at: float,
    peers: bool,
) -> None:
    _everyone(state, fact, SYSTEM)


@_fold.rule
def _file_out(state: State, fact: f.FileOut, at: float, peers: bool) -> None:
    for chat, its in state.subscriptions.items():
        if its.to_user:
            push(state, chat, Item(fact.seq, FILE, at, thread=its.thread))


# --- decisions -------------------------------------------------------------------------------


@_fold.rule
def _rfd(state: State, fact: f.Rfd, at: float, peers: bool) -> None:
    options = [*fact.options, *(["reject"] if "reject" not in fact.options else [])]
    state.cards[fact.rfd_id] = Card(fact.seq, fact.rfd_id, options)
    over = [rfd_id for rfd_id, card in state.cards.items() if card.over]
    for rfd_id in over[: max(0, len(over) - _CARDS_KEPT)]:
        del state.cards[rfd_id]
    _everyone(state, fact, CARD)


@_fold.rule
def _decision_counted(state: State, fact: f.DecisionCounted, at: float, peers: bool) -> None:
    _change_card(state, fact, f"{fact.who}: {fact.decision}, {fact.missing} more must say the same", over=False)


@_fold.rule
def _rfd_settled(state: State, fact: f.RfdSettled, at: float, peers: bool) -> None:
    _change_card(state, fact, f"{answer.settled(fact)}, {fact.ts[:16].replace('T', ' ')} UTC", over=True)


def _change_card(state: State, fact: f.DecisionCounted | f.RfdSettled, status: str, over: bool) -> None:
    card = state.cards.get(fact.rfd_id)
    if card is None:
        return
    card.status, card.over = status, over
    for chat, messages in card.copies.items():
        for message in messages:
            push(state, chat, Item(fact.seq, SETTLED, _at(fact), edit=message))


@_fold.rule
def _rfd_question(state: State, fact: f.RfdQuestion, at: float, peers: bool) -> None:
    state.questions = dict.fromkeys(("PeerA", "PeerB"), fact.rfd_id)
    _everyone(state, fact, SYSTEM, fact.rfd_id)


# --- what people say -------------------------------------------------------------------------


@_fold.rule
def _user_message(state: State, fact: f.UserMessage, at: float, peers: bool) -> None:
    if not fact.chat:
        return
    _read_up_to(state, fact.chat, fact.message)
    key = message_key(fact.chat, fact.message)
    before = state.said.get(key)
    state.said[key] = Said(fact.mid, fact.route, fact.sha, before.marks if before else [])
    forget_oldest(state.said, _MESSAGES_KEPT)
    if fact.album:
        state.albums[fact.album] = fact.route
        forget_oldest(state.albums, _ALBUMS_KEPT)
    _mark(state, fact, key, "stored")


def _mark(state: State, fact: Fact, key: str, mark: str) -> None:
    """Let a message have a mark, once: the other peer's acceptance and an edit show nothing new."""
    its = state.said[key]
    chat, _, message = key.rpartition("/")
    if message and mark not in its.marks:  # a slash command is no message
        its.marks.append(mark)
        state.marks.append(Mark(chat, message, its.mid, mark, fact.seq))


def _read_up_to(state: State, chat: str, message: str) -> None:
    """Take note of how far a chat is read; an edit is about an older message, a slash command about none."""
    before = state.cursors.get(chat, "")
    state.cursors[chat] = max(before, message, key=lambda id_: (len(id_), id_))


@_fold.rule
def _handoff_accepted(state: State, fact: f.HandoffAccepted, at: float, peers: bool) -> None:
    for key, said in state.said.items():
        if said.mid == fact.mid:
            _mark(state, fact, key, "accepted")


@_fold.rule
def _chat_marked(state: State, fact: f.ChatMarked, at: float, peers: bool) -> None:
    done = (fact.chat, fact.message, fact.mark)
    state.marks = [mark for mark in state.marks if (mark.chat, mark.message, mark.mark) != done]


@_fold.rule
def _chat_command(state: State, fact: f.ChatCommand, at: float, peers: bool) -> None:
    if not fact.press:
        _read_up_to(state, fact.chat, fact.message)
    state.asked[fact.seq] = Asked(fact.chat, fact.thread, fact.message, fact.press)
    forget_oldest(state.asked, _MESSAGES_KEPT)
    item = Item(fact.seq, COMMAND, at, reply_to=fact.message, thread=fact.thread, press=fact.press)
    item.about = asks_about(fact.text)
    push(state, fact.chat, item)


@_fold.rule
def _chat_told(state: State, fact: f.ChatTold, at: float, peers: bool) -> None:
    state.hinted[f"{fact.chat} {fact.user}"] = at
    forget_oldest(state.hinted, _MESSAGES_KEPT)
    push(state, fact.chat, Item(fact.seq, REPLY, at, reply_to=fact.message, thread=fact.thread, press=fact.press))


# --- chats -----------------------------------------------------------------------------------


@_fold.rule
def _bridge_started(state: State, fact: f.BridgeStarted, at: float, peers: bool) -> None:
    state.started = fact.id
    if fact.reset == "clear":
        for box in state.outboxes.values():
            box.queue, box.open = [], None
        state.marks = []
    for chat, its in state.subscriptions.items():
        _announce(state, chat, its, at)


@_fold.rule
def _chat_subscribed(state: State, fact: f.ChatSubscribed, at: float, peers: bool) -> None:
    new = fact.chat not in state.subscriptions
    its = Subscription(fact.how, fact.title, fact.thread, fact.to_user, fact.peers)
    state.subscriptions[fact.chat] = its
    if new:
        _announce(state, fact.chat, its, at)


def _announce(state: State, chat: str, its: Subscription, at: float) -> None:
    """Queue the cards of what waits for a decision, unless they are queued already."""
    queued = {item.seq for item in state.outboxes.get(chat, Outbox()).queue if item.kind == CARD}
    for card in state.cards.values():
        if its.to_user and not card.over and card.seq not in queued:
            push(state, chat, Item(card.seq, CARD, at, thread=its.thread))


@_fold.rule
def _chat_unsubscribed(state: State, fact: f.ChatUnsubscribed, at: float, peers: bool) -> None:
    state.subscriptions.pop(fact.chat, None)
    box = state.outboxes.get(fact.chat)
    if box:
        keep = box.open.count if box.open else 0
        box.queue = [item for n, item in enumerate(box.queue) if n < keep or item.kind in (COMMAND, REPLY)]


@_fold.rule
def _chat_moved(state: State, fact: f.ChatMoved, at: float, peers: bool) -> None:
    state.moved[fact.chat] = fact.to
    if fact.chat in state.subscriptions:
        state.subscriptions[fact.to] = state.subscriptions.pop(fact.chat)
    if fact.chat in state.outboxes:
        box, there = state.outboxes.pop(fact.chat), state.outboxes.get(fact.to, Outbox())
        state.outboxes[fact.to] = Outbox([item for item in (*box.queue, *there.queue) if not item.edit])
    for card in state.cards.values():
        card.copies.pop(fact.chat, None)  # old messages cannot be reached by the new id


# --- what is in the chats --------------------------------------------------------------------


@_fold.rule
def _chat_posting(state: State, fact: f.ChatPosting, at: float, peers: bool) -> None:
    box = state.outboxes.get(fact.chat)
    if box and [item.seq for item in box.queue[: len(fact.about)]] == fact.about:
        state.number += 1
        box.open = Posting(state.number, len(fact.about))


@_fold.rule
def _chat_posted(state: State, fact: f.ChatPosted, at: float, peers: bool) -> None:
    box = state.outboxes.get(fact.chat)
    if box is None or box.open is None:
        return
    head = box.queue[0]
    box.last[head.kind] = at
    box.recent = [*(then for then in box.recent if left(then, 60.0, at)), at]
    if fact.message and not head.edit:
        _remember_message(state, fact, head)
    box.open.done += 1
    if fact.left == 0:
        _take_out(state, fact.chat, box)


@_fold.rule
def _chat_failed(state: State, fact: f.ChatFailed, at: float, peers: bool) -> None:
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
        forget_oldest(state.prompts, _MESSAGES_KEPT)
    if card and head.kind == CARD:
        card.copies.setdefault(fact.chat, []).append(fact.message)
        if card.status:  # it was settled while this copy was on its way
            push(state, fact.chat, Item(card.seq, SETTLED, head.at, edit=fact.message))


HEARS: frozenset[type[Fact]] = frozenset((*_fold.kinds, *shared_files.fold.kinds, *answer.ASKS, *answer.OUTCOMES))
