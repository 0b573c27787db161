"""What people say after `--since`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import click

from cccc.common import ledger
from cccc.common.paths import Project

HELP = "Only facts newer than 30s, 10m, 2h, 3d, or 2025-01-31T10:00 (local)."
_AGE = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def stamp(since: str) -> str:
    """Return the time as facts have it: their text sorts as time does. Raises UsageError."""
    return _when(since).astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def before(project: Project, start: str) -> int:
    """Return a seq before the first fact of the time `start` or later, found by halving."""
    low, high = 0, ledger.end(project)
    while high - low > 1:
        middle = (low + high) // 2
        raw = ledger.line_at(project, middle)
        if raw is None or ledger.envelope(raw).ts < start:
            low = middle
        else:
            high = middle
    return low


def _when(since: str) -> datetime:
    ago = _AGE.fullmatch(since)
    try:
        if ago:
            return datetime.now(timezone.utc) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(since.replace("Z", "+00:00")).astimezone()
    except (ValueError, OverflowError):
        raise click.UsageError(f"--since {since}: use 30s, 10m, 2h, 3d, or a time such as 2025-01-31T10:00") from None
