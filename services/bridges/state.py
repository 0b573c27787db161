"""What a bridge remembers: the classes of its fold, kept in the worker's snapshot."""

from __future__ import annotations

from typing import Dict, List, Optional

import msgspec

# ruff: noqa: UP006, UP035, UP045  # msgspec evaluates the annotations, on Python 3.9 too

USER, PEERS, SYSTEM, FILE = "user", "peers", "system", "file"
CARD, SETTLED = "card", "settled"  # a request for decision, and its change
COMMAND, REPLY = "command", "reply"  # what a command answers at once; what else a person is told


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
    marks: List[str] = []  # that it has, or is to get


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
    cause: int  # seq of the fact that it shows


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
    show_peers: Optional[bool] = None  # what a person chose; else what the settings say:
    peers_by_default: bool = False  # set at each start
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
    talk: Dict[str, int] = {}  # mid -> what a peer said, seq of its fact, until the other peer gets it
    questions: Dict[str, str] = {}  # peer -> the request about which it was asked last
    files: Dict[str, FileToSend] = {}  # by mid


def message_key(chat: str, message: str) -> str:
    return f"{chat}/{message}"


def forget_oldest(kept: Dict, most: int = 500) -> None:  # type: ignore[type-arg]  # of any keys
    """Keep the newest entries of a dict."""
    while len(kept) > most:
        del kept[next(iter(kept))]
