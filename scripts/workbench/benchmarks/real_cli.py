"""The real CLIs of `scripts/install --real-cli`: how soon an idle one takes a message, and what delivery costs then."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import click

from cccc.common import facts as f
from cccc.common.machine import supervisor
from cccc.scripts.certify import many, turns
from cccc.scripts.certify.flight import PEER, Flight
from cccc.scripts.workbench.benchmarks.rows import Row, spread

BIN = Path(__file__).parents[3] / "build" / "real-cli" / "bin"
MESSAGES = 50
IDLE_SECONDS = 40.0
NAMES = {"claude": "Claude Code", "codex": "Codex"}


def measure(folder: Path) -> Iterator[Row]:
    if not all((BIN / kind).exists() for kind in PEER):
        click.echo(f"bench: no real CLIs in {BIN}; `scripts/install --real-cli` fetches them", err=True)
        return
    for kind in PEER:
        flight = Flight(kind, str(BIN / kind), folder / kind, folder / "screens")
        try:
            flight.up()
            turns.started(flight)
            times = [_taken(flight) for _ in range(MESSAGES)]
        finally:
            flight.close()
        yield Row(f"idle {NAMES[kind]}: handoff said → accepted by it", spread(times), "p50 ≤ 600 ms, p99 ≤ 1500 ms")
    flight = Flight("claude", str(BIN / "claude"), folder / "both", folder / "screens", other=str(BIN / "codex"))
    try:
        flight.up()
        turns.started(flight)
        time.sleep(5.0)
        before, began = _delivery_seconds(flight), time.monotonic()
        time.sleep(IDLE_SECONDS)
        used = (_delivery_seconds(flight) - before) / (time.monotonic() - began)
    finally:
        flight.close()
    yield Row("idle cost of delivery with both real CLIs, its tmux calls included", f"{used:.2%} of a core", "≤ 0.5 %")


def _taken(flight: Flight) -> float:
    """Time from a handoff to the CLI's own hook that shows it as a prompt."""
    before = flight.last()
    flight.send("hello")
    accepted = flight.await_(f.NudgeAccepted, before)[0]
    flight.await_(f.TurnEnd, accepted.seq)
    time.sleep(0.5)
    return many.seconds(flight.said(f.Handoff, before)[0], accepted)


def _delivery_seconds(flight: Flight) -> float:
    """Return the CPU time of delivery and of its children that have ended."""
    pid = next(row.pid for row in supervisor.processes(flight.project) if row.name == "delivery")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
