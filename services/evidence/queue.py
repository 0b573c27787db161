"""The patch queue: what the facts say of each open patch, in the order they came. Pure."""

from __future__ import annotations

from typing import List, Optional

import msgspec

from cccc.common import facts as f
from cccc.services.evidence.landing import Landing

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045


class Ran(msgspec.Struct):
    """A check that was run on `base`."""

    base: str
    verdict: str
    log_sha: str


class Open(msgspec.Struct):
    """One patch that has neither landed nor been refused."""

    seq: int
    ts: str
    mid: str
    author: str
    source: str
    sha: str
    branch: str = ""
    decided: int = 0  # facts of the gate about this patch: the next decision's id
    held: str = ""
    held_since: str = ""
    told: bool = False  # the user, that it is held
    dropped: bool = False  # by the user
    lint: Optional[Ran] = None
    test: Optional[Ran] = None
    landing: Optional[Landing] = None  # announced, outcome not yet known
    paths: List[str] = msgspec.field(default_factory=list)
    lines: int = 0


class State(msgspec.Struct):
    patches: List[Open] = msgspec.field(default_factory=list)


def fold(state: State, fact: f.Fact) -> None:
    """Take one fact into the state."""
    if isinstance(fact, f.PatchQueued):
        state.patches.append(Open(fact.seq, fact.ts, fact.mid, fact.author, fact.source, fact.sha))
        return
    patch = find(state, str(getattr(fact, "mid", "")))
    if patch is None:
        return
    if isinstance(fact, f.PatchBranch):
        patch.branch = fact.branch
        return
    if isinstance(fact, f.PatchWaiting):
        patch.told = True
        return
    if isinstance(fact, f.PatchDrop):
        patch.dropped = True
        return
    patch.decided += 1
    if isinstance(fact, f.Lint):
        patch.lint = Ran(fact.base, fact.verdict, fact.sha)
    elif isinstance(fact, f.Test):
        patch.test = Ran(fact.base, fact.verdict, fact.sha)
    elif isinstance(fact, f.PatchHeld):
        patch.held, patch.landing = fact.reason, None
        patch.held_since = patch.held_since or fact.ts
    elif isinstance(fact, f.PatchLanding):
        patch.landing = Landing(fact.branch, fact.old, fact.new)
        patch.paths, patch.lines = fact.paths, fact.lines
    elif isinstance(fact, (f.PatchReject, f.PatchPrecheckFail, f.PatchCommit)):
        state.patches.remove(patch)


def find(state: State, mid: str) -> Open | None:
    return next((patch for patch in state.patches if patch.mid == mid), None)
