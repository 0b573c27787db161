"""A patch on its way through the gate, and what else changes in the work tree."""

from __future__ import annotations

from typing import List, Optional

import msgspec

from cccc.common.facts.envelope import ASKS, BAD, GOOD, Fact
from cccc.common.text import lockfiles
from cccc.common.text.plural import plural

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045


class PatchQueued(Fact, tag="patch-queued"):
    """A patch entered the queue. The body is the diff, byte for byte."""

    SAID_BY = ("orchestrator",)

    author: str = msgspec.field(name="from")
    mid: str
    source: str  # patch.diff, inline or revert
    sha: str
    size: int
    text: str
    reverts: str = ""  # of a revert: the mid of the patch that it takes back
    commit: str = ""  # of a revert: the commit that it takes back
    because: str = ""  # of a revert: why, in one line


class PatchBranch(Fact, tag="patch-branch"):
    """The branch that was checked out when the gate first saw a patch: it lands there or waits."""

    SAID_BY = ("evidence",)

    mid: str
    branch: str  # full ref name

    def line(self) -> str:
        return f"for {self.branch}"


class PatchReject(Fact, tag="patch-reject"):
    """A patch was refused by the rules before or after the checks."""

    SAID_BY = ("evidence",)
    TONE = BAD

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    lines: int = 0
    paths: List[str] = msgspec.field(default_factory=list)
    allow: str = ""  # the line of policies.yaml below patch_queue that would let its paths pass


class PatchPrecheckFail(Fact, tag="patch-precheck-fail"):
    """git cannot apply the patch to the base."""

    SAID_BY = ("evidence",)
    TONE = BAD

    author: str = msgspec.field(name="from")
    mid: str
    base: str
    stderr: str

    def line(self) -> str:
        return self.stderr


class PatchHeld(Fact, tag="patch-held"):
    """A patch waits for something that is not its own fault; it continues automatically."""

    SAID_BY = ("evidence",)
    TONE = ASKS

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    asked: bool = False  # the user, for what only they can mend


class PatchLanding(Fact, tag="patch-landing"):
    """The gate is about to move `branch` from `old` to `new`: the journal of a landing."""

    SAID_BY = ("evidence",)

    author: str = msgspec.field(name="from")
    mid: str
    branch: str  # full ref name
    old: str
    new: str
    paths: List[str]
    lines: int = 0
    notes: List[str] = msgspec.field(default_factory=list)  # how the diff was read, where that was not as written
    subject: str = ""  # of the commit

    def line(self) -> str:
        return f"{self.new:.10} on {self.branch}"


class PatchCommit(Fact, tag="patch-commit"):
    """A patch landed as `commit` on `branch`."""

    SAID_BY = ("evidence",)
    TONE = GOOD

    author: str = msgspec.field(name="from")
    mid: str
    source: str
    lines: int
    paths: List[str]
    branch: str
    commit: str
    tests_ok: Optional[bool]  # None: nothing was run; False: not worse than a red base (gate.base_red)
    seconds: float
    notes: List[str] = msgspec.field(default_factory=list)  # as in patch-landing
    subject: str = ""

    def line(self) -> str:
        named = f"{self.subject}: " if self.subject else ""
        return f"{named}{self.commit:.10}, {plural(self.lines, 'line')} in {self.seconds:.1f} s" + "".join(
            f"; {note}" for note in (lockfiles.note(self.paths),) if note
        )


class PatchWaiting(Fact, tag="patch-waiting"):
    """The user is told of a held patch: for `gate.wait_minutes`, or waiting for what only the user can fix."""

    SAID_BY = ("evidence",)

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    since: str

    def call(self) -> str:
        return f"patch {self.mid} is held: {self.reason}"


class PatchRetry(Fact, tag="patch-retry"):
    """A person has the bytes of the patch `of` queued again, as the patch `mid`."""

    SAID_BY = ("cli",)

    author: str = msgspec.field(name="from")  # of the patch
    mid: str
    of: str
    source: str
    sha: str
    size: int
    text: str
    reverts: str = ""  # as in `patch-queued`, and so are the two below
    commit: str = ""
    because: str = ""

    def line(self) -> str:
        return f"{self.of} again, as {self.mid}"


class PatchRevert(Fact, tag="patch-revert"):
    """A person hands in the reverse of the landed patch `of`, as the patch `mid`."""

    SAID_BY = ("cli",)

    mid: str
    of: str
    commit: str
    sha: str
    size: int
    text: str
    because: str = ""  # in one line

    def line(self) -> str:
        return f"revert {self.commit:.10} of {self.of}" + because(self)


class PatchReverted(Fact, tag="patch-reverted"):
    """The landed patch `mid` was taken back: its reverse, the patch `revert`, landed as `commit`."""

    SAID_BY = ("orchestrator",)
    TONE = ASKS

    mid: str
    revert: str
    commit: str
    because: str = ""

    def line(self) -> str:
        return f"reverted by {self.revert} as {self.commit:.10}" + because(self)


class PatchDrop(Fact, tag="patch-drop"):
    """A person wants an open patch no more; one that is about to land still lands."""

    SAID_BY = ("cli",)

    mid: str

    def line(self) -> str:
        return "dropped by the user"


class BranchMoved(Fact, tag="branch-moved"):
    """HEAD was moved, and not by the gate: a commit, a reset, another branch."""

    SAID_BY = ("evidence",)

    branch: str  # full ref name; "" when HEAD is detached
    old: str  # "" when this is the first look
    new: str

    def line(self) -> str:
        return f"{self.branch} {self.old:.10} → {self.new:.10}"


class LeftoverEdits(Fact, tag="leftover-edits"):
    """What is changed in the work tree outside any patch; said when the set changes."""

    SAID_BY = ("evidence",)

    paths: List[str]  # the first of them
    count: int
    since: str  # when the oldest of them was first seen

    def line(self) -> str:
        return f"{plural(self.count, 'path')} changed outside any patch"


class LeftoverRemind(Fact, tag="leftover-remind"):
    """The leftover edits have not changed for `gate.wait_minutes`: the peers are asked about them."""

    SAID_BY = ("evidence",)

    paths: List[str]
    count: int
    since: str

    def line(self) -> str:
        return f"{plural(self.count, 'path')} changed outside any patch"


class SettingsApplying(Fact, tag="settings-applying"):
    """The gate is about to write an approved change of settings files: the journal of it.

    `old` and `new` hold the SHA-256 of each of `paths`, "" where there is no file; the bytes are blobs.
    """

    SAID_BY = ("evidence",)

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    old: List[str]
    new: List[str]
    lines: int = 0

    def line(self) -> str:
        return ", ".join(self.paths)


class SettingsApplied(Fact, tag="settings-applied"):
    """An approved change of settings files is in place; services read it when they start."""

    SAID_BY = ("evidence",)
    TONE = GOOD

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    kept: List[str]  # the old files

    def line(self) -> str:
        return ", ".join(self.paths)


def because(fact: PatchRevert | PatchReverted) -> str:
    """Return why a patch was reverted, to stand behind that it was."""
    return f": {fact.because}" if fact.because else ""
