"""A message on its way into the inbox of a peer, until it counts as read."""

from __future__ import annotations

import msgspec

from cccc.common.facts.envelope import GOOD, TALK, Fact
from cccc.common.text.plural import plural


class Handoff(Fact, tag="handoff"):
    """A message for one peer was decided; delivery owes it an inbox file.

    The body is the whole text of that file, envelope tags included.
    """

    SAID_BY = ("orchestrator",)
    TONE = TALK

    author: str = msgspec.field(name="from")  # User, System, PeerA, PeerB
    to: str
    mid: str
    inbox_seq: int  # the receiver's own counter, from 1
    sha: str
    size: int
    text: str


class HandoffDelivered(Fact, tag="handoff-delivered"):
    """The inbox file of a handoff is in place."""

    SAID_BY = ("delivery",)

    to: str
    mid: str
    inbox_seq: int
    path: str

    def line(self) -> str:
        return f"inbox {self.inbox_seq:06d}"


class HandoffAccepted(Fact, tag="handoff-accepted"):
    """The CLI's own hook shows that the model was given the text of this message, by `tool`."""

    SAID_BY = ("delivery",)
    TONE = GOOD

    author: str = msgspec.field(name="from")
    mid: str
    inbox_seq: int
    tool: str

    def line(self) -> str:
        return f"{self.inbox_seq:06d}, by its own hook ({self.tool})"


class AckFile(Fact, tag="ack-file"):
    """A peer moved a message out of its inbox: it counts as read. (`unread`: it was put away at the start.)"""

    SAID_BY = ("delivery",)
    TONE = GOOD

    author: str = msgspec.field(name="from")
    mid: str
    inbox_seq: int
    file: str
    ok: bool  # the file is in `processed/`
    unread: bool = False

    def line(self) -> str:
        return f"{'put away' if self.unread else 'read'} {self.inbox_seq:06d}"


class StartupInboxResume(Fact, tag="startup-inbox-resume"):
    """Mail of the last session waits in a peer's inbox at the start, and stays there."""

    SAID_BY = ("delivery",)

    peer: str
    count: int

    def line(self) -> str:
        return f"{plural(self.count, 'message')} from the last session"


class StartupInboxDiscard(Fact, tag="startup-inbox-discard"):
    """Mail of the last session is put away unread at the start, as a person or the settings chose."""

    SAID_BY = ("delivery",)

    peer: str
    count: int
    upto: int  # the newest inbox_seq
    kept: bool  # in `processed/`; otherwise the files are removed

    def line(self) -> str:
        return (
            f"{plural(self.count, 'message')} from the last session, {'archived' if self.kept else 'discarded'} unread"
        )
