"""Wait for a condition with a limit."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], limit: float = 10.0, what: str = "") -> T:
    """Return the condition's first true value. Fails after `limit` seconds, saying what was awaited."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what or condition}")
        time.sleep(0.01)
