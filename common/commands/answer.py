"""Saying what a person decides or wishes at a terminal, and hearing what came of it.

`say` is for facts that are done once they are stored, `give` for those that lead to an outcome. A service
says the same facts and hears the same outcomes on its own bus; `words` is for all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Union

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.facts import Fact
from cccc.common.paths import Project

ASKS = (f.Decision, f.RfdCheck, f.PeerStop, f.RawInput)  # the facts that lead to one outcome each
OUTCOMES = (f.RfdSettled, f.DecisionCounted, f.DecisionRefused, f.RfdQuestion, f.PeerStopped, f.RawTyped)
Outcome = Union[f.RfdSettled, f.DecisionCounted, f.DecisionRefused, f.RfdQuestion, f.PeerStopped, f.RawTyped]
_LOOK_EVERY = 0.02


class Unanswered(NotRunning):
    """What was said is stored, and what comes of it is not known yet."""


def say(project: Project, facts: Sequence[Fact], timeout: float = 5.0) -> list[int]:
    """Say facts that were typed, and return their seqs. One without an id is given its own: it is typed but once.

    Raises NotRunning without a ledger, and LedgerError when it refuses.
    """
    typed = f"{time.time_ns()}-{os.getpid()}"
    for number, fact in enumerate(facts):
        fact.id = fact.id or f"cli-{fact.kind}-{typed}.{number}"
    return bus.tell(project, "cli", facts, timeout)


def give(project: Project, facts: Sequence[Fact], timeout: float = 5.0) -> list[Outcome]:
    """Say facts that lead to one outcome each, as `say` does, and return the outcomes in the same order.

    Raises NotRunning without a ledger, and Unanswered when nothing answers in time; what was said by then is
    judged later.
    """
    end = time.monotonic() + timeout
    seqs = say(project, facts, timeout)
    found: dict[int, Outcome] = {}
    with closing(ledger.Reader(project, min(seqs))) as reader:
        while time.monotonic() < end:
            for line in reader.read():
                heard = ledger.decode(line.raw)
                if isinstance(heard, OUTCOMES) and heard.cause in seqs:
                    found.setdefault(heard.cause, heard)
            if len(found) == len(seqs):
                return [found[seq] for seq in seqs]
            time.sleep(_LOOK_EVERY)
    judge = "delivery" if isinstance(facts[0], (f.PeerStop, f.RawInput)) else "orchestrator"
    raise Unanswered(f"stored, but {judge} has not answered within {timeout:.0f} s; see `cccc logs {judge}`")


def words(outcome: Outcome) -> str:
    """Return an outcome in one line for people."""
    if isinstance(outcome, (f.PeerStopped, f.RawTyped)):
        return f"{outcome.peer}: {outcome.outcome}"
    if isinstance(outcome, f.DecisionRefused):
        no = "no" if outcome.decision == "check" else "refused"
        return f"{outcome.rfd_id}: {no}: {outcome.reason}"
    if isinstance(outcome, f.RfdQuestion):
        return f"{outcome.rfd_id}: asked both peers; they answer with a message to you"
    return outcome.line()
