"""Wait for a condition with a limit."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")

PATIENCE = 3.0  # limits are meant for a quiet machine: a busy one gets so many times as long


def until(condition: Callable[[], T], limit: float = 10.0, what: str | Callable[[], str] = "") -> T:
    """Return the condition's first true value. Fails after `limit` seconds of a quiet machine, naming `what`."""
    end = time.monotonic() + limit * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {(what() if callable(what) else what) or condition}")
        time.sleep(0.01)


def never(condition: Callable[[], object], seconds: float) -> None:
    """Fail once the condition is true: what must not happen needs a span to not happen in."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        assert not value, f"it happened: {value}"
        time.sleep(0.01)
