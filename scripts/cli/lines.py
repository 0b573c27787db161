"""Facts as people read them: the panel's short form, with a colour and a local time."""

from __future__ import annotations

import json
import time
from datetime import datetime

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.facts import Fact
from cccc.common.short import line_of
from cccc.common.status import FactLine
from cccc.scripts.cli.screen import age

_COLOURS: dict[str, tuple[type[Fact], ...]] = {
    "red": (
        *(
            f.PatchReject,
            f.PatchPrecheckFail,
            f.MailboxRefused,
            f.HandoffDrop,
            f.DecisionRefused,
            f.NudgeLost,
            f.NudgeUnanswered,
        ),
        *(f.PeerExited, f.PeerLimit, f.PeerLogin, f.PeerBlocked, f.FactSkipped, f.LedgerRepaired),
    ),
    "green": (f.PatchCommit, f.SettingsApplied, f.AckFile, f.NudgeAccepted, f.HandoffAccepted),
    "yellow": (f.Rfd, f.RfdExpired, f.PatchNeedsDecision, f.PatchHeld, f.NudgeHeld, f.Notice, f.MailboxDiag),
    "cyan": (f.Decision, f.RfdQuestion, f.RfdSettled, f.UserMessage, f.ToPeer, f.ToUser, f.Patch, f.Handoff),
}


def tell(raw: bytes) -> FactLine:
    """Return the short form of a ledger line, also of a kind that only a newer version knows."""
    fact = ledger.decode(raw)
    if fact:
        return line_of(fact)
    line = json.loads(raw)
    return FactLine(line["seq"], line["ts"], line["kind"], line["by"], "")


def colour(raw: bytes) -> str | None:
    """Return the colour of a ledger line."""
    fact = ledger.decode(raw)
    if isinstance(fact, f.EvidenceValidate):
        return "green" if fact.verdict == "pass" else "red"
    if isinstance(fact, (f.Lint, f.Test)):
        return {"green": "green", "skipped": None}.get(fact.verdict, "red")
    return next((name for name, kinds in _COLOURS.items() if isinstance(fact, kinds)), None)


def moment(ts: str) -> datetime:
    """Return the time of a fact. Python 3.9 does not know the `Z`."""
    return datetime.fromisoformat(ts.replace("Z", "+00:00"))


def clock(ts: str) -> str:
    """Return the time of a fact as the clock on the wall shows it."""
    return f"{moment(ts).astimezone():%H:%M:%S}"


def ago(ts: str) -> str:
    """Return how long ago the time of a fact is."""
    return age(time.time() - moment(ts).timestamp())
