"""Which facts call a person, and in which words. Pure; everything else stays quiet."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.plural import plural

_KEEPS_ENDING = 4.0  # seconds until the next start: it has ended early three times


def call(fact: Fact) -> str:
    """Return what a person is called for, in a few words, or ""."""
    if isinstance(fact, f.Rfd):
        return f"decide {fact.rfd_id}: {fact.title}"
    if isinstance(fact, f.PeerExited) and fact.status.startswith("the login profile"):
        return f"{fact.peer} is started without it: {fact.status}"
    if isinstance(fact, f.PeerExited) and fact.again_s >= _KEEPS_ENDING:
        return f"{fact.peer} keeps ending ({fact.status})"
    if isinstance(fact, f.NudgeUnanswered):
        return f"{fact.to} has left {plural(fact.attempts, 'nudge')} unanswered"
    if isinstance(fact, f.IntakePaused):
        left = f"{fact.free_mb} MB" if fact.free_files < 0 else f"room for {fact.free_files} more files"
        return f"free some space: the disk has {left}, and what the peers hand in waits"
    if isinstance(fact, f.PeerLimit):
        return f"{fact.peer} has reached its usage limit" + (f", resets {fact.resets}" if fact.resets else "")
    if isinstance(fact, f.PeerLogin):
        return f"{fact.peer} has to be logged in again"
    if isinstance(fact, f.PeerBlocked):
        return f"{fact.peer} cannot be told of its mail: {fact.reason}"
    if isinstance(fact, f.PatchWaiting):
        return f"the patch {fact.mid} waits: {fact.reason}"
    if isinstance(fact, f.LedgerDiffers):
        return fact.reason
    if isinstance(fact, f.FactSkipped):
        return f"{fact.service} went on without fact {fact.fact}"
    return ""
