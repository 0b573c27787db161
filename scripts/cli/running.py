"""What needs a running system asks here first, and fails at once instead of after a time-out."""

from __future__ import annotations

from cccc.common.errors import NotRunning
from cccc.common.machine import supervisor
from cccc.common.paths import Project


def require(project: Project, so: str = "") -> None:
    """Raise NotRunning unless supervisord answers; `so` says what that means for the caller."""
    if not supervisor.is_up(project):
        raise NotRunning(f"not running{so}; run `cccc up`")
