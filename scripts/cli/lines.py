"""Facts as people read them: who, and what in short. Works from the line, so that kinds of a newer version show too."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, NamedTuple

from cccc.scripts.cli.screen import age

_ENVELOPE = {"seq", "ts", "kind", "by", "id", "cause", "prev"}
_SHOWN = {"from", "to", "peer", "mid", "sha", "size", "text"}
_COLOURS = {
    "red": "patch-reject patch-precheck-fail mailbox-refused handoff-drop nudge-lost nudge-unanswered peer-exited "
    "fact-skipped ledger-repaired",
    "green": "patch-commit ack-file",
    "yellow": "patch-held nudge-held notice mailbox-diag",
    "cyan": "user-message to_peer to_user patch handoff",
}
_COLOUR_OF = {kind: colour for colour, kinds in _COLOURS.items() for kind in kinds.split()}


class Told(NamedTuple):
    """One fact in short form."""

    seq: int
    when: datetime  # with its zone
    kind: str
    who: str
    text: str
    colour: str | None


def tell(fact: dict[str, Any]) -> Told:
    """Return the short form of a ledger line."""
    kind = str(fact["kind"])
    good = {"green": "green", "red": "red", "broken": "red"}.get(fact.get("verdict", ""))
    parts = [f"{name}={_value(value)}" for name, value in fact.items() if name not in _ENVELOPE | _SHOWN]
    words = [str(fact[name]) for name in ("mid", "text") if fact.get(name)]
    return Told(
        seq=fact["seq"],
        when=moment(fact["ts"]),
        kind=kind,
        who=_who(fact),
        text=" ".join([*parts, *words]),
        colour=good or _COLOUR_OF.get(kind),
    )


def moment(ts: str) -> datetime:
    """Return the time of a fact. Python 3.9 does not know the `Z`."""
    return datetime.fromisoformat(ts.replace("Z", "+00:00"))


def ago(ts: str) -> str:
    """Return how long ago the time of a fact is."""
    return age(time.time() - moment(ts).timestamp())


def _who(fact: dict[str, Any]) -> str:
    author = fact.get("from") or fact.get("peer")
    if fact.get("to"):
        return f"{author or ''} → {fact['to']}".strip()
    return str(author or fact["by"])


def _value(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)
