"""NUDGE lines: what tells a CLI that mail waits."""

from __future__ import annotations

from cccc.common.facts.envelope import ASKS, BAD, GOOD, Fact
from cccc.common.text.plural import plural


class NudgeTyping(Fact, tag="nudge-typing"):
    """Delivery is about to paste a NUDGE line that carries `token`."""

    SAID_BY = ("delivery",)

    to: str
    token: str
    pane: str

    def line(self) -> str:
        return f"token {self.token}"


class Nudge(Fact, tag="nudge"):
    """A NUDGE line was typed, seen in the composer and submitted."""

    SAID_BY = ("delivery",)

    to: str
    token: str
    attempt: int  # 1 for the first since the last progress
    waiting: int  # files in the inbox

    def line(self) -> str:
        return f"attempt {self.attempt}, {self.waiting} waiting"


class NudgeBeside(Fact, tag="nudge-beside"):
    """A pane is not safe for long: the NUDGE line with `token` is given to the CLI without a key, by `route`."""

    SAID_BY = ("delivery",)

    to: str
    token: str
    route: str  # stop-hook, queue

    def line(self) -> str:
        return f"token {self.token}, by its {self.route}"


class NudgeAccepted(Fact, tag="nudge-accepted"):
    """The CLI's own hook shows that it took the NUDGE line with `token` as a prompt."""

    SAID_BY = ("delivery",)
    TONE = GOOD

    to: str
    token: str

    def line(self) -> str:
        return f"token {self.token}, by its own hook"


class NudgeHeld(Fact, tag="nudge-held"):
    """A due NUDGE waits, because the pane is not safe to type into."""

    SAID_BY = ("delivery",)
    TONE = ASKS

    to: str
    reason: str


class NudgeLost(Fact, tag="nudge-lost"):
    """A NUDGE was pasted and not submitted, or submitted and not taken by the CLI."""

    SAID_BY = ("delivery",)
    TONE = BAD

    to: str
    token: str
    reason: str


class NudgeUnanswered(Fact, tag="nudge-unanswered"):
    """A peer left `attempts` nudges in a row without progress; the user is told."""

    SAID_BY = ("delivery",)
    TONE = BAD

    to: str
    attempts: int
    since: str

    def line(self) -> str:
        return f"{plural(self.attempts, 'nudge')} unanswered"

    def call(self) -> str:
        return f"{self.to} has left {plural(self.attempts, 'nudge')} unanswered"

    def advice(self) -> str:
        return f"first one at {self.since}; see its pane with `cccc attach`"
