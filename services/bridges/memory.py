"""What a bridge remembers, folded from the facts. Pure.

Every fact is folded by each bridge; `via` is the platform whose chats are ours. What has to be posted stands
in one queue per chat, in the ledger's order, until a `chat-posted` (or `chat-failed`) takes it out.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Dict, List, Optional

import msgspec

from cccc.common import answer
from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.lines import moment

# ruff: noqa: UP006, UP035, UP045  # msgspec evaluates the annotations, on Python 3.9 too

USER, PEERS, SYSTEM, FILE = "user", "peers", "system", "file"
CARD, SETTLED = "card", "settled"  # a request for decision, and its change
COMMAND, REPLY = "command", "reply"  # what a command answers at once; what else a person is told
_MESSAGES_KEPT = 500
_CARDS_KEPT = 200
_ALBUMS_KEPT = 50


class Item(msgspec.Struct):
    """The fact `seq` has to become (part of) a post."""

    seq: int
    kind: str
    at: float  # Unix time of the fact
    edit: str = ""  # the message that it changes
    reply_to: str = ""
    thread: str = ""
    press: str = ""
    about: str = ""  # the request that replies to it are about


class Posting(msgspec.Struct):
    """A post that was announced: of the first `count` items, `done` parts are in the chat."""

    number: int
    count: int
    done: int = 0


class Outbox(msgspec.Struct):
    """What has to be posted into one chat."""

    queue: List[Item] = []
    open: Optional[Posting] = None
    last: Dict[str, float] = {}  # kind -> Unix time of the last post
    recent: List[float] = []  # of the posts of the last minute


class Subscription(msgspec.Struct):
    """A chat that is let in."""

    how: str
    title: str = ""
    thread: str = ""
    to_user: bool = True
    peers: bool = True


class Card(msgspec.Struct):
    """A request for decision as the chats show it."""

    seq: int
    rfd_id: str
    options: List[str]
    status: str = ""  # in words, once there is something to say
    over: bool = False  # nobody can press any more
    copies: Dict[str, List[str]] = {}  # chat -> messages


class Said(msgspec.Struct):
    """A person's message that was passed on."""

    mid: str
    route: str
    sha: str


class Asked(msgspec.Struct):
    """Who hears what comes of a decision or wish."""

    chat: str
    thread: str = ""
    message: str = ""
    press: str = ""


class Mark(msgspec.Struct):
    """A receipt that is due."""

    chat: str
    message: str
    mid: str
    mark: str


class FileToSend(msgspec.Struct):
    """An outbound file; `waiting` are the chats of all platforms that do not have it yet."""

    seq: int
    name: str
    path: str
    waiting: List[str]
    chats: List[str] = []


class State(msgspec.Struct):
    """The fold; kept in the worker's snapshot."""

    started: str = ""  # the id of the last bridge-started
    number: int = 0  # of postings so far
    show_peers: Optional[bool] = None  # what a person chose; else the settings
    subscriptions: Dict[str, Subscription] = {}
    everywhere: List[str] = []  # "telegram -100…": who gets files, on every platform
    moved: Dict[str, str] = {}
    outboxes: Dict[str, Outbox] = {}
    cards: Dict[str, Card] = {}  # by rfd_id
    prompts: Dict[str, str] = {}  # message key -> the request that a reply to it is about
    asked: Dict[int, Asked] = {}
    said: Dict[str, Said] = {}  # message key -> what became of it
    albums: Dict[str, str] = {}  # album -> route
    hinted: Dict[str, float] = {}  # "chat user" -> Unix time
    cursors: Dict[str, str] = {}  # chat -> the last of its messages that became a fact
    marks: List[Mark] = []
    questions: Dict[str, str] = {}  # peer -> the request about which it was asked last
    files: Dict[str, FileToSend] = {}  # by mid


def asks_about(command: str) -> str:
    """Return the request about which somebody wants to ask, when a command does not have the question yet."""
    words = command.lstrip("/").split()
    return words[2] if len(words) == 3 and words[:2] == ["rfd", "ask"] else ""


def message_key(chat: str, message: str) -> str:
    return f"{chat}/{message}"


