"""The ledger and its bus: latency, throughput, and what a long ledger costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cccc.common import bus
from cccc.common import facts as f
from cccc.common import ledger as reading
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.scripts.benchmarks.rows import Row, spread
from cccc.services.ledger.store import Store

ROUNDS = 2000
BURST = 20_000
IN_FLIGHT = 500
LONG = 1_000_000


def message(number: int) -> f.UserMessage:
    mid = f"m{number}"
    return f.UserMessage(id=mid, mid=mid, by="cli", via="cli", route="a", sha="0" * 64, size=100, text="x" * 100)


def measure(folder: Path) -> Iterator[Row]:
    project = _project(folder / "bus")
    with running(project):
        yield Row("say → fsynced → heard", spread(_latencies(project)), "p50 ≤ 2 ms")
        yield Row(f"facts per second, {IN_FLIGHT} in flight", f"{_rate(project):,.0f}", "≥ 10,000")
    project = _project(folder / "long")
    store = Store(project)
    for start in range(0, LONG, 2000):
        store.append([message(number) for number in range(start, start + 2000)])
    store.close()
    began = time.perf_counter()
    with running(project):
        started = time.perf_counter() - began
        yield Row("ledger service ready, 1,000,000 facts", f"{started:.2f} s", "does not read them all")
        began = time.perf_counter()
        assert len(reading.of_mid(project, "m777")) == 1
        yield Row("`trace`'s look-up, 1,000,000 facts", f"{(time.perf_counter() - began) * 1000:.1f} ms", "≤ 200 ms")


def _project(root: Path) -> Project:
    project = Project(root / ".cccc")
    project.settings.mkdir(parents=True)
    project.logs.mkdir()
    project.make_run()
    return project


@contextmanager
def running(project: Project) -> Iterator[None]:
    """Run the ledger service alone."""
    with project.service_log("ledger").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "cccc.services.ledger"],
            env={**os.environ, "CCCC_HOME": str(project.home)},
            stderr=log,
        )
    try:
        while not _answers(project):
            if process.poll() is not None:
                sys.exit(f"the ledger service ended; see {project.service_log('ledger')}")
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(project: Project) -> bool:
    try:
        return bool(bus.beats(project, 0.2))
    except NotRunning:
        return False


def _request(number: int) -> bytes:
    facts = [msgspec.to_builtins(message(number))]
    return bus.pack({"what": "say", "token": number, "by": "cli", "facts": facts})


def _latencies(project: Project) -> list[float]:
    say, hear = bus.say_socket(project), bus.hear_socket(project, b"fact.")
    times: list[float] = []
    say.send(_request(0))
    while not hear.poll(50):  # until the subscription has arrived
        say.send(_request(-time.perf_counter_ns()))
    time.sleep(0.2)
    while hear.poll(0):
        hear.recv_multipart()
    for number in range(1, ROUNDS + 1):
        began = time.perf_counter()
        say.send(_request(number))
        hear.recv_multipart()
        times.append(time.perf_counter() - began)
    say.close()
    hear.close()
    return times


def _rate(project: Project) -> float:
    say = bus.say_socket(project)
    requests = [_request(number) for number in range(10 * ROUNDS, 10 * ROUNDS + BURST)]
    say.poll(1000, 2)
    began, sent, answered = time.perf_counter(), 0, 0
    while answered < BURST:
        while sent < BURST and sent - answered < IN_FLIGHT:
            say.send(requests[sent])
            sent += 1
        say.recv()
        answered += 1
    say.close()
    return BURST / (time.perf_counter() - began)
