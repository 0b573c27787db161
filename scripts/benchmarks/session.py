"""A running session with two mock peers: handoffs, nudges, patches, up, down, idle cost."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

from cccc.common import supervisor, tmux, watch
from cccc.common.paths import Project
from cccc.scripts.benchmarks.rows import Row, quantile, spread
from cccc.scripts.benchmarks.scratch import cccc, git, rename_in, until, up

HANDOFFS = 100
NUDGES = 20
PATCHES = 30
UPS = 5
IDLE_SECONDS = 20.0
_TOKEN = re.compile(r"\[n:[0-9a-f]+\]")
_MESSAGE = "EVIDENCE: {}\n```insight\nkind: note\n```\n"
_QUIET = "rules:\n  - match: '.'\n    steps:\n      - say: read\n"


def measure(folder: Path) -> Iterator[Row]:
    project = _prepare(folder / "session")
    ups, downs = [], []
    for _ in range(UPS):
        ups.append(_timed(lambda: cccc(project, "up")))
        downs.append(_timed(lambda: cccc(project, "down")))
    yield Row("`cccc up`", f"p50 {quantile(ups, 0.5):.2f} s, most {max(ups):.2f} s (n = {UPS})", "≤ 3 s")
    yield Row("`cccc down`", f"p50 {quantile(downs, 0.5):.2f} s, most {max(downs):.2f} s (n = {UPS})", "≤ 2 s")
    with up(project):
        nudges = [_nudge(project) for _ in range(NUDGES)]
        yield Row("`to_peer.md` renamed → NUDGE on the idle peer's screen", spread(nudges), "p50 ≤ 80 ms")
        renamed = _handoffs(project, rename_in)
        yield Row("`to_peer.md` renamed → file in the other's inbox", spread(renamed), "p50 ≤ 20 ms, p99 ≤ 60 ms")
        written = _handoffs(project, lambda path, text: path.write_text(text))
        yield Row("the same, written in place", spread(written), "15 ms settle time more")
        gate = [_patch(project, number) for number in range(PATCHES)]
        hand = [_by_hand(project, number) for number in range(PATCHES)]
        ratio = quantile(gate, 0.5) / quantile(hand, 0.5)
        yield Row("`patch.diff` renamed → commit, no checks", spread(gate), "≤ 4 times by hand")
        yield Row("the same by hand: `apply --check`, `apply --index`, `commit`", spread(hand), "")
        yield Row("the gate's time as a multiple of that (p50)", f"{ratio:.1f}", "≤ 4")
        time.sleep(5)
        yield from _idle(project)


def _prepare(root: Path) -> Project:
    root.mkdir()
    (root / "file.txt").write_text("0\n" * 20)
    (root / "hand.txt").write_text("0\n" * 20)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Bench")
    git(root, "config", "user.email", "bench@example.org")
    git(root, "add", "-A")
    project = Project(root / ".cccc")
    cccc(project, "init")  # which fits allowed_paths to what git tracks
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    return project


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _handoffs(project: Project, write: Callable[[Path, str], object]) -> list[float]:
    """Time from `to_peer.md` to the file in PeerB's inbox, seen by file event."""
    times = []
    inbox = watch.Watch()
    inbox.add(project.inbox("PeerB"))
    poller = select.poll()
    poller.register(inbox.fileno(), select.POLLIN)
    for number in range(HANDOFFS):
        path = project.peer("PeerA") / "to_peer.md"
        until(lambda path=path: path.exists() and path.stat().st_size == 0, "to_peer.md taken")  # type: ignore[misc]
        inbox.events()
        began = time.perf_counter()
        write(path, _MESSAGE.format(number))
        arrived = False
        while not arrived:
            if not poller.poll(10_000):
                sys.exit("bench: a handoff did not arrive within 10 s")
            arrived = any(event.what == watch.MOVED_IN for event in inbox.events())
        times.append(time.perf_counter() - began)
        time.sleep(0.05)
    inbox.close()
    return times


def _nudge(project: Project) -> float:
    """Time from `to_peer.md` to a new NUDGE token on PeerB's screen."""
    pane = tmux.panes(project)["PeerB"].id
    time.sleep(2.5)  # longer than nudge_debounce_ms after the last progress, and the peer is idle again
    until(lambda: not any(project.inbox("PeerB").iterdir()), "PeerB's inbox empty")
    known = _tokens(project, pane)
    began = time.perf_counter()
    rename_in(project.peer("PeerA") / "to_peer.md", _MESSAGE.format(time.time_ns()))
    until(lambda: bool(_tokens(project, pane) - known), "NUDGE")
    return time.perf_counter() - began


def _tokens(project: Project, pane: str) -> set[str]:
    return set(_TOKEN.findall(tmux.call(project, "capture-pane", "-p", "-J", "-t", pane)))


def _diff(name: str, old: int, new: int) -> str:
    context = "".join(" 0\n" for _ in range(3))
    return f"--- a/{name}\n+++ b/{name}\n@@ -1,4 +1,4 @@\n-{old}\n+{new}\n{context}"


def _patch(project: Project, number: int) -> float:
    """Time from `patch.diff` renamed into place to the branch moved, with a pause in which the gate tidies up."""
    head = project.root / ".git" / "refs" / "heads" / "main"
    before = head.read_text()
    began = time.perf_counter()
    rename_in(project.peer("PeerA") / "patch.diff", _diff("file.txt", number, number + 1))
    until(lambda: head.read_text() != before, "a commit")
    took = time.perf_counter() - began
    time.sleep(1)
    return took


def _by_hand(project: Project, number: int) -> float:
    began = time.perf_counter()
    patch = _diff("hand.txt", number, number + 1)
    git(project.root, "apply", "--check", stdin=patch)
    git(project.root, "apply", "--index", stdin=patch)
    git(project.root, "commit", "-q", "-m", "by hand")
    return time.perf_counter() - began


def _idle(project: Project) -> Iterator[Row]:
    pids = _pids(project)
    before, began = sum(map(_cpu_seconds, pids)), time.monotonic()
    time.sleep(IDLE_SECONDS)
    used = (sum(map(_cpu_seconds, pids)) - before) / (time.monotonic() - began)
    yield Row(
        f"idle CPU: supervisord, 5 services, panel pane ({len(pids)} processes)", f"{used:.2%} of a core", "≤ 1 %"
    )
    yield Row("memory of the same", f"{sum(map(_pss, pids)):.0f} MB PSS", "≤ 150 MB")


def _pids(project: Project) -> list[int]:
    """supervisord, its services, and the panel pane's program."""
    supervisord = int((project.run / "supervisord.pid").read_text())
    services = [row.pid for row in supervisor.processes(project) if row.pid]
    return [supervisord, *services, tmux.panes(project)["panel"].pid]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024
