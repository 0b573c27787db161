"""What a project that is up and idle costs: processor and memory of its own processes."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from cccc.common.machine import supervisor, tmux
from cccc.common.paths import Project


def processes(project: Project) -> dict[str, int]:
    """Return the processes of supervisord, its services, and the panel pane's program, by name."""
    supervisord = int((project.run / "supervisord.pid").read_text())
    services = {row.name: row.pid for row in supervisor.processes(project) if row.pid}
    return {"supervisord": supervisord, **services, "panel pane": tmux.panes(project)["panel"].pid}


def idle(pids: Mapping[str, int], seconds: float) -> float:
    """Return which part of a core the processes use together in the next seconds."""
    before, began = sum(map(_cpu_seconds, pids.values())), time.monotonic()
    time.sleep(seconds)
    return (sum(map(_cpu_seconds, pids.values())) - before) / (time.monotonic() - began)


def memory(pid: int) -> float:
    """Return the proportional set size of a process in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
