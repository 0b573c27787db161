"""Whether the disk has room for what the peers hand in. Pure."""

from __future__ import annotations

import os
from typing import NamedTuple

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind

MB = 1_000_000
_FEWEST_FILES = 1000


class Free(NamedTuple):
    """What a disk has left."""

    mb: int
    files: int  # how many more can be made (inodes); -1 where the file system does not count them

    @classmethod
    def of(cls, disk: os.statvfs_result) -> Free:
        return cls(disk.f_bavail * disk.f_frsize // MB, disk.f_favail if disk.f_files else -1)


class State(msgspec.Struct):
    """Whether the ledger says that the intake is paused, and since which fact; 0: it never was."""

    low: bool = False
    seq: int = 0


fold: ByKind[None] = ByKind(None)


@fold.rule
def _intake(state: State, fact: f.IntakePaused | f.IntakeResumed) -> None:
    state.low, state.seq = isinstance(fact, f.IntakePaused), fact.seq


def is_low(free: Free, limit_mb: int, was_low: bool) -> bool:
    """Whether nothing may be taken in now. A limit of 0 is never reached."""
    return free.mb < (_enough(limit_mb) if was_low else limit_mb) or few_files(free, limit_mb, was_low)


def few_files(free: Free, limit_mb: int, was_low: bool) -> bool:
    """Whether it is files that the disk has no room for: one hand-in and its patch need dozens."""
    return bool(limit_mb) and 0 <= free.files < (_enough(_FEWEST_FILES) if was_low else _FEWEST_FILES)


def _enough(limit: int) -> int:
    """Return what ends the pause: a tenth more, so that a disk near the limit does not pause and resume all day."""
    return limit + limit // 10


def trouble(free_mb: int, free_files: int = -1) -> str:
    left = f"{free_mb} MB free" if free_files < 0 else f"room for only {free_files} more files (inodes)"
    return f"the disk has {left}: the peers' files are not picked up"


def told(fact: f.IntakePaused | f.IntakeResumed) -> str:
    """Return what the user is told."""
    if isinstance(fact, f.IntakeResumed):
        return f"the disk has {fact.free_mb} MB free: the peers' files are picked up again"
    words = trouble(fact.free_mb, fact.free_files)
    if fact.free_files >= 0:
        return f"{words}; delete some files (continues automatically with {_enough(_FEWEST_FILES)} free)"
    return f"{words}; free some space (continues automatically at {_enough(fact.limit_mb)} MB)"