def fold(state: State, fact: Fact, via: str, shows_peers: bool) -> None:
    """Change the state from one fact; `shows_peers` is what the settings say of the peers' talk."""
    if isinstance(fact, answer.OUTCOMES) and fact.cause in state.asked:
        _hear_answer(state, fact, state.asked.pop(fact.cause))
    if isinstance(fact, answer.ASKS) and getattr(fact, "via", "") == via:
        _hear_wish(state, fact)
    if getattr(fact, "via", via) == via or not isinstance(fact, _OF_ONE_PLATFORM):
        _fold(fact, state, _at(fact), shows_peers if state.show_peers is None else state.show_peers)
    if isinstance(fact, _FOR_FILES):
        _follow_files(state, fact)


_OF_ONE_PLATFORM = (
    *(f.UserMessage, f.BridgeStarted, f.ChatSubscribed, f.ChatUnsubscribed, f.ChatMoved, f.ChatCommand),
    *(f.ChatTold, f.ChatPosting, f.ChatPosted, f.ChatFailed, f.ChatMarked),
)
_FOR_FILES = (f.ChatSubscribed, f.ChatUnsubscribed, f.ChatMoved, f.FileOut, f.FileSent, f.ChatPosted, f.ChatFailed)


def _at(fact: Fact) -> float:
    return moment(fact.ts).timestamp()


def _push(state: State, chat: str, item: Item) -> None:
    state.outboxes.setdefault(chat, Outbox()).queue.append(item)


def _everyone(state: State, fact: Fact, kind: str, about: str = "") -> None:
    """Queue a fact for every chat that gets such things; `about` a request: below its card."""
    for chat, its in state.subscriptions.items():
        if its.peers if kind == PEERS else its.to_user:
            copies = state.cards[about].copies.get(chat, []) if about in state.cards else []
            _push(
                state, chat, Item(fact.seq, kind, _at(fact), reply_to=copies[-1] if copies else "", thread=its.thread)
            )


def _hear_wish(state: State, fact: Fact) -> None:
    """Take note of who hears what comes of it: the chat of a press, or of the command that led to it."""
    if isinstance(fact, f.Decision) and fact.chat:
        state.asked[fact.seq] = Asked(fact.chat, press=fact.press)
    elif fact.cause in state.asked:
        state.asked[fact.seq] = state.asked[fact.cause]
    _forget_oldest(state.asked, _MESSAGES_KEPT)


def _hear_answer(state: State, fact: Fact, asked: Asked) -> None:
    item = Item(fact.seq, REPLY, _at(fact), reply_to=asked.message, thread=asked.thread, press=asked.press)
    _push(state, asked.chat, item)


@singledispatch
def _fold(fact: Fact, state: State, at: float, peers: bool) -> None:
    """Other kinds change nothing here."""


# --- what is said to people ------------------------------------------------------------------


@_fold.register
def _(fact: f.ToUser, state: State, at: float, peers: bool) -> None:
    named = next((rfd_id for rfd_id, card in state.cards.items() if not card.over and rfd_id in fact.text), "")
    asked = state.questions.pop(fact.author, "")
    _everyone(state, fact, USER, named or asked)


@_fold.register
def _(fact: f.ToPeer, state: State, at: float, peers: bool) -> None:
    if peers:
        _everyone(state, fact, PEERS)


@_fold.register
def _(fact: f.ShowPeers, state: State, at: float, peers: bool) -> None:
    state.show_peers = fact.on


@_fold.register(f.Notice)
@_fold.register(f.PatchCommit)
@_fold.register(f.PatchReject)
@_fold.register(f.PatchPrecheckFail)
@_fold.register(f.SettingsApplied)
@_fold.register(f.FileRefused)
def _(fact: Fact, state: State, at: float, peers: bool) -> None:
    _everyone(state, fact, SYSTEM)


@_fold.register
def _(fact: f.FileOut, state: State, at: float, peers: bool) -> None:
    for chat, its in state.subscriptions.items():
        if its.to_user:
            _push(state, chat, Item(fact.seq, FILE, at, thread=its.thread))


# --- decisions -------------------------------------------------------------------------------


@_fold.register
def _(fact: f.Rfd, state: State, at: float, peers: bool) -> None:
    options = [*fact.options, *(["reject"] if "reject" not in fact.options else [])]
    state.cards[fact.rfd_id] = Card(fact.seq, fact.rfd_id, options)
    over = [rfd_id for rfd_id, card in state.cards.items() if card.over]
    for rfd_id in over[: max(0, len(over) - _CARDS_KEPT)]:
        del state.cards[rfd_id]
    _everyone(state, fact, CARD)


