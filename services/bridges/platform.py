"""What a chat platform has to offer, what comes from it, and how it can fail.

A platform runs in the asyncio thread of its bridge. What comes in it hands to `Put`; everything that
decides is in the bridge, in another thread. A platform keeps no state that a restart may not forget.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Callable, NamedTuple, Protocol, TypeVar, Union

# --- what comes in ---------------------------------------------------------------------------


@dataclass(frozen=True)
class FileRef:
    """A file that lies on the platform."""

    id: str
    name: str
    size: int
    mime: str = ""


@dataclass(frozen=True)
class Quoted:
    """The message that a message replies to."""

    message: str
    text: str = ""
    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True)
class Message:
    """A person wrote, or changed what they wrote. `id` is the platform's own, unique for ever."""

    id: str
    chat: str
    message: str
    user: str
    who: str
    text: str = ""
    title: str = ""  # the chat's name
    direct: bool = False  # nobody but this person and the bot
    mentioned: bool = False  # the bot's mention is taken out of `text` already
    thread: str = ""
    files: tuple[FileRef, ...] = ()
    quoted: Quoted | None = None
    album: str = ""
    edited: bool = False


@dataclass(frozen=True)
class Press:
    """A person pressed a button of a post; `text` when the platform asked for words with it."""

    id: str
    chat: str
    message: str
    user: str
    who: str
    value: str
    token: str  # by which `answer` reaches the person
    thread: str = ""
    text: str = ""


@dataclass(frozen=True)
class Moved:
    """A chat has another id from now on."""

    id: str
    chat: str
    to: str


@dataclass(frozen=True)
class Left:
    """The bot is not in a chat any more."""

    id: str
    chat: str
    reason: str


@dataclass(frozen=True)
class Unreadable:
    """Something came that the platform's library cannot read."""

    id: str
    reason: str


Incoming = Union[Message, Press, Moved, Left, Unreadable]
T = TypeVar("T")


def well_formed(came: T) -> T:
    """Return what came, with U+FFFD for halves of characters: JSON can carry a lone surrogate, UTF-8 cannot."""
    if isinstance(came, str):
        return came.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # type: ignore[return-value]
    if isinstance(came, tuple):
        return tuple(map(well_formed, came))  # type: ignore[return-value]
    if not isinstance(came, type) and is_dataclass(came):
        parts = {part.name: well_formed(getattr(came, part.name)) for part in fields(came)}
        return replace(came, **parts)  # type: ignore[type-var]  # no class, as said above
    return came


@dataclass(frozen=True)
class Health:
    """Whether the platform can be heard right now."""

    connected: bool
    proof: str = ""  # what shows it: poll answered, hello, heartbeat answered
    error: str = ""  # in one line, with what a person can do


Put = Callable[[Union[Incoming, Health]], None]


# --- what goes out ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Button:
    label: str
    value: str  # at most 64 bytes


@dataclass(frozen=True)
class Post:
    """One message as the bridge wants it: short enough for the platform, its secrets taken out."""

    text: str = ""  # Markdown
    buttons: tuple[Button, ...] = ()
    reply_to: str = ""
    thread: str = ""
    file: Path | None = None  # sent with `text` as its caption
    name: str = ""  # of the file
    photo: bool = False
    edit: str = ""  # the message that becomes this one
    press: str = ""  # the person who pressed gets this, nobody else


class Limits(NamedTuple):
    """Of one platform."""

    text: int  # UTF-16 units of one message
    caption: int
    press: int  # of the answer to a press
    download: int  # bytes


class Pace(NamedTuple):
    """Of one chat."""

    every: float  # seconds between two posts
    per_minute: int
    marks: int  # per minute


# --- how a post fails ------------------------------------------------------------------------


class Undone(Exception):
    """Something did not work. The words are for people and hold no token."""


class Later(Undone):
    """Too fast: not before `seconds` from now, whatever less than one of them the platform asks for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1.0, seconds)
        super().__init__(f"asked to wait {self.seconds:.0f} s")


class Unreachable(Undone):
    """It did not arrive; it is tried again."""


class Unsure(Undone):
    """Nobody knows whether it arrived; it is tried again, as one in doubt."""


class Refused(Undone):
    """The platform will never take this."""


class Gone(Undone):
    """The platform will never take anything for this chat."""


class ChatIs(Undone):
    """The chat has another id now."""

    def __init__(self, chat: str) -> None:
        super().__init__(f"it is {chat} now")
        self.chat = chat


class Platform(Protocol):
    """One chat platform. Every failure of the calls below `run` is an `Undone`."""

    limits: Limits
    plain_words: bool  # `status` is a command too, not only `/status`
    me: str  # the bot's name without @, known once connected

    async def run(self, put: Put) -> None:
        """Connect and receive until cancelled. Outages are reported by a Health, not raised."""

    async def accept(self, incoming: Incoming) -> None:
        """The fact of `incoming` is on disk: confirm it, so that the platform does not send it again."""

    async def post(self, chat: str, post: Post, key: str, doubt: bool) -> str:
        """Post (or edit) and return the message's id.

        `key` is the same for the same post for ever. In doubt it may be there already: where the platform has a way
        to see that, return the id of what is there.
        """

    async def answer(self, press: str, text: str) -> None:
        """Show the person who pressed a button a short text."""

    async def mark(self, chat: str, message: str, mark: str) -> None:
        """Mark a person's message as stored or accepted."""

    async def fetch(self, file: FileRef, to: Path) -> None:
        """Download a file."""

    def pace(self, chat: str) -> Pace:
        """Return how fast posts may follow each other in a chat."""
