"""What each process of a project costs: the time of its imports, over a bare Python's, and its memory when idle."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cccc.common.registry import SERVICES
from cccc.scripts.workbench.benchmarks import cost
from cccc.scripts.workbench.benchmarks.latency import timed
from cccc.scripts.workbench.benchmarks.scratch import make, up

HEAD = ("process", "imports", "memory, PSS")
ROUNDS = 10
_MODULES = {
    "supervisord": "supervisor.supervisord",
    **{service.name: f"cccc.services.{service.name}.__main__" for service in SERVICES},
    "panel pane": "cccc.services.tui.app",
}


def measure(folder: Path) -> Iterator[tuple[str, ...]]:
    bare = _run("pass")
    project = make(folder / "services")
    with up(project):
        time.sleep(5)
        memory = {name: cost.memory(pid) for name, pid in cost.processes(project).items()}
    for name, module in _MODULES.items():
        yield name, f"{(_run(f'import {module}') - bare) * 1000:.0f} ms", f"{memory[name]:.1f} MB"
    yield "together", "", f"{sum(memory.values()):.0f} MB"


def _run(code: str) -> float:
    """Return the shortest time of some runs, in seconds."""
    return min(timed(lambda: subprocess.run([sys.executable, "-I", "-c", code], check=True)) for _ in range(ROUNDS))
