"""The same with a short, a long and a very long ledger: what grows with it is a bug.

Each project's ledger is filled first. Then `cccc up` folds it once and `cccc down` leaves the snapshots from which
everything measured here starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from cccc.common.paths import Project
from cccc.scripts.workbench.benchmarks import cost, fill, latency
from cccc.scripts.workbench.benchmarks.latency import timed
from cccc.scripts.workbench.benchmarks.ledger import running
from cccc.scripts.workbench.benchmarks.rows import quantile
from cccc.scripts.workbench.benchmarks.scratch import cccc, git, make, rename_in, up

SIZES = (1_000, 100_000, 1_000_000)
HEAD = ("p50", *(f"{size:,} facts" for size in SIZES))
UPS = 3
HANDOFFS = 30
NUDGES = 4
PATCHES = 6
LOOKS = 4
IDLE_SECONDS = 10.0


def measure(folder: Path) -> list[tuple[str, ...]]:
    """Return a row for each thing measured: what, and one cell for each of SIZES."""
    columns = []
    for size in SIZES:
        column = {}
        for what, measured in _column(folder / str(size), size):
            click.echo(f"bench: {size:,} facts: {what}: {measured}", err=True)
            column[what] = measured
        columns.append(column)
    return [(what, *(column[what] for column in columns)) for what in columns[0]]


def _column(root: Path, size: int) -> Iterator[tuple[str, str]]:
    project = make(root)
    (project.settings / "policies.yaml").write_text(fill.POLICIES)
    (project.settings / "cli_profiles.yaml").write_text(fill.PROFILES)
    fill.fill(project, size, git(root, "rev-parse", "HEAD").strip())
    yield "first `cccc up`, which folds them all", _s(timed(lambda: cccc(project, "up")))
    cccc(project, "down")
    yield "`cccc up`", _s(*(_up(project) for _ in range(UPS)))
    with up(project):
        yield from _in_session(project)
        before = time.perf_counter()
    yield "`cccc down`", _s(time.perf_counter() - before)
    began = time.perf_counter()
    with running(project):
        yield "ledger service alone, until it answers", _s(time.perf_counter() - began)


def _up(project: Project) -> float:
    took = timed(lambda: cccc(project, "up"))
    cccc(project, "down")
    return took


def _in_session(project: Project) -> Iterator[tuple[str, str]]:
    yield "`cccc status`", _ms(*(timed(lambda: cccc(project, "status")) for _ in range(LOOKS)))
    yield (
        "`cccc trace` of an early message",
        _ms(*(timed(lambda: cccc(project, "trace", "asked-7")) for _ in range(LOOKS))),
    )
    yield "a fact → seen in the panel pane", _ms(*(latency.panel(project, number) for number in range(2 * LOOKS)))
    yield "`to_peer.md` → the other's inbox", _ms(*latency.handoffs(project, rename_in, HANDOFFS))
    yield "`to_peer.md` → NUDGE on the screen", _ms(*(latency.nudge(project) for _ in range(NUDGES)))
    yield "`patch.diff` → commit, no checks", _ms(*(latency.patch(project, number) for number in range(PATCHES)))
    time.sleep(5)
    pids = cost.processes(project)
    yield "idle CPU", f"{cost.idle(pids, IDLE_SECONDS):.2%} of a core"
    yield "memory, PSS", f"{sum(map(cost.memory, pids.values())):.0f} MB"


def _s(*times: float) -> str:
    return f"{quantile(times, 0.5):.2f} s"


def _ms(*times: float) -> str:
    return f"{quantile(times, 0.5) * 1000:.1f} ms"
