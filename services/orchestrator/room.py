"""Whether the disk has room for what the peers hand in. Pure."""

from __future__ import annotations

import msgspec

from cccc.common import facts as f
from cccc.common.facts import Fact

MB = 1_000_000


class State(msgspec.Struct):
    """Whether the ledger says that the intake is paused, and since which fact; 0: it never was."""

    low: bool = False
    seq: int = 0


def fold(state: State, fact: Fact) -> None:
    if isinstance(fact, (f.IntakePaused, f.IntakeResumed)):
        state.low, state.seq = isinstance(fact, f.IntakePaused), fact.seq


def is_low(free_mb: int, limit_mb: int, was_low: bool) -> bool:
    """Whether nothing may be taken in now."""
    return free_mb < (_enough(limit_mb) if was_low else limit_mb)


def _enough(limit_mb: int) -> int:
    """Return what ends the pause: a tenth more, so that a disk near the limit does not pause and resume all day."""
    return limit_mb + limit_mb // 10


def trouble(free_mb: int) -> str:
    return f"the disk has {free_mb} MB free: what the peers hand in is not taken"


def told(fact: f.IntakePaused | f.IntakeResumed) -> str:
    """Return what the user is told."""
    if isinstance(fact, f.IntakeResumed):
        return f"the disk has {fact.free_mb} MB free: what the peers handed in is taken again"
    return f"{trouble(fact.free_mb)}; free some space (from {_enough(fact.limit_mb)} MB on it goes on by itself)"
