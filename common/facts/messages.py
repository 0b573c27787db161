"""What people and peers say, and what becomes of it before it is a handoff."""

from __future__ import annotations

import msgspec

from cccc.common.facts.envelope import ASKS, BAD, TALK, Fact


class UserMessage(Fact, tag="user-message"):
    """A person said something; `route` is what the text asked for: a, b or both.

    What follows `text` is said by bridges: ids are the platform's own.
    """

    SAID_BY = ("bridge", "cli")
    TONE = TALK

    mid: str
    via: str  # cli, panel, telegram, slack, discord
    route: str
    sha: str
    size: int
    text: str
    who: str = ""  # as the platform shows the person
    user: str = ""
    chat: str = ""
    thread: str = ""
    message: str = ""
    album: str = ""  # what several files were sent as
    edit_of: str = ""  # the mid of the message of which this is a new version


class ToPeer(Fact, tag="to_peer"):
    """A peer handed in `to_peer.md`. The body is its text in UTF-8."""

    SAID_BY = ("orchestrator",)
    TONE = TALK

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str
    raw: str = ""  # SHA-256 of the bytes as they were handed in, when they were not UTF-8: a diff is taken from them


class ToUser(Fact, tag="to_user"):
    """A peer handed in `to_user.md`."""

    SAID_BY = ("orchestrator",)
    TONE = TALK

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class Patch(Fact, tag="patch"):
    """A peer handed in `patch.diff`."""

    SAID_BY = ("orchestrator",)
    TONE = TALK

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class MailboxDiag(Fact, tag="mailbox-diag"):
    """A handed-in file was not plain UTF-8 and was read as `encoding`."""

    SAID_BY = ("orchestrator",)
    TONE = ASKS

    author: str = msgspec.field(name="from")
    mid: str
    file: str
    encoding: str
    bytes: int
    prefix_hex: str  # the first 24 bytes
    nul_ratio: float

    def line(self) -> str:
        return f"{self.file} was read as {self.encoding}"


class MailboxRefused(Fact, tag="mailbox-refused"):
    """A handed-in file was not taken as a message; its author is told `reason`."""

    SAID_BY = ("orchestrator",)
    TONE = BAD

    author: str = msgspec.field(name="from")
    mid: str
    file: str
    reason: str
    size: int
    sha: str = ""  # empty when the bytes were too many to keep

    def line(self) -> str:
        return f"{self.file}: {self.reason}"


class IntakePaused(Fact, tag="intake-paused"):
    """The disk is nearly full: what peers hand in stays where it is."""

    SAID_BY = ("orchestrator",)

    free_mb: int
    limit_mb: int  # `mailbox.min_free_mb`
    free_files: int = -1  # how many more can be made; -1 where that is not what is short

    def line(self) -> str:
        return (
            f"{self.free_mb} MB free, less than {self.limit_mb} MB"
            if self.free_files < 0
            else f"room for {self.free_files} more files"
        )

    def call(self) -> str:
        left = f"{self.free_mb} MB" if self.free_files < 0 else f"room for {self.free_files} more files"
        return f"free some space: the disk has {left}, the peers' files are not picked up until then"


class IntakeResumed(Fact, tag="intake-resumed"):
    """The disk has room again, and what peers handed in is taken."""

    SAID_BY = ("orchestrator",)

    free_mb: int

    def line(self) -> str:
        return f"{self.free_mb} MB free"


class InboxTakenOver(Fact, tag="inbox-taken-over"):
    """A message that an older release left unread in a peer's inbox; the body is its whole file."""

    SAID_BY = ("orchestrator",)

    to: str
    mid: str
    sha: str
    size: int
    text: str


class Notice(Fact, tag="notice"):
    """Something the user must know or do, in one line."""

    SAID_BY = ("orchestrator", "bridge")
    TONE = ASKS

    text: str
    about: str = ""  # a peer, a service, or a mid


class Pause(Fact, tag="pause"):
    """A person paused handoffs between the peers; `to_user` and patches are not affected."""

    SAID_BY = ("bridge", "cli")

    who: str


class Resume(Fact, tag="resume"):
    """A person resumed handoffs between the peers."""

    SAID_BY = ("bridge", "cli")

    who: str


class FilterSwitched(Fact, tag="filter-switched"):
    """A person switched the handoff filter on or off, whatever `handoff_filter.enabled` says."""

    SAID_BY = ("bridge", "cli")

    on: bool
    who: str
    via: str = "cli"

    def line(self) -> str:
        return f"{'on' if self.on else 'off'}, by {self.who} ({self.via})"


class TeachIntercept(Fact, tag="teach-intercept"):
    """A `to_peer` without an insight block is held; its author is told how to release it."""

    SAID_BY = ("orchestrator",)

    peer: str
    mid: str
    reason: str
    sha: str
    size: int
    text: str


class ReviseIntercept(Fact, tag="revise-intercept"):
    """A `to_peer` of a peer that owes a revise is held until it pays; its author is told `reason`."""

    SAID_BY = ("orchestrator",)

    peer: str
    mid: str
    reason: str
    sha: str
    size: int
    text: str


class ReviseRemind(Fact, tag="revise-remind"):
    """A peer has owed a revise for a while and is reminded, once."""

    SAID_BY = ("orchestrator",)

    peer: str
    since: str


class HandoffHeld(Fact, tag="handoff-held"):
    """Handoffs between the peers are paused; this one waits for `/resume`."""

    SAID_BY = ("orchestrator",)

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class HandoffRelease(Fact, tag="handoff-release"):
    """A held message, or the one that releases it and comes after it, is forwarded to the other peer."""

    SAID_BY = ("orchestrator",)

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class HandoffDrop(Fact, tag="handoff-drop"):
    """A message was not forwarded; its author is told `reason`."""

    SAID_BY = ("orchestrator",)
    TONE = BAD

    author: str = msgspec.field(name="from")
    to: str
    mid: str
    reason: str
