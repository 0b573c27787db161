"""Whose turn it is, and what comes next with that patch. Pure.

What was begun goes first, then the patches in the order they came. A patch that is held lets those behind it pass, and
is looked at again now and then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from cccc.common.ledger import anchor
from cccc.common.machine.waits import left
from cccc.common.text.lines import moment
from cccc.services.evidence import outcomes, queue
from cccc.services.evidence.attempt import Attempt
from cccc.services.evidence.queue import Open, State

LOOK_EVERY = 1.0  # seconds, at what holds a patch

Attempts = Mapping[str, Attempt]  # by mid
What = Literal["land", "apply", "refuse", "hold", "go on", "announce", "begin", "look"]


class Step(NamedTuple):
    """What is to be done with a patch: its settings are applied, its trial goes on, what holds it is looked at, …"""

    what: What
    patch: Open

    @property
    def ends_trial(self) -> bool:
        """Whether the trial that has the gate tree makes room for it."""
        return self.what not in ("go on", "land")


def next_step(state: State, attempts: Attempts, tried: str, tree_is_free: bool, now: float) -> Step | None:
    """Return the next step; None when nothing can be done now.

    `tried` is the mid of the patch whose trial has the gate tree, or "". `tree_is_free`: no card has or wants it.
    `now` is the monotonic clock in seconds.
    """
    begun = _begun(state, tried)
    if begun:
        return after(state, begun, attempts, tried, tree_is_free)
    for patch in state.patches:
        if patch.waits:
            continue
        if not patch.held or patch.over:
            return after(state, patch, attempts, "", tree_is_free)
        if _is_due(state, patch, attempts, now):
            return Step("look", patch)
    return None


def after(state: State, patch: Open, attempts: Attempts, tried: str, tree_is_free: bool) -> Step | None:
    """Return the next step of the patch whose turn it is; None while what was said of it is not heard."""
    attempt = _of(attempts, patch)
    if not attempt.has_heard(patch):
        return None
    if patch.landing:
        return Step("land", patch)
    if patch.applying:
        return Step("apply", patch)
    if patch.over:
        return Step("refuse", patch)
    if state.differs:
        return Step("hold", patch)
    if tried:
        return Step("go on", patch)
    if attempt.passed:
        return Step("announce", patch)
    return Step("begin", patch) if tree_is_free else None


def is_wanted(state: State, tried: str) -> bool:
    """Whether the trial of a patch may go on: it is open, and people are not asked."""
    patch = queue.find(state, tried)
    return patch is not None and not patch.waits


def _begun(state: State, tried: str) -> Open | None:
    able = [patch for patch in state.patches if not patch.waits]
    announced = (patch for patch in able if patch.landing or patch.applying)
    return next(announced, None) or next((patch for patch in able if patch.mid == tried), None)


def _is_due(state: State, patch: Open, attempts: Attempts, now: float) -> bool:
    """Whether to look again at what holds a patch. What the ledger holds goes on when its difference is accepted."""
    if state.differs and patch.held == outcomes.held(patch, differs(state)).reason:
        return False
    attempt = _of(attempts, patch)
    return attempt.has_heard(patch) and now >= attempt.look_at


def _of(attempts: Attempts, patch: Open) -> Attempt:
    return attempts.get(patch.mid, Attempt())


def differs(state: State) -> str:
    """Return why nothing lands while the ledger is not the one that was acknowledged."""
    return f"{state.differs}; {anchor.HOW}"


def known_of_base(state: State, machine: str) -> object:
    """Return what must change before a patch that was held for its base is tried again."""
    known = state.bases.known_red(machine), machine in state.bases.untested
    return known, state.worktree.branch, state.worktree.head


def is_idle(state: State) -> bool:
    """Whether no patch can go on."""
    return all(patch.held or patch.waits for patch in state.patches)


def untold(state: State, attempts: Attempts, most: float, now: float) -> Iterator[Open]:
    """Yield the held patches of which the user is still to be told: only they can mend it, or it took `most` seconds.

    `now` is the Unix time.
    """
    for patch in state.patches:
        if patch.held_since and not patch.told:
            too_long = not left(moment(patch.held_since).timestamp(), most, now)
            if _of(attempts, patch).stuck or too_long:
                yield patch
