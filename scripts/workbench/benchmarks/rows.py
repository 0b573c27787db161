"""Rows of the tables, and how several times become one cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

Cells = TypeVar("Cells", bound="tuple[str, ...]")  # of one row


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


def most(times: Sequence[float]) -> str:
    """Return p50 and the longest of a few times, in seconds."""
    return f"p50 {quantile(times, 0.5):.2f} s, most {max(times):.2f} s (n = {len(times)})"


def multiple(times: Sequence[float], yardstick: Sequence[float]) -> str:
    """Return how many times as long the median is as the yardstick's."""
    return f"{quantile(times, 0.5) / quantile(yardstick, 0.5):.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as a Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
