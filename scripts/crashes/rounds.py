"""A torture run: a burst of work, a fault in the middle of it, rest, count; again and again."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from cccc.scripts.crashes import checker
from cccc.scripts.crashes.checker import Counts
from cccc.scripts.crashes.faults import Fault, every, left_out, make_writable, own_disk
from cccc.scripts.crashes.load import Load
from cccc.scripts.crashes.place import Place, until

if TYPE_CHECKING:
    from cccc.scripts.crashes.chat import Chat

_HEALTHY_WITHIN = 90.0
_RESTS_WITHIN = 120.0
_DISK_MB = 600
_PROTECTED_EVERY = 5


@dataclass
class Outcome:
    """What came of one kind of fault."""

    times: int = 0
    missed: int = 0  # nothing was there to break
    seconds: list[float] = field(default_factory=list)  # until every service was ready again
    bad: list[str] = field(default_factory=list)  # counts that were not 0 when all had come to rest
    doubled: int = 0  # posts that stand twice in the chat as the bridge died before their answer: no bad count


@dataclass
class Run:
    """The whole of it."""

    seed: int
    outcomes: dict[str, Outcome]
    handoffs: int
    patches: int
    lines: int  # said in the chat
    posts: int  # for it
    left_out: str  # faults that cannot be had here
    bridge_ends: int  # each may double one post
    counts: Counts
    left: list[str]  # processes and sockets after `cccc down`
    took: float

    @property
    def failed(self) -> bool:
        return any(self.counts) or bool(self.left) or any(each.bad for each in self.outcomes.values())


def run(seed: int, rounds: int, handoffs: int, tell: Callable[[str], None], keep: Path | None = None) -> Run:
    """Strike `rounds` times, with about `handoffs` messages in all. `keep` is where the project stays if it failed."""
    folder = Path(tempfile.mkdtemp(prefix="cccc-torture-"))
    mounted = own_disk(folder, _DISK_MB)
    place = Place(folder)
    try:
        place.clock.take_over()
        place.chat = _chat(folder)
        return _run(place, seed, rounds, handoffs, tell, keep)
    finally:
        if place.chat:
            place.chat.close()
        if mounted:
            make_writable(place)
            subprocess.run(["umount", "-l", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _chat(folder: Path) -> Chat | None:
    """Return a chat where what it needs is installed."""
    if not all(importlib.util.find_spec(name) for name in ("telegram", "aiohttp")):
        return None
    from cccc.scripts.crashes.chat import Chat

    return Chat(folder)


def _run(place: Place, seed: int, rounds: int, handoffs: int, tell: Callable[[str], None], keep: Path | None) -> Run:
    began, chance = time.monotonic(), random.Random(seed)
    place.make()
    load = Load(place)
    outcomes: dict[str, Outcome] = {}
    place.cccc("up")
    until(place.is_healthy, _HEALTHY_WITHIN)  # a chat gets what is said once it is let in
    load.start()
    try:
        for number, fault in enumerate(_order(every(place), rounds, chance)):
            outcome = outcomes.setdefault(fault.name, Outcome())
            doubled = checker.doubled(place.root)[0]
            fault.arm(place)
            threads = load.burst(max(1, round(handoffs / rounds / 2)), True, number % _PROTECTED_EVERY == 0)
            time.sleep(chance.uniform(0, 0.4))
            bad = _strike(place, fault, outcome)
            for thread in threads:
                thread.join(_RESTS_WITHIN)
            bad += _rest(place, load)
            outcome.bad += bad
            outcome.doubled += checker.doubled(place.root)[0] - doubled
            tell(f"{number + 1}/{rounds} {fault.name}: {'; '.join(bad) or 'nothing lost, nothing twice'}")
    finally:
        load.stop()
        place.cccc("down", check=False)
    counts = checker.check(place.root, load.manifest())
    left = checker.left_over(place.root)
    result = Run(
        seed=seed,
        outcomes=outcomes,
        handoffs=sum(load.handoffs.values()),
        patches=len(load.patches),
        lines=sum(load.lines.values()),
        posts=sum(load.posts.values()),
        left_out=left_out(place),
        bridge_ends=checker.doubled(place.root)[1],
        counts=counts,
        left=left,
        took=time.monotonic() - began,
    )
    if result.failed and keep:
        (place.folder / "manifest.json").write_text(json.dumps(load.manifest(), indent=1))
        shutil.copytree(place.folder, keep, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    return result


def _order(faults: list[Fault], rounds: int, chance: random.Random) -> list[Fault]:
    """Return each fault equally often, in an order of chance."""
    found: list[Fault] = []
    while len(found) < rounds:
        found += chance.sample(faults, len(faults))
    return found[:rounds]


def _strike(place: Place, fault: Fault, outcome: Outcome) -> list[str]:
    outcome.times += 1
    if not fault.strike(place):
        outcome.missed += 1
    broken = time.monotonic()
    if not until(place.is_healthy, _HEALTHY_WITHIN):
        return [f"not healthy within {_HEALTHY_WITHIN:.0f} s"]
    outcome.seconds.append(time.monotonic() - broken)
    return []


def _rest(place: Place, load: Load) -> list[str]:
    """Wait until all that was handed in has arrived and is read, and return what is wrong then."""
    counts = Counts()

    def at_rest() -> bool:
        nonlocal counts
        manifest = load.manifest()
        manifest["user"] = {name: sha for name, sha in place.user.items() if name != "user/busy.txt"}
        counts = checker.check(place.root, manifest)
        return not any(counts)

    if until(at_rest, _RESTS_WITHIN, 0.3) and until(lambda: not place.unread(), _RESTS_WITHIN):
        return []
    if not any(counts):
        return [f"unread: {place.unread()}"]
    return [f"{name.replace('_', ' ')}: {count}" for name, count in counts._asdict().items() if count]
