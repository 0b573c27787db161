"""How long one thing takes in a project that is up, as somebody who waits for it sees it."""

from __future__ import annotations

import re
import select
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Callable

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.machine import tmux, watch
from cccc.common.paths import Project
from cccc.common.text.lines import moment
from cccc.scripts.workbench.benchmarks.scratch import git, rename_in, until

_TOKEN = re.compile(r"\[n:[0-9a-f]+\]")
_MESSAGE = "EVIDENCE: {}\n```insight\nkind: note\n```\n"


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def handoffs(project: Project, write: Callable[[Path, str], object], count: int) -> list[float]:
    """Time from `to_peer.md` to the file in PeerB's inbox, seen by file event."""
    times = []
    inbox = watch.Watch()
    inbox.add(project.inbox("PeerB"))
    poller = select.poll()
    poller.register(inbox.fileno(), select.POLLIN)
    for _ in range(count):
        path = project.peer("PeerA") / "to_peer.md"
        until(lambda path=path: path.exists() and path.stat().st_size == 0, "to_peer.md taken")  # type: ignore[misc]
        inbox.events()
        began = time.perf_counter()
        write(path, _MESSAGE.format(time.time_ns()))  # the filter drops repeats
        arrived = False
        while not arrived:
            if not poller.poll(10_000):
                sys.exit("bench: a handoff did not arrive within 10 s")
            arrived = any(event.what == watch.MOVED_IN for event in inbox.events())
        times.append(time.perf_counter() - began)
        time.sleep(0.05)
    inbox.close()
    return times


def nudge(project: Project) -> float:
    """Time from `to_peer.md` to a new NUDGE token on PeerB's screen."""
    pane = tmux.panes(project)["PeerB"].id
    time.sleep(2.5)  # longer than nudge_debounce_ms after the last progress, and the peer is idle again
    until(lambda: not any(project.inbox("PeerB").iterdir()), "PeerB's inbox empty")
    known = _tokens(project, pane)
    began = time.perf_counter()
    rename_in(project.peer("PeerA") / "to_peer.md", _MESSAGE.format(time.time_ns()))
    until(lambda: bool(_tokens(project, pane) - known), "NUDGE")
    return time.perf_counter() - began


def panel(project: Project, number: int) -> float:
    """Time from the moment of a `pause` or `resume` to the headline of the panel pane that shows it."""
    pane = tmux.panes(project)["panel"].id
    time.sleep(1)  # the panel service writes its status at most every quarter of a second
    pause = number % 2 == 0
    fact: f.Pause | f.Resume = f.Pause(who="bench") if pause else f.Resume(who="bench")
    fact.id = f"bench-{number}"
    (seq,) = bus.tell(project, "cli", [fact])
    until(lambda: ("paused" in _screen(project, pane).partition("\n")[0]) == pause, "the panel's headline")
    seen = datetime.now().astimezone()
    return (seen - moment(ledger.envelope(ledger.line_at(project, seq) or b"").ts)).total_seconds()


def _tokens(project: Project, pane: str) -> set[str]:
    return set(_TOKEN.findall(_screen(project, pane)))


def _screen(project: Project, pane: str) -> str:
    return tmux.call(project, "capture-pane", "-p", "-J", "-t", pane)


def patch(project: Project, number: int, pause: float = 1.0) -> float:
    """Time from `patch.diff` renamed into place to the branch moved, with a pause in which the gate tidies up."""
    head = project.root / ".git" / "refs" / "heads" / "main"
    before = head.read_text()
    began = time.perf_counter()
    rename_in(project.peer("PeerA") / "patch.diff", _diff("file.txt", number))
    until(lambda: head.read_text() != before, "a commit", 120)
    took = time.perf_counter() - began
    time.sleep(pause)
    return took


def by_hand(project: Project, number: int, pause: float = 1.0) -> float:
    """Time of the same git steps without the gate, with the same pause: caches cool down in it."""
    began = time.perf_counter()
    diff = _diff("hand.txt", number)
    git(project.root, "apply", "--check", stdin=diff)
    git(project.root, "apply", "--index", stdin=diff)
    git(project.root, "commit", "-q", "-m", "by hand")
    took = time.perf_counter() - began
    time.sleep(pause)
    return took


def _diff(name: str, number: int) -> str:
    return f"--- a/{name}\n+++ b/{name}\n@@ -1,4 +1,4 @@\n-{number}\n+{number + 1}\n" + " 0\n" * 3
