"""Waits that outlive a process: counted on the wall clock, which may be set ahead or back at any time."""

from __future__ import annotations


def left(began: float, lasts: float, now: float) -> float:
    """Return how many of `lasts` seconds are left at `now`; `began` and `now` are Unix times.

    0 when `began` is still to come: the clock was set back meanwhile, and by how much nobody knows.
    """
    return max(0.0, began + lasts - now) if began <= now else 0.0
