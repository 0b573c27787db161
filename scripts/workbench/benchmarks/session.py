"""A running session with two mock peers: handoffs, nudges, patches, up, down, idle cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from cccc.scripts.workbench.benchmarks import alone, cost, latency
from cccc.scripts.workbench.benchmarks.latency import timed
from cccc.scripts.workbench.benchmarks.rows import Row, most, multiple, spread
from cccc.scripts.workbench.benchmarks.scratch import cccc, make, rename_in, up

HANDOFFS = 100
NUDGES = 20
PATCHES = 30
UPS = 5
IDLE_SECONDS = 20.0


def measure(folder: Path) -> Iterator[Row]:
    project = make(folder / "session")
    ups, downs = [], []
    for _ in range(UPS):
        ups.append(timed(lambda: cccc(project, "up")))
        downs.append(timed(lambda: cccc(project, "down")))
    alone_ups, alone_downs = alone.times(folder / "alone", UPS)
    yield Row("`cccc up`", most(ups), "≤ 3 s")
    yield Row(f"supervisord alone with {alone.WHAT}, until they run", most(alone_ups), "")
    yield Row("`cccc up` as a multiple of that (p50)", multiple(ups, alone_ups), "")
    yield Row("`cccc down`", most(downs), "≤ 2 s")
    yield Row("supervisord alone: `supervisorctl shutdown`, until it is gone", most(alone_downs), "")
    yield Row("`cccc down` as a multiple of that (p50)", multiple(downs, alone_downs), "")
    with up(project):
        nudges = [latency.nudge(project) for _ in range(NUDGES)]
        yield Row("`to_peer.md` renamed → NUDGE on the idle peer's screen", spread(nudges), "p50 ≤ 80 ms")
        renamed = latency.handoffs(project, rename_in, HANDOFFS)
        yield Row("`to_peer.md` renamed → file in the other's inbox", spread(renamed), "p50 ≤ 20 ms, p99 ≤ 60 ms")
        written = latency.handoffs(project, Path.write_text, HANDOFFS)
        yield Row("the same, written in place", spread(written), "15 ms settle time more")
        gate = [latency.patch(project, number) for number in range(PATCHES)]
        hand = [latency.by_hand(project, number) for number in range(PATCHES)]
        yield Row("`patch.diff` renamed → commit, no checks", spread(gate), "≤ 4 times by hand")
        yield Row("the same by hand: `apply --check`, `apply --index`, `commit`", spread(hand), "")
        yield Row("the gate's time as a multiple of that (p50)", multiple(gate, hand), "≤ 4")
        time.sleep(5)
        pids = cost.processes(project)
        used = cost.idle(pids, IDLE_SECONDS)
        what = f"idle CPU: supervisord, 5 services, panel pane ({len(pids)} processes)"
        yield Row(what, f"{used:.2%} of a core", "≤ 1 %")
        yield Row("memory of the same", f"{sum(map(cost.memory, pids.values())):.0f} MB PSS", "≤ 150 MB")
