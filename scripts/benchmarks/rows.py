"""A row of the table, and how spread-out times become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, what came out, and the goal it is held against."""

    what: str
    measured: str
    goal: str


def quantile(times: Sequence[float], share: float) -> float:
    """Return the time that `share` of the times do not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def spread(times: Sequence[float]) -> str:
    """Return p50 and p99 of times in seconds, in milliseconds."""
    return f"p50 {quantile(times, 0.5) * 1000:.1f} ms, p99 {quantile(times, 0.99) * 1000:.1f} ms (n = {len(times)})"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | measured | goal |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.measured} | {row.goal} |" for row in rows])