@_fold.register
def _(fact: f.DecisionCounted, state: State, at: float, peers: bool) -> None:
    _change_card(state, fact, f"{fact.who}: {fact.decision}, {fact.missing} more must say the same", over=False)


@_fold.register
def _(fact: f.RfdSettled, state: State, at: float, peers: bool) -> None:
    choice = f" ({fact.choice})" if fact.choice not in ("", fact.outcome, "approve") else ""
    by = f" by {', '.join(fact.people)}" if fact.people else ""
    _change_card(state, fact, f"{fact.outcome}{choice}{by}, {fact.ts[:16].replace('T', ' ')} UTC", over=True)


def _change_card(state: State, fact: f.DecisionCounted | f.RfdSettled, status: str, over: bool) -> None:
    card = state.cards.get(fact.rfd_id)
    if card is None:
        return
    card.status, card.over = status, over
    for chat, messages in card.copies.items():
        for message in messages:
            _push(state, chat, Item(fact.seq, SETTLED, _at(fact), edit=message))


@_fold.register
def _(fact: f.RfdQuestion, state: State, at: float, peers: bool) -> None:
    state.questions = dict.fromkeys(("PeerA", "PeerB"), fact.rfd_id)
    _everyone(state, fact, SYSTEM, fact.rfd_id)


# --- what people say -------------------------------------------------------------------------


@_fold.register
def _(fact: f.UserMessage, state: State, at: float, peers: bool) -> None:
    if not fact.chat:
        return
    _read_up_to(state, fact.chat, fact.message)
    state.said[message_key(fact.chat, fact.message)] = Said(fact.mid, fact.route, fact.sha)
    _forget_oldest(state.said, _MESSAGES_KEPT)
    if fact.album:
        state.albums[fact.album] = fact.route
        _forget_oldest(state.albums, _ALBUMS_KEPT)
    state.marks.append(Mark(fact.chat, fact.message, fact.mid, "stored"))


def _read_up_to(state: State, chat: str, message: str) -> None:
    """Take note of how far a chat is read; an edit is about an older message, a slash command about none."""
    before = state.cursors.get(chat, "")
    state.cursors[chat] = max(before, message, key=lambda id_: (len(id_), id_))


@_fold.register
def _(fact: f.HandoffAccepted, state: State, at: float, peers: bool) -> None:
    for key, said in state.said.items():
        if said.mid == fact.mid:
            chat, _, message = key.rpartition("/")
            state.marks.append(Mark(chat, message, said.mid, "accepted"))


@_fold.register
def _(fact: f.ChatMarked, state: State, at: float, peers: bool) -> None:
    done = (fact.chat, fact.message, fact.mark)
    state.marks = [mark for mark in state.marks if (mark.chat, mark.message, mark.mark) != done]


@_fold.register
def _(fact: f.ChatCommand, state: State, at: float, peers: bool) -> None:
    if not fact.press:
        _read_up_to(state, fact.chat, fact.message)
    state.asked[fact.seq] = Asked(fact.chat, fact.thread, fact.message, fact.press)
    _forget_oldest(state.asked, _MESSAGES_KEPT)
    item = Item(fact.seq, COMMAND, at, reply_to=fact.message, thread=fact.thread, press=fact.press)
    item.about = asks_about(fact.text)
    _push(state, fact.chat, item)


@_fold.register
def _(fact: f.ChatTold, state: State, at: float, peers: bool) -> None:
    state.hinted[f"{fact.chat} {fact.user}"] = at
    _forget_oldest(state.hinted, _MESSAGES_KEPT)
    _push(state, fact.chat, Item(fact.seq, REPLY, at, reply_to=fact.message, thread=fact.thread, press=fact.press))


def _forget_oldest(kept: Dict, most: int) -> None:  # type: ignore[type-arg]  # of any keys
    while len(kept) > most:
        del kept[next(iter(kept))]


# --- chats -----------------------------------------------------------------------------------


