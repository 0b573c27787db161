"""What follows from what comes in: facts to say, or a message to pass on. Pure.

Whoever is not let in can learn how to be, at a limited rate, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from cccc.common import facts as f
from cccc.common.chats import pairing
from cccc.common.commands.message import passed_on
from cccc.common.facts import Fact
from cccc.common.machine.waits import left
from cccc.common.settings.chat import Chat
from cccc.common.text import redaction
from cccc.services.bridges import routing
from cccc.services.bridges.platform import FileRef, Incoming, Left, Message, Moved, Press, Unreadable
from cccc.services.bridges.routing import Answered, Routed, Typed, Unaddressed
from cccc.services.bridges.state import Said, State, message_key

_QUOTED_SHOWN = 200

_STRANGER = "this chat is not subscribed; type /subscribe CODE with the code from `cccc bridge pair`"
_STRANGER_OPEN = "this chat is not subscribed; type /subscribe"
_FULL = "no more chats can subscribe themselves (max_auto_subs); use `cccc bridge pair`"
_WRONG_CODE = "this code is wrong, used or expired; get a new one with `cccc bridge pair`"
_EMPTY = "nothing to send: write the message after the route, or reply to a message with the route"


@dataclass(frozen=True)
class Setting:
    """What the decisions depend on, beside what was heard."""

    via: str
    rules: Chat
    me: str
    plain_words: bool
    configured: Collection[str]  # chats that the settings let in
    codes: Collection[str]  # SHA-256 of the one-time codes that are good now
    now: float


class PassOn(NamedTuple):
    """A message for the peers; its files are fetched first."""

    route: str
    text: str
    files: Sequence[FileRef] = ()
    edit_of: str = ""


class Verdict(NamedTuple):
    """What to do with one thing that came in. Nothing at all is what talk among people gets."""

    facts: Sequence[Fact] = ()
    message: PassOn | None = None
    used_code: str = ""  # the SHA-256 of the one-time code that was good


def decide(state: State, came: Incoming, setting: Setting) -> Verdict:
    """Return what follows from what came in."""
    via = setting.via
    if isinstance(came, Unreadable):
        return Verdict(
            [f.Notice(text=f"{via} sent something that cannot be read: {came.reason}", about=f"bridge-{via}")]
        )
    if isinstance(came, Moved):
        return Verdict([f.ChatMoved(via=via, chat=came.chat, to=came.to)])
    if isinstance(came, Left):
        known = came.chat in state.subscriptions
        return Verdict([f.ChatUnsubscribed(via=via, chat=came.chat, reason=came.reason)] if known else [])
    if isinstance(came, Press):
        return _pressed(state, came, setting)
    return _written(state, came, setting)


def _pressed(state: State, came: Press, setting: Setting) -> Verdict:
    number, _, answer = came.value.partition(":")
    card = next((card for card in state.cards.values() if str(card.seq) == number), None)
    if came.chat not in state.subscriptions:
        return _refuse(state, came, setting, _stranger(setting), always=True)
    given = {"ask": "ask", **{str(n): option for n, option in enumerate(card.options)}}.get(answer) if card else None
    if card is None or given is None:  # a modified client presses buttons that were never there
        return _refuse(state, came, setting, "this request is too old to answer here; see /rfd list", always=True)
    if given == "ask" and not came.text:
        return Verdict([_command(came, setting, f"/rfd ask {card.rfd_id}")])
    return Verdict([_decision(came, setting, card.rfd_id, given, came.text)])


def _written(state: State, came: Message, setting: Setting) -> Verdict:
    read = routing.read(came.text, setting.rules, setting.me, came.direct, came.mentioned, setting.plain_words)
    if isinstance(read, Typed) and read.name == "subscribe":
        return Verdict() if came.edited else _subscribe(state, came, setting, read.rest)
    if came.chat not in state.subscriptions:
        return _from_a_stranger(state, came, setting, read)
    before = state.said.get(message_key(came.chat, came.message)) if came.message else None
    if before and not came.edited:  # it came a second time
        return Verdict()
    if isinstance(read, Typed):
        return Verdict() if came.edited else _typed(came, setting, read)
    if isinstance(read, Answered):
        return Verdict() if came.edited else _refuse(state, came, setting, read.words, always=True)
    about = state.prompts.get(message_key(came.chat, came.quoted.message)) if came.quoted else None
    if about and not (isinstance(read, Routed) and read.explicit):
        return Verdict() if came.edited else Verdict([_decision(came, setting, about, "ask", came.text.strip())])
    if isinstance(read, Unaddressed) and before:
        read = Routed(before.route, came.text, False)
    if isinstance(read, Unaddressed) and state.albums.get(came.album):
        read = Routed(state.albums[came.album], came.text, False)
    if isinstance(read, Unaddressed):
        return _refuse(state, came, setting, read.hint) if read.hint else Verdict()
    return _pass_on(state, came, setting, read, before)


def _pass_on(state: State, came: Message, setting: Setting, read: Routed, before: Said | None) -> Verdict:
    text, files = read.text.strip(), list(came.files)
    if came.quoted and not text and not files:
        text, files = came.quoted.text.strip(), list(came.quoted.files)
    elif came.quoted and came.quoted.text:
        text = f"> {' '.join(came.quoted.text.split())[:_QUOTED_SHOWN]}\n\n{text}"
    if not text and not files:
        return _refuse(state, came, setting, _EMPTY, always=True)
    if not before:
        word = _refuse(state, came, setting, passed_on(read.odd, read.route)) if read.odd else Verdict()
        return word._replace(message=PassOn(read.route, text, files))
    if hashlib.sha256(text.encode()).hexdigest() == before.sha:
        return Verdict()
    route = read.route if read.explicit else before.route
    return Verdict(message=PassOn(route, f"EDITED {before.mid}, which now says:\n{text}", (), before.mid))


def _typed(came: Message, setting: Setting, read: Typed) -> Verdict:
    if read.name == "unsubscribe":
        left = f.ChatUnsubscribed(via=setting.via, chat=came.chat, reason=f"/unsubscribe by {came.who}")
        words = "unsubscribed; /subscribe to subscribe again"
        return Verdict([left, told(came, setting.via, words)])
    return Verdict([_command(came, setting, f"/{read.name} {read.rest}".strip())])


def _subscribe(state: State, came: Message, setting: Setting, code: str) -> Verdict:
    if came.chat in state.subscriptions:
        return Verdict([told(came, setting.via, "this chat is already subscribed")])
    if code and (digest := pairing.digest(code)) in setting.codes:
        return Verdict(_welcome(came, setting, "code"), used_code=digest)
    if came.chat in setting.configured:
        return Verdict(_welcome(came, setting, "settings"))
    if setting.rules.autoregister == "off" or code:
        return _refuse(state, came, setting, _WRONG_CODE if code else _stranger(setting))
    if sum(its.how == "open" for its in state.subscriptions.values()) >= setting.rules.max_auto_subs:
        return _refuse(state, came, setting, _FULL)
    return Verdict(_welcome(came, setting, "open"))


def _welcome(came: Message, setting: Setting, how: str) -> list[Fact]:
    let_in = f.ChatSubscribed(
        via=setting.via, chat=came.chat, how=how, who=came.who, title=came.title, thread=came.thread
    )
    words = "subscribed: a: b: or both: reach the peers, /help lists the commands, /unsubscribe to leave"
    return [let_in, told(came, setting.via, words)]


def _from_a_stranger(state: State, came: Message, setting: Setting, read: object) -> Verdict:
    if isinstance(read, Unaddressed) and not read.hint:
        return Verdict()
    if isinstance(read, Typed) and read.name == "whoami" and setting.rules.discover_allowlist:
        return _refuse(state, came, setting, f"this is chat {came.chat}, you are {came.user}; {_stranger(setting)}")
    return _refuse(state, came, setting, _stranger(setting))


def _stranger(setting: Setting) -> str:
    return _STRANGER_OPEN if setting.rules.autoregister == "open" else _STRANGER


def _refuse(state: State, came: Message | Press, setting: Setting, reason: str, always: bool = False) -> Verdict:
    """Tell why nothing follows; the same person in the same chat not again within the cool-down."""
    hinted = state.hinted.get(f"{came.chat} {came.user}", 0.0)
    if not always and left(hinted, setting.rules.hints.cooldown_seconds, setting.now):
        return Verdict()
    return Verdict([told(came, setting.via, reason)])


def told(came: Message | Press, via: str, text: str) -> f.ChatTold:
    """Return the fact by which the author of what came is told something."""
    return f.ChatTold(text=text, **_where(came, via))


def _command(came: Message | Press, setting: Setting, text: str) -> f.ChatCommand:
    return f.ChatCommand(text=redaction.default.redact(text)[: f.LONGEST_TEXT], **_where(came, setting.via))


class _Where(TypedDict):
    via: str
    chat: str
    message: str
    who: str
    user: str
    thread: str
    press: str


def _where(came: Message | Press, via: str) -> _Where:
    return _Where(
        via=via,
        chat=came.chat,
        message=came.message,
        who=came.who,
        user=came.user,
        thread=came.thread,
        press=came.token if isinstance(came, Press) else "",
    )


def _decision(came: Message | Press, setting: Setting, rfd_id: str, answer: str, text: str) -> f.Decision:
    return f.Decision(
        rfd_id=rfd_id,
        decision=answer,
        who=came.who,
        via=setting.via,
        user=came.user,
        text=redaction.default.redact(text)[: f.LONGEST_TEXT // 4],
        chat=came.chat,
        press=came.token if isinstance(came, Press) else "",
    )
