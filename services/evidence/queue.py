"""The patch queue: what the facts say of each open patch, in the order they came. Pure."""

from __future__ import annotations

from typing import Dict, List, Optional

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.services.evidence import user_tree
from cccc.services.evidence.checking import bases, evidence_cards
from cccc.services.evidence.landing.land import Landing
from cccc.services.evidence.policy import Counted

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045


class Ran(msgspec.Struct):
    """A check that was run on `base`."""

    base: str
    verdict: str
    log_sha: str
    counted: Optional[Counted] = None


class Ask(msgspec.Struct):
    """A question to people. An answer counts for these words under these settings only."""

    question: str
    policy: str
    rfd_id: str = ""
    approved: bool = False
    expires: str = ""  # of the approval
    doubts: List[int] = msgspec.field(default_factory=list)  # facts that may end the approval, not yet judged


class Applying(msgspec.Struct):
    """An announced change of settings files; see the fact."""

    ts: str
    paths: List[str]
    old: List[str]
    new: List[str]


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
    asks: Dict[str, Ask] = msgspec.field(default_factory=dict)  # by what makes a decision necessary
    refused: str = ""  # by people: why it never lands
    landing: Optional[Landing] = None  # announced, outcome not yet known
    applying: Optional[Applying] = None  # the same, of settings
    paths: List[str] = msgspec.field(default_factory=list)
    lines: int = 0
    reverts: str = ""  # of a revert: the mid and the commit that it takes back, and why
    commit: str = ""
    because: str = ""
    notes: List[str] = msgspec.field(default_factory=list)
    subject: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is people's turn, or an answer of theirs is being judged."""
        return not self.over and any(not ask.approved or ask.doubts for ask in self.asks.values())

    @property
    def over(self) -> str:
        """Why people want it no more, or ""."""
        return self.refused or ("dropped by the user" if self.dropped else "")

    def may(self, why: str, question: str, policy: str) -> bool:
        """Whether people have approved just this."""
        ask = self.asks.get(why)
        return bool(ask and ask.approved and (ask.question, ask.policy) == (question, policy))


class State(msgspec.Struct):
    patches: List[Open] = msgspec.field(default_factory=list)
    bases: bases.State = msgspec.field(default_factory=bases.State)
    worktree: user_tree.State = msgspec.field(default_factory=user_tree.State)
    cards: evidence_cards.State = msgspec.field(default_factory=evidence_cards.State)
    differs: str = ""  # how the ledger is not the one that was acknowledged; nothing lands until a person accepts it


# What each kind of fact says of the patches.
_of_patches: ByKind[None] = ByKind(None)


def fold(state: State, fact: f.Fact) -> None:
    """Take one fact into the state."""
    user_tree.fold(state.worktree, fact)
    bases.fold(state.bases, fact)
    evidence_cards.fold(state.cards, fact)
    _of_patches(state, fact)


@_of_patches.rule
def _differs(state: State, fact: f.LedgerDiffers) -> None:
    state.differs = fact.reason


@_of_patches.rule
def _accepted(state: State, fact: f.LedgerAccepted) -> None:
    state.differs = ""


@_of_patches.rule
def _queued(state: State, fact: f.PatchQueued) -> None:
    fresh = Open(fact.seq, fact.ts, fact.mid, fact.author, fact.source, fact.sha)
    fresh.reverts, fresh.commit, fresh.because = fact.reverts, fact.commit, fact.because
    state.patches.append(fresh)


@_of_patches.rule
def _branch(state: State, fact: f.PatchBranch) -> None:
    patch = find(state, fact.mid)
    if patch:
        patch.branch = fact.branch


@_of_patches.rule
def _waiting(state: State, fact: f.PatchWaiting) -> None:
    patch = find(state, fact.mid)
    if patch:
        patch.told = True


@_of_patches.rule
def _dropped(state: State, fact: f.PatchDrop) -> None:
    patch = find(state, fact.mid)
    if patch:
        patch.dropped = True


# --- what the gate has decided ---


def _decided(state: State, mid: str) -> Open | None:
    """Return the patch of which one more decision was heard."""
    patch = find(state, mid)
    if patch:
        patch.decided += 1
    return patch


