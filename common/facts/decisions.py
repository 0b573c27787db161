"""What is asked of people, and what they answer."""

from __future__ import annotations

from typing import List

import msgspec

from cccc.common.facts.envelope import ASKS, BAD, TALK, Fact

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035


class PatchNeedsDecision(Fact, tag="patch-needs-decision"):
    """A patch passed the checks, and waits in the gate until people have answered `question`.

    The answer holds for exactly this patch (`sha`), this question and these settings (`policy`).
    """

    SAID_BY = ("evidence",)
    TONE = ASKS

    author: str = msgspec.field(name="from")
    mid: str
    why: str  # protected, large, tests
    question: str
    paths: List[str]
    lines: int
    base: str  # the commit it was checked on
    policy: str  # SHA-256 of the settings that the gate decides by
    sha: str  # of the patch

    def line(self) -> str:
        return f"{self.why}: {self.question}"


class BaseNeedsDecision(Fact, tag="base-needs-decision"):
    """What keeps patches from landing is not theirs, and people are asked whether that is accepted on this machine."""

    SAID_BY = ("evidence",)
    TONE = ASKS

    mid: str  # of the run on the base
    branch: str  # full ref name
    base: str
    why: str  # red: these tests fail there too; untested: there is nothing to run
    question: str
    machine: str
    names: List[str] = msgspec.field(default_factory=list)  # the tests, as their runner names them

    def line(self) -> str:
        return self.question


class Rfd(Fact, tag="rfd"):
    """A request for decision was opened."""

    SAID_BY = ("orchestrator",)
    TONE = ASKS

    rfd_id: str
    author: str = msgspec.field(name="from")
    mid: str
    why: str  # protected, large, tests; of messages: request, confidence, dispute; of a base: red, untested
    title: str
    question: str
    minutes: int  # how long an answer, and then an approval, may take
    expires: str  # UTC
    required: int  # how many people must give the same answer
    summary: str = ""
    options: List[str] = msgspec.field(default_factory=lambda: ["approve", "reject"])
    default: str = "reject"  # what holds when nobody answers; "" for nothing
    paths: List[str] = msgspec.field(default_factory=list)
    sha: str = ""
    base: str = ""
    policy: str = ""
    machine: str = ""  # for which the answer holds, of a base
    names: List[str] = msgspec.field(default_factory=list)  # the tests it is about, of a base

    def line(self) -> str:
        return f"{self.rfd_id}: {self.title}"

    def call(self) -> str:
        return f"decide {self.rfd_id}: {self.title}"


class Decision(Fact, tag="decision"):
    """Somebody answered a request; whether the answer counts is said by what follows from this fact."""

    SAID_BY = ("bridge", "cli")
    TONE = TALK

    rfd_id: str
    decision: str  # approve, reject, ask, revoke, or one of the options
    who: str  # as far as known
    via: str  # cli, panel, telegram, slack, discord
    user: str = ""  # the platform's id of the person
    text: str = ""
    chat: str = ""  # the platform's id of the chat
    press: str = ""  # by which the platform shows the person who pressed a button what came of it

    def line(self) -> str:
        return f"{self.rfd_id}: {self.decision} by {self.who} ({self.via}) {self.text}"


class DecisionCounted(Fact, tag="decision-counted"):
    """An answer counts; `missing` more people must give the same one."""

    SAID_BY = ("orchestrator",)

    rfd_id: str
    decision: str
    who: str
    missing: int

    def line(self) -> str:
        return f"{self.rfd_id}: {self.decision} by {self.who}, {self.missing} more needed"


class DecisionRefused(Fact, tag="decision-refused"):
    """An answer does not count, for `reason`."""

    SAID_BY = ("orchestrator", "cli")
    TONE = BAD

    rfd_id: str
    decision: str
    who: str
    via: str
    reason: str

    def line(self) -> str:
        return f"{self.rfd_id}: {self.decision} by {self.who} ({self.via}): {self.reason}"


class RfdQuestion(Fact, tag="rfd-question"):
    """A person wants to know more before deciding; both peers are asked."""

    SAID_BY = ("orchestrator",)
    TONE = TALK

    rfd_id: str
    who: str
    text: str

    def line(self) -> str:
        return f"{self.rfd_id}: {self.who} asks: {self.text}"


class RfdExpired(Fact, tag="rfd-expired"):
    """A request, or an approval that was not used, has expired."""

    SAID_BY = ("orchestrator",)
    TONE = ASKS

    rfd_id: str
    expires: str

    def line(self) -> str:
        return self.rfd_id


class RfdSettled(Fact, tag="rfd-settled"):
    """A request came to an outcome; `approved` and `chosen` can still become `used`, `revoked` or `expired`."""

    SAID_BY = ("orchestrator",)
    TONE = TALK

    rfd_id: str
    outcome: str  # approved, chosen, rejected, revoked, expired, used, void (its patch is gone)
    people: List[str]  # whose answer it is
    mid: str
    sha: str = ""
    choice: str = ""  # the option that holds
    expires: str = ""  # of an approval
    used_for: str = ""  # once used: "commit 1a2b3c4d5e", "settings", "the check of PeerA"

    def line(self) -> str:
        return f"{self.rfd_id}: {self.ending()}"

    def ending(self) -> str:
        """Return how the request ended, by whom, and what an answer was used for."""
        if self.outcome == "used":
            used = f"used for {self.used_for}" if self.used_for else "used"
            return f"{given(self.choice, self.people)}, {used}" if self.people else used
        choice = f" ({self.choice})" if self.choice not in ("", "approve") else ""
        return f"{self.outcome}{choice}{_by(self.people)}"


class RfdCheck(Fact, tag="rfd-check"):
    """Somebody asks whether a request was answered with `choice`; the first yes uses the answer up."""

    SAID_BY = ("bridge", "cli")

    rfd_id: str
    choice: str
    who: str
    via: str

    def line(self) -> str:
        return f"{self.rfd_id}: {self.choice}?"


def given(choice: str, people: List[str]) -> str:
    """Return an answer and whose it is."""
    return f"{'approved' if choice == 'approve' else choice}{_by(people)}"


def _by(people: List[str]) -> str:
    return f" by {', '.join(people)}" if people else ""
