"""NUDGE lines: what tells a CLI that mail waits."""

from __future__ import annotations

from cccc.common.facts.envelope import Fact


class NudgeTyping(Fact, tag="nudge-typing"):
    """Delivery is about to paste a NUDGE line that carries `token`."""

    to: str
    token: str
    pane: str


class Nudge(Fact, tag="nudge"):
    """A NUDGE line was typed, seen in the composer and submitted."""

    to: str
    token: str
    attempt: int  # 1 for the first since the last progress
    waiting: int  # files in the inbox


class NudgeBeside(Fact, tag="nudge-beside"):
    """A pane is not safe for long: the NUDGE line with `token` is given to the CLI without a key, by `route`."""

    to: str
    token: str
    route: str  # stop-hook, queue


class NudgeAccepted(Fact, tag="nudge-accepted"):
    """The CLI's own hook shows that it took the NUDGE line with `token` as a prompt."""

    to: str
    token: str


class NudgeHeld(Fact, tag="nudge-held"):
    """A due NUDGE waits, because the pane is not safe to type into."""

    to: str
    reason: str


class NudgeLost(Fact, tag="nudge-lost"):
    """A NUDGE was pasted and not submitted, or submitted and not taken by the CLI."""

    to: str
    token: str
    reason: str


class NudgeUnanswered(Fact, tag="nudge-unanswered"):
    """A peer left `attempts` nudges in a row without progress; the user is told."""

    to: str
    attempts: int
    since: str
