"""Giving an answer to a request for decision, and hearing whether it counts.

The one way for everybody who is no service: say the fact, and wait for what it led to. A service
says the same facts and hears the same outcomes on its own bus; `words` is for all of them.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import Union

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.common.plural import plural

OUTCOMES = (f.RfdSettled, f.DecisionCounted, f.DecisionRefused, f.RfdQuestion)
Outcome = Union[f.RfdSettled, f.DecisionCounted, f.DecisionRefused, f.RfdQuestion]
_LOOK_EVERY = 0.02


def give(project: Project, by: str, fact: f.Decision | f.RfdCheck, timeout: float = 5.0) -> Outcome:
    """Say an answer (or ask whether one was given) and return what the orchestrator makes of it.

    `by` is who says it to the ledger, such as cli. Raises NotRunning when nothing answers in time; what
    was said by then is judged later.
    """
    end = time.monotonic() + timeout
    (seq,) = bus.tell(project, by, [fact], timeout)
    with closing(ledger.Reader(project, seq)) as reader:
        while time.monotonic() < end:
            for line in reader.read():
                heard = ledger.decode(line.raw)
                if isinstance(heard, OUTCOMES) and heard.cause == seq:
                    return heard
            time.sleep(_LOOK_EVERY)
    raise NotRunning(
        f"the answer is stored, and nothing has judged it within {timeout:.0f} s; "
        f"look at `cccc rfd show {fact.rfd_id}` and `cccc logs orchestrator`"
    )


def words(outcome: Outcome) -> str:
    """Return an outcome in one line for people."""
    if isinstance(outcome, f.DecisionRefused):
        no = "no" if outcome.decision == "check" else "refused"
        return f"{outcome.rfd_id}: {no}: {outcome.reason}"
    if isinstance(outcome, f.DecisionCounted):
        more = plural(outcome.missing, "more person", "more people")
        return f"{outcome.rfd_id}: {outcome.decision} of {outcome.who} counts; {more} must say the same"
    if isinstance(outcome, f.RfdQuestion):
        return f"{outcome.rfd_id}: both peers are asked; what they answer comes to you as a message"
    choice = f" ({outcome.choice})" if outcome.outcome in ("chosen", "used") else ""
    by = f" by {', '.join(outcome.people)}" if outcome.people else ""
    return f"{outcome.rfd_id}: {outcome.outcome}{choice}{by}"