@_fold.register
def _(fact: f.BridgeStarted, state: State, at: float, peers: bool) -> None:
    state.started = fact.id
    if fact.reset == "clear":
        for box in state.outboxes.values():
            box.queue, box.open = [], None
        state.marks = []
    for chat, its in state.subscriptions.items():
        _announce(state, chat, its, at)


@_fold.register
def _(fact: f.ChatSubscribed, state: State, at: float, peers: bool) -> None:
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
            _push(state, chat, Item(card.seq, CARD, at, thread=its.thread))


@_fold.register
def _(fact: f.ChatUnsubscribed, state: State, at: float, peers: bool) -> None:
    state.subscriptions.pop(fact.chat, None)
    box = state.outboxes.get(fact.chat)
    if box:
        keep = box.open.count if box.open else 0
        box.queue = [item for n, item in enumerate(box.queue) if n < keep or item.kind in (COMMAND, REPLY)]


@_fold.register
def _(fact: f.ChatMoved, state: State, at: float, peers: bool) -> None:
    state.moved[fact.chat] = fact.to
    if fact.chat in state.subscriptions:
        state.subscriptions[fact.to] = state.subscriptions.pop(fact.chat)
    if fact.chat in state.outboxes:
        box, there = state.outboxes.pop(fact.chat), state.outboxes.get(fact.to, Outbox())
        state.outboxes[fact.to] = Outbox([item for item in (*box.queue, *there.queue) if not item.edit])
    for card in state.cards.values():
        card.copies.pop(fact.chat, None)  # old messages cannot be reached by the new id


# --- what is in the chats --------------------------------------------------------------------


@_fold.register
def _(fact: f.ChatPosting, state: State, at: float, peers: bool) -> None:
    box = state.outboxes.get(fact.chat)
    if box and [item.seq for item in box.queue[: len(fact.about)]] == fact.about:
        state.number += 1
        box.open = Posting(state.number, len(fact.about))


@_fold.register
def _(fact: f.ChatPosted, state: State, at: float, peers: bool) -> None:
    box = state.outboxes.get(fact.chat)
    if box is None or box.open is None:
        return
    head = box.queue[0]
    box.last[head.kind] = at
    box.recent = [*(then for then in box.recent if at - then < 60.0), at]
    if fact.message and not head.edit:
        _remember_message(state, fact, head)
    box.open.done += 1
    if fact.left == 0:
        _take_out(state, fact.chat, box)


@_fold.register
def _(fact: f.ChatFailed, state: State, at: float, peers: bool) -> None:
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
        _forget_oldest(state.prompts, _MESSAGES_KEPT)
    if card and head.kind == CARD:
        card.copies.setdefault(fact.chat, []).append(fact.message)
        if card.status:  # it was settled while this copy was on its way
            _push(state, fact.chat, Item(card.seq, SETTLED, head.at, edit=fact.message))


# --- files -----------------------------------------------------------------------------------


def _follow_files(state: State, fact: Fact) -> None:
    """Keep track of which chats of all platforms still wait for which file."""
    if isinstance(fact, f.FileOut):
        state.files[fact.mid] = FileToSend(fact.seq, fact.name, fact.path, list(state.everywhere))
    elif isinstance(fact, f.FileSent):
        state.files.pop(fact.mid, None)
    elif isinstance(fact, f.ChatSubscribed):
        here = f"{fact.via} {fact.chat}"
        if fact.to_user and here not in state.everywhere:
            state.everywhere.append(here)
    elif isinstance(fact, f.ChatMoved):
        old, new = f"{fact.via} {fact.chat}", f"{fact.via} {fact.to}"
        for places in (state.everywhere, *(file.waiting for file in state.files.values())):
            places[:] = [new if place == old else place for place in places]
    elif isinstance(fact, f.ChatUnsubscribed):
        here = f"{fact.via} {fact.chat}"
        for places in (state.everywhere, *(file.waiting for file in state.files.values())):
            places[:] = [place for place in places if place != here]
    elif isinstance(fact, (f.ChatPosted, f.ChatFailed)) and getattr(fact, "left", 0) == 0:
        here = f"{fact.via} {fact.chat}"
        for file in state.files.values():
            if file.seq in fact.about and here in file.waiting:
                file.waiting.remove(here)
                if isinstance(fact, f.ChatPosted):
                    file.chats.append(here)
