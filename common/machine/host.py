"""What this machine is called, where facts count on one machine only."""

from __future__ import annotations

import platform


def name() -> str:
    """Return the machine's name; "localhost" where it has none."""
    return platform.node() or "localhost"
