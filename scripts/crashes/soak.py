"""Twenty-four hours in a quarter of one: is everything as flat at the end as it was at the beginning?

The waits of the nudges are scaled as in a torture run (90 s are 1 s), so 24 hours pass in 16 minutes. Busy and idle
phases take turns; every few seconds memory, open files, threads, sizes and latency are written down, and at the end
drawn in one picture.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from cccc.scripts.crashes.load import Load
from cccc.scripts.crashes.place import SERVICES, Place, until

_SCALE = 90
_PHASE = 20.0  # seconds, busy and idle in turns
_SAMPLE_EVERY = 4.0
_PAIR = int(2 * _PHASE / _SAMPLE_EVERY)  # samples of a busy and an idle phase
_BURST = 10
_KEPT = 200  # as delivery.processed_retention ships
_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#9c6b4e")
_WIDTH, _HEIGHT, _LEFT, _GAP = 760, 110, 70, 46


@dataclass
class Sample:
    """What was seen at one moment; by service, or one number."""

    hour: float
    memory: dict[str, float]  # MB, PSS
    files: dict[str, float]
    threads: dict[str, float]
    ledger: float  # bytes per handoff so far
    snapshots: float  # KB
    latency: float  # ms from a message to the receiver's inbox


def run(hours: float, tell: Callable[[str], None]) -> list[Sample]:
    """Let a scratch project live for so many scaled hours; return what was seen."""
    place = Place(Path(tempfile.mkdtemp(prefix="cccc-soak-")), _KEPT)
    place.make()
    load = Load(place)
    samples: list[Sample] = []
    place.cccc("up")
    load.start()
    began = time.monotonic()
    try:
        while (hour := (time.monotonic() - began) * _SCALE / 3600) < hours:
            busy = int((time.monotonic() - began) / _PHASE) % 2 == 0
            latency = _latency(place, load)
            samples.append(_sample(place, load, hour, latency))
            tell(f"{hour:5.1f} h  {sum(samples[-1].memory.values()):.0f} MB, {latency:.0f} ms")
            until_next = time.monotonic() + _SAMPLE_EVERY
            while busy and time.monotonic() < until_next:
                for thread in load.burst(_BURST, True, False):
                    thread.join()
            time.sleep(max(0.0, until_next - time.monotonic()))
    finally:
        load.stop()
        place.cccc("down", check=False)
        shutil.rmtree(place.folder, ignore_errors=True)
    return samples


def _latency(place: Place, load: Load) -> float:
    """Return the milliseconds in which a message of PeerA comes into PeerB's inbox."""
    inbox = place.project.inbox("PeerB")
    until(lambda: not any(inbox.iterdir()), 30, 0.01)
    began = time.perf_counter()
    load.say("PeerA", 1)
    until(lambda: any(inbox.iterdir()), 30, 0.001)
    return (time.perf_counter() - began) * 1000


def _sample(place: Place, load: Load, hour: float, latency: float) -> Sample:
    pids = {name: place.pid(name) for name in SERVICES}
    state = place.project.state
    return Sample(
        hour=hour,
        memory={name: _status(pid, "smaps_rollup", "Pss:") / 1024 for name, pid in pids.items()},
        files={name: float(len(list(Path(f"/proc/{pid}/fd").iterdir()))) for name, pid in pids.items()},
        threads={name: _status(pid, "status", "Threads:") for name, pid in pids.items()},
        ledger=place.project.ledger.stat().st_size / max(1, sum(load.handoffs.values())),
        snapshots=sum(path.stat().st_size for path in (state / "snapshots").iterdir()) / 1024,
        latency=latency,
    )


def _status(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return float(line.split()[1])
    return 0.0


def grown(samples: Sequence[Sample]) -> dict[str, float]:
    """Return how much each series has grown: its middle over the last quarter by that over the second quarter.

    Nothing when a quarter is too short to hold a busy and an idle phase.
    """
    quarter = len(samples) // 4
    if quarter < _PAIR:
        return {}
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    return {name: _middle(values(late)) / max(_middle(values(early)), 1e-9) for name, values in _SERIES.items()}


_SERIES: dict[str, Callable[[Sequence[Sample]], list[float]]] = {
    "memory, all services (MB)": lambda samples: [sum(each.memory.values()) for each in samples],
    "open files": lambda samples: [sum(each.files.values()) for each in samples],
    "threads": lambda samples: [sum(each.threads.values()) for each in samples],
    "ledger (bytes per message)": lambda samples: [each.ledger for each in samples],
    "snapshots (KB)": lambda samples: [each.snapshots for each in samples],
    "message to inbox (ms)": lambda samples: [each.latency for each in samples],
}


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def picture(samples: Sequence[Sample]) -> str:
    """Return an SVG with one small graph below the other, each from 0 up."""
    height = len(_SERIES) * (_HEIGHT + _GAP) + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + _LEFT + 20}" height="{height}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    ]
    hours = samples[-1].hour
    for number, (name, values) in enumerate(_SERIES.items()):
        top = _GAP + number * (_HEIGHT + _GAP)
        most = max(values(samples)) or 1.0
        points = " ".join(
            f"{_LEFT + each.hour / hours * _WIDTH:.1f},{top + _HEIGHT * (1 - value / most):.1f}"
            for each, value in zip(samples, values(samples))
        )
        parts += [
            f'<text x="{_LEFT}" y="{top - 8}">{name}</text>',
            f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#ccc"/>',
            f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.4g}</text>',
            f'<text x="{_LEFT - 6}" y="{top + _HEIGHT}" text-anchor="end">0</text>',
            f'<polyline points="{points}" fill="none" stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-width="1.5"/>',
        ]
    parts.append(f'<text x="{_LEFT + _WIDTH}" y="{height - 12}" text-anchor="end">{hours:.0f} hours</text></svg>')
    return "\n".join(parts) + "\n"


def save(samples: Sequence[Sample], path: Path) -> None:
    """Write the picture, and beside it the numbers as JSON lines."""
    path.write_text(picture(samples), encoding="utf-8")
    lines = (json.dumps(each.__dict__) for each in samples)
    path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
