"""A fact in one line, for a person, and its colour."""

from __future__ import annotations

import json
import re

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.facts import ASKS, BAD, GOOD, TALK, Fact
from cccc.common.shown.status import FactLine

LONGEST = 160

_COLOURS = {GOOD: "green", BAD: "red", ASKS: "yellow", TALK: "cyan"}
_ENVELOPE = re.compile(r"</?(?:FROM|TO)_\w+>|\[MID: [^\]]*\]")


def one_line(text: str) -> str:
    """Return the text in one line of at most `LONGEST` characters, without control characters."""
    line = " ".join(text[: 4 * LONGEST].split())
    if not line.isprintable():
        line = "".join(char if char.isprintable() else "·" for char in line)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def line_of(fact: Fact) -> FactLine:
    """Return the fact's short form."""
    return FactLine(fact.seq, fact.ts, fact.kind, _who(fact), one_line(text_of(fact)))


def text_of(fact: Fact) -> str:
    """Return what the short form of a fact is cut from."""
    return _ENVELOPE.sub(" ", fact.line())


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
    return _COLOURS.get(fact.tone) if fact else None


def _who(fact: Fact) -> str:
    ends = [getattr(fact, name, "") for name in ("author", "to")]
    if any(ends):
        return "→".join(ends) if ends[1] else ends[0]
    if isinstance(fact, f.UserMessage):
        return "User"
    return str(getattr(fact, "peer", "") or getattr(fact, "service", "") or fact.by)
