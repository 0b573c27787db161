"""What a command is, who types it, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple

from cccc.common.errors import UserError
from cccc.common.facts import Fact
from cccc.common.paths import Project
from cccc.common.text.lines import Line


@dataclass(frozen=True)
class Asker:
    """Who types a command, and where."""

    who: str  # as far as known
    via: str  # cli, panel, telegram, slack, discord
    user: str = ""  # the platform's id of the person
    chat: str = ""  # the platform's id of the chat

    @property
    def place(self) -> str:
        return "chat" if self.chat else "console"


class Reply(NamedTuple):
    """What a command answers.

    `facts` get their ids when they are said, but for a message, whose id is its mid. They are said before `lines` are
    shown; what they lead to (`answer.OUTCOMES`) is the rest of the answer. `files` are sent where a chat can take them.
    """

    lines: Sequence[Line] = ()
    facts: Sequence[Fact] = ()
    files: Sequence[Path] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


Run = Callable[[Project, str, Asker], Reply]


@dataclass(frozen=True)
class Command:
    """One row of the table. `run` gets what stands after the name; None: the place where it is typed does it."""

    name: str
    usage: str
    summary: str
    run: Run | None
    only: str = ""  # "chat": only where a bridge takes it; "console": only there
    shows: bool = False  # it changes nothing, so that a line such as `cccc NAME` may do it too
    place: int = 50  # in the table; those with the same stand by their modules' names


class WrongUsage(UserError):
    """A command was typed in a form that it does not have."""


def words(text: str) -> Reply:
    """Return an answer of plain lines."""
    return Reply([Line(line) for line in text.split("\n")])
