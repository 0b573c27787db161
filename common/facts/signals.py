"""What is published through the hub and never stored."""

from __future__ import annotations

from cccc.common.facts.envelope import Signal


class Beat(Signal, tag="beat"):
    """A service is alive and has heard everything up to `seq`."""

    pid: int
    version: str
    ready: bool
    seq: int
    trouble: str = ""  # what it cannot do right now, in one line


class PaneState(Signal, tag="pane"):
    """What delivery knows of one peer's pane."""

    peer: str
    state: str  # starting, idle, busy, waiting, typing, dead
    reason: str = ""
    inbox: int = 0  # files in the inbox
    nudge: str = ""  # due, held: <reason>, sent 2 of 8, next in 90 s