@_of_patches.rule
def _linted(state: State, fact: f.Lint) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        patch.lint = Ran(fact.base, fact.verdict, fact.sha)


@_of_patches.rule
def _tested(state: State, fact: f.Test) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        counted = None if fact.tests is None else Counted(fact.tests, fact.skipped or 0)
        patch.test = Ran(fact.base, fact.verdict, fact.sha, counted)


@_of_patches.rule
def _held(state: State, fact: f.PatchHeld) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        patch.held, patch.landing = fact.reason, None
        patch.held_since = patch.held_since or fact.ts


@_of_patches.rule
def _landing(state: State, fact: f.PatchLanding) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        patch.landing = None if state.differs else Landing(fact.branch, fact.old, fact.new)
        patch.paths, patch.lines, patch.notes = fact.paths, fact.lines, fact.notes
        patch.subject = fact.subject


@_of_patches.rule
def _needs_decision(state: State, fact: f.PatchNeedsDecision) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        patch.asks[fact.why] = Ask(fact.question, fact.policy)


@_of_patches.rule
def _applying(state: State, fact: f.SettingsApplying) -> None:
    patch = _decided(state, fact.mid)
    if patch:
        patch.applying = None if state.differs else Applying(fact.ts, fact.paths, fact.old, fact.new)
        patch.lines = fact.lines


@_of_patches.rule
def _over(state: State, fact: f.PatchReject | f.PatchPrecheckFail | f.SettingsApplied) -> None:
    patch = find(state, fact.mid)
    if patch:
        state.patches.remove(patch)


@_of_patches.rule
def _landed(state: State, fact: f.PatchCommit) -> None:
    patch = find(state, fact.mid)
    if patch is None:
        return
    if patch.test and patch.test.verdict != "skipped":
        state.bases.landed(fact.branch, fact.commit, patch.test.counted)
        if patch.test.verdict == "green":
            state.bases.ask_again(fact.branch)
    state.patches.remove(patch)


# --- what people have answered ---
# Whether an answer counts, the orchestrator judges. A revoke that stands before the landing in the ledger stops it,
# even when it is judged only after the landing was heard: until then the patch is in doubt, and does not land.


@_of_patches.rule
def _asked(state: State, fact: f.Rfd) -> None:
    for patch in state.patches:
        for why, ask in patch.asks.items():
            if (fact.mid, fact.why, fact.policy) == (patch.mid, why, ask.policy):
                ask.rfd_id = fact.rfd_id


@_of_patches.rule
def _answer(state: State, fact: f.Decision | f.DecisionRefused | f.RfdExpired | f.RfdSettled) -> None:
    for patch in state.patches:
        for ask in patch.asks.values():
            if fact.rfd_id == ask.rfd_id:
                _answered(patch, ask, fact)


def _answered(patch: Open, ask: Ask, fact: f.Decision | f.DecisionRefused | f.RfdExpired | f.RfdSettled) -> None:
    if isinstance(fact, f.RfdSettled):
        if fact.outcome == "approved":
            ask.approved, ask.expires = True, fact.expires
        elif fact.outcome in ("rejected", "revoked", "expired"):
            by = f" by {', '.join(fact.people)}" if fact.people else ""
            patch.refused = f"rfd-{fact.outcome}: {fact.rfd_id} was {fact.outcome}{by}: {ask.question}"
            patch.landing = patch.applying = None
    elif isinstance(fact, f.DecisionRefused):
        ask.doubts = [seq for seq in ask.doubts if seq != fact.cause]
    elif ask.approved and not (patch.landing or patch.applying) and _may_end(ask, fact):
        ask.doubts.append(fact.seq)


def _may_end(ask: Ask, fact: f.Decision | f.RfdExpired) -> bool:
    return fact.expires == ask.expires if isinstance(fact, f.RfdExpired) else fact.decision == "revoke"


def find(state: State, mid: str) -> Open | None:
    return next((patch for patch in state.patches if patch.mid == mid), None)


HEARS = user_tree.fold.kinds | bases.fold.kinds | evidence_cards.fold.kinds | _of_patches.kinds
