"""A patch on its way through the gate, and what else changes in the work tree."""

from __future__ import annotations

from typing import List, Optional

import msgspec

from cccc.common.facts.envelope import Fact

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045


class PatchQueued(Fact, tag="patch-queued"):
    """A patch entered the queue. The body is the diff, byte for byte."""

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

    mid: str
    branch: str  # full ref name


class PatchReject(Fact, tag="patch-reject"):
    """A patch was refused by the rules before or after the checks."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    lines: int = 0
    paths: List[str] = msgspec.field(default_factory=list)
    allow: str = ""  # the line of policies.yaml below patch_queue that would let its paths pass


class PatchPrecheckFail(Fact, tag="patch-precheck-fail"):
    """git cannot apply the patch to the base."""

    author: str = msgspec.field(name="from")
    mid: str
    base: str
    stderr: str


class PatchHeld(Fact, tag="patch-held"):
    """A patch waits for something that is not its own fault, and goes on by itself."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    asked: bool = False  # the user, for what only they can mend


class PatchLanding(Fact, tag="patch-landing"):
    """The gate is about to move `branch` from `old` to `new`: the journal of a landing."""

    author: str = msgspec.field(name="from")
    mid: str
    branch: str  # full ref name
    old: str
    new: str
    paths: List[str]
    lines: int = 0
    notes: List[str] = msgspec.field(default_factory=list)  # how the diff was read, where that was not as written


class PatchCommit(Fact, tag="patch-commit"):
    """A patch landed as `commit` on `branch`."""

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


class PatchWaiting(Fact, tag="patch-waiting"):
    """The user is told of a held patch: for `gate.wait_minutes`, or waiting for what only the user can mend."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    since: str


class PatchRetry(Fact, tag="patch-retry"):
    """A person has the bytes of the patch `of` queued again, as the patch `mid`."""

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


class PatchRevert(Fact, tag="patch-revert"):
    """A person hands in the reverse of the landed patch `of`, as the patch `mid`."""

    mid: str
    of: str
    commit: str
    sha: str
    size: int
    text: str
    because: str = ""  # in one line


class PatchReverted(Fact, tag="patch-reverted"):
    """The landed patch `mid` was taken back: its reverse, the patch `revert`, landed as `commit`."""

    mid: str
    revert: str
    commit: str
    because: str = ""


class PatchDrop(Fact, tag="patch-drop"):
    """A person wants an open patch no more; one that is about to land still lands."""

    mid: str


class BranchMoved(Fact, tag="branch-moved"):
    """HEAD was moved, and not by the gate: a commit, a reset, another branch."""

    branch: str  # full ref name; "" when HEAD is detached
    old: str  # "" when this is the first look
    new: str


class LeftoverEdits(Fact, tag="leftover-edits"):
    """What is changed in the work tree and was never handed in; said when the set changes."""

    paths: List[str]  # the first of them
    count: int
    since: str  # when the oldest of them was first seen


class LeftoverRemind(Fact, tag="leftover-remind"):
    """The leftover edits have not changed for `gate.wait_minutes`: the peers are asked about them."""

    paths: List[str]
    count: int
    since: str


class SettingsApplying(Fact, tag="settings-applying"):
    """The gate is about to write an approved change of settings files: the journal of it.

    `old` and `new` hold the SHA-256 of each of `paths`, "" where there is no file; the bytes are blobs.
    """

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    old: List[str]
    new: List[str]
    lines: int = 0


class SettingsApplied(Fact, tag="settings-applied"):
    """An approved change of settings files is in place; services read it when they start."""

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    kept: List[str]  # the old files
