"""The ledger and its bus: latency and throughput."""

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
from cccc.scripts.workbench.benchmarks.rows import Row, multiple, spread

ROUNDS = 2000
BURST = 20_000
IN_FLIGHT = 500


def message(number: int) -> f.UserMessage:
    mid = f"m{number}"
    return f.UserMessage(id=mid, mid=mid, by="cli", via="cli", route="a", sha="0" * 64, size=100, text="x" * 100)


def measure(folder: Path) -> Iterator[Row]:
    project = _project(folder / "bus")
    with running(project):
        times, rate = _latencies(project), _rate(project)
        plain = _appends(folder / "plain", project.ledger.stat().st_size // reading.end(project))
    yield Row("say → fsynced → heard", spread(times), "p50 ≤ 2 ms")
    yield Row("`write` and `fsync` of a line as long, to a plain file", spread(plain), "")
    yield Row("our time as a multiple of that (p50)", multiple(times, plain), "")
    yield Row(f"facts per second, {IN_FLIGHT} in flight", f"{rate:,.0f}", "≥ 10,000")
    yield Row("as a multiple of such lines per second", f"{rate * sum(plain) / len(plain):.1f}", "")


def _appends(path: Path, size: int) -> list[float]:
    line, times = b"x" * (size - 1) + b"\n", []
    with path.open("ab", buffering=0) as file:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            file.write(line)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return times


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
