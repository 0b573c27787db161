"""Chats and the files that go there.

`via` is the platform: telegram, slack, discord. Ids of chats, threads, messages and users are the platform's own.
"""

from __future__ import annotations

from typing import List

from cccc.common.facts.envelope import Fact

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035


class BridgeStarted(Fact, tag="bridge-started"):
    """A person started a bridge; said once per `cccc up` or `cccc bridge start`, never after a crash."""

    SAID_BY = ("bridge",)

    via: str
    reset: str  # baseline: go on where it stopped; clear: what waits is thrown away

    def line(self) -> str:
        return f"{self.via}, {self.reset}"


class ChatSubscribed(Fact, tag="chat-subscribed"):
    """A chat is let in: it may talk to the peers, and gets what they say."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    how: str  # settings, code, open
    who: str = ""
    title: str = ""
    thread: str = ""  # where posts go, when the chat has threads
    to_user: bool = True  # gets what is said to the user
    peers: bool = True  # gets what the peers say to each other

    def line(self) -> str:
        return f"{self.via} {self.chat} {self.title} ({self.how})"


class ChatUnsubscribed(Fact, tag="chat-unsubscribed"):
    """A chat is left out from now on, for `reason`."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    reason: str

    def line(self) -> str:
        return f"{self.via} {self.chat}: {self.reason}"


class ChatMoved(Fact, tag="chat-moved"):
    """The platform gave a chat another id."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    to: str

    def line(self) -> str:
        return f"{self.via} {self.chat} is {self.to} now"


class ChatCommand(Fact, tag="chat-command"):
    """A person typed a command in a chat."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    message: str
    who: str
    user: str
    text: str
    thread: str = ""
    press: str = ""  # as in `decision`

    def line(self) -> str:
        return f"{self.text}, by {self.who} ({self.via})"


class ChatTold(Fact, tag="chat-told"):
    """A bridge answers a person on its own: why a line went nowhere (once per cool-down), or that a chat subscribed."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    message: str
    who: str
    user: str
    text: str
    thread: str = ""
    press: str = ""

    def line(self) -> str:
        return f"{self.who} ({self.via} {self.chat}): {self.text}"


class ChatPosting(Fact, tag="chat-posting"):
    """A bridge is about to post what the facts `about` hold, as one."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    about: List[int]

    def line(self) -> str:
        return f"facts {self.about} to {self.via} {self.chat}"


class ChatPosted(Fact, tag="chat-posted"):
    """A part of a post is in the chat as `message`; `left` more parts follow."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    about: List[int]
    message: str
    part: int = 0
    left: int = 0

    def line(self) -> str:
        return f"facts {self.about} are in {self.via} {self.chat} as {self.message}"


class ChatFailed(Fact, tag="chat-failed"):
    """The platform refuses a post for good; it is given up."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    about: List[int]
    reason: str

    def line(self) -> str:
        return f"facts {self.about} to {self.via} {self.chat}: {self.reason}"


class ChatMarked(Fact, tag="chat-marked"):
    """A person's message got its receipt mark, or the platform refused that (`reason`)."""

    SAID_BY = ("bridge",)

    via: str
    chat: str
    message: str
    mid: str
    mark: str  # stored, accepted
    reason: str = ""

    def line(self) -> str:
        return f"{self.mark} {self.reason}"


class ShowPeers(Fact, tag="show-peers"):
    """A person wants what the peers say to each other shown in the chats, or not."""

    SAID_BY = ("bridge", "cli")

    on: bool
    who: str
    via: str

    def line(self) -> str:
        return f"{'on' if self.on else 'off'}, by {self.who} ({self.via})"


class FileOut(Fact, tag="file-out"):
    """A file of the outbound folder was taken; every chat that is let in gets it."""

    SAID_BY = ("bridge",)

    mid: str
    name: str
    path: str  # below the project, until every chat has it
    sha: str
    size: int
    mime: str
    text: str = ""  # the caption, redacted
    route: str = ""
    send_as: str = "document"  # or photo

    def line(self) -> str:
        return f"{self.name}, {self.size} bytes ({self.mime})"


class FileSent(Fact, tag="file-sent"):
    """Every chat has the file, or refused it for good; it is gone from the outbound folder."""

    SAID_BY = ("bridge",)

    mid: str
    name: str
    chats: List[str]

    def line(self) -> str:
        return f"{self.name} is in {self.chats}"


class FileRefused(Fact, tag="file-refused"):
    """A file is not sent for `reason`; it stays where it is."""

    SAID_BY = ("bridge",)

    name: str
    size: int
    reason: str

    def line(self) -> str:
        return f"{self.name} is not sent: {self.reason}"
