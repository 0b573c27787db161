"""Whom a line of a chat is for: a peer, the bridge itself, or nobody here. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Union

from cccc.common.commands import BY_NAME
from cccc.common.commands.meant import meant as meant_for_us
from cccc.common.commands.message import no_route
from cccc.common.settings.chat import Chat

_PREFIX = re.compile(r"(a|b|both)\s*[:：]\s*", re.IGNORECASE)  # noqa: RUF001  # full-width, from Asian keyboards
_SLASH = re.compile(r"/([A-Za-z][\w-]*)(?:@(\w+))?(?:\s+|$)")
_ROUTES = ("a", "b", "both")
_HERE = frozenset(name for name, row in BY_NAME.items() if row.only != "console")
_ALONE = frozenset(name for name in _HERE if not BY_NAME[name].usage)  # as a plain word: nothing may follow

HINT = "start with a: b: or both: (or /a /b /both) to reach the peers; /help lists the commands"


class Routed(NamedTuple):
    """For the peers."""

    route: str
    text: str
    explicit: bool
    odd: str = ""  # a prefix that is no route, such as `c:`


class Typed(NamedTuple):
    """A command."""

    name: str
    rest: str


class Answered(NamedTuple):
    """Meant for the program, and answered with a word: it does nothing and goes to nobody."""

    words: str


class Unaddressed(NamedTuple):
    """Talk among people; `hint` is for somebody who seems to want the bot."""

    hint: str = ""


def read(text: str, rules: Chat, me: str, direct: bool, mentioned: bool, plain_words: bool = False) -> Reading:
    """Return what a line is; `me` is the bot's name, `plain_words`: `status` will do for `/status`."""
    text = text.strip()
    bare = _without_mention(text, me)
    mentioned = mentioned or bare != text
    slash = _SLASH.match(bare)
    if slash and slash[2] and slash[2].lower() != me.lower():
        return Unaddressed()
    meant = direct or mentioned or bool(slash and slash[2])
    if slash and slash[1].lower() in _HERE:
        return Typed(slash[1].lower(), bare[slash.end() :].strip())
    if plain_words and meant and (typed := _plain_command(bare)):
        return typed
    may_route = meant or not rules.routing.require_mention
    if meant or (may_route and not rules.routing.require_explicit):
        ours = meant_for_us(bare, _HERE, chat=True)
        if ours:
            return Answered(ours.words) if ours.words else Typed(ours.command, ours.rest)
    if slash and slash[1].lower() in _ROUTES:
        return Routed(slash[1].lower(), bare[slash.end() :], True) if may_route else Unaddressed()
    prefix = _PREFIX.match(bare) if rules.routing.allow_prefix else None
    if prefix:
        return Routed(prefix[1].lower(), bare[prefix.end() :], True) if may_route else Unaddressed()
    odd = no_route(bare)
    if direct:
        return Routed(rules.dm.route_default, bare, False, odd)
    if rules.routing.require_explicit:
        hint = f"unknown recipient `{odd}`, not sent: {HINT}" if odd else HINT
        return Unaddressed(hint if meant else "")
    return Routed(rules.default_route, bare, False, odd) if may_route else Unaddressed()


Reading = Union[Routed, Typed, Answered, Unaddressed]


def _without_mention(text: str, me: str) -> str:
    found = re.match(rf"@{re.escape(me)}\b[\s,:]*", text, re.IGNORECASE) if me else None
    return text[found.end() :] if found else text


def _plain_command(text: str) -> Typed | None:
    """Read a command without its slash; a sentence that begins with such a word is none."""
    name, _, rest = text.partition(" ")
    name = name.lower()
    if name not in _HERE or (name in _ALONE and rest):
        return None
    return Typed(name, rest.strip()) if name in _ALONE or len(rest.split()) <= 3 or name == "rfd" else None
