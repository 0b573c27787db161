"""Lines that were meant for the program and not for the peers: one rule for the panel, the console and the chats. Pure.

A whole line such as `help`, `exit`, `cccc status` or `/unknown` is answered where it is typed. What only shows
something is shown; nothing that decides something is ever done by such a line.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import NamedTuple

from cccc.common import subcommands
from cccc.common.commands import BY_NAME

_RFD = re.compile(r"(?:list|show\s+\S+)?", re.IGNORECASE)
_HELP = re.compile(r"(?:[?？]+|/[?？]|(?:/start|--?h|--?help|help|h)[!?.]?)", re.IGNORECASE)  # noqa: RUF001
_LEAVE = re.compile(r"(?:/?(?:exit|quit|logout|bye)(?:\(\))?|:(?:q|qa|wq|x|quit)!?|\\q)[;.!]?", re.IGNORECASE)
_SHELL = re.compile(r"(?:[$%#>❯]\s+)?`?(?:sudo\s+)?(?:[\w.~/-]*/)?cccc(?:\s+(.*?))?\s*`?", re.IGNORECASE)
_SLASH = re.compile(r"/([A-Za-z][\w-]*)(?:@\w+)?(?:\s.*)?")
_ROUTES = ("a", "b", "both", "u")
_SEND = "prefix `both:` to send it to the peers"


class Meant(NamedTuple):
    """What to do with such a line: show what a command shows, or answer with `words`."""

    command: str = ""
    rest: str = ""
    words: str = ""


def meant(text: str, here: Collection[str], chat: bool) -> Meant | None:
    """Return what is done with a line that is for the program, None for one that is not.

    `here`: the commands that can be typed with a `/` where the line comes from; `chat`: that is a chat.
    """
    line = text.strip()
    if "\n" in line:
        return None
    if _HELP.fullmatch(line):
        return Meant("help")
    if _LEAVE.fullmatch(line):
        leave = "/unsubscribe unsubscribes this chat" if chat else "q quits, everything keeps running"
        return Meant(words=f"{leave}; `cccc down` in a shell stops everything; {_SEND}")
    shell = _SHELL.fullmatch(line)
    if shell:
        return _typed_elsewhere((shell[1] or "").strip(), here)
    slash = _SLASH.fullmatch(line)
    if slash and slash[1].lower() not in here and slash[1].lower() not in _ROUTES:
        return Meant(words=f"unknown command /{slash[1]}; see /help; {_SEND}")
    if line.lower() in here:
        return Meant(words=f"/{line.lower()} is the command; `both: {line.lower()}` sends it to the peers")
    return None


def _typed_elsewhere(said: str, here: Collection[str]) -> Meant | None:
    """What follows from a line for a shell: `cccc status`."""
    name, _, rest = said.partition(" ")
    name, rest = name.lower(), rest.strip()
    if not name or name in ("help", "-h", "--help"):
        return Meant("help")
    if name.startswith("-"):
        return Meant(words=f"`cccc {name}` is for a shell; see /help for commands here; {_SEND}")
    if name not in subcommands.every():
        near = "" if rest else next(iter(get_close_matches(name, subcommands.every(), 1, 0.75)), "")
        return Meant(words=f"did you mean `cccc {near}`? That is for a shell; {_SEND}") if near else None
    shows = name in here and (BY_NAME[name].shows or (name == "rfd" and _RFD.fullmatch(rest)))
    if shows and not rest.startswith("-"):
        return Meant(name, rest)
    place = f"here it is /{name}" if name in here else "see /help for commands here"
    return Meant(words=f"`cccc {name}` was not run: it is for a shell, {place}; {_SEND}")
