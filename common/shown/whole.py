"""What was said, in full: bodies of messages and texts of facts that everything else shows cut. Secrets are masked."""

from __future__ import annotations

from collections.abc import Iterable

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.errors import NotFound
from cccc.common.facts import Fact, Redact
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import PEERS, Project, other
from cccc.common.shown.short import LONGEST, line_of, text_of
from cccc.common.text.lines import Line, moment, printable
from cccc.common.text.redaction import Redactor

MESSAGES = (f.UserMessage, f.ToPeer, f.ToUser)
LANDED = (f.PatchCommit,)
_TO = {"a": "PeerA", "b": "PeerB", "both": "both"}


def of_mid(project: Project, mid: str) -> list[Line]:
    """Return everything of one message or patch that other views cut, each with its head."""
    facts, seen = ledger.of_mid(project, mid), set()
    mine = any(hasattr(fact, "sha") for fact in facts if not isinstance(fact, f.Handoff))
    shown: list[Fact] = []
    for fact in facts:
        if isinstance(fact, f.Handoff) and (mine or fact.sha in seen):  # it repeats the message in an envelope
            continue
        sha = getattr(fact, "sha", "") if hasattr(fact, "size") else ""
        if (sha and sha not in seen) or len(text_of(fact)) >= LONGEST:
            shown.append(fact)
        seen.add(sha)
    return entries(project, shown)


def entries(project: Project, facts: Iterable[Fact]) -> list[Line]:
    """Return facts in full, one after the other: who and when, then all the words."""
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    lines: list[Line] = []
    for fact in facts:
        when = f"{moment(fact.ts).astimezone():%Y-%m-%d %H:%M:%S}"
        lines += [Line("")] if lines else []
        mid = getattr(fact, "mid", "")
        lines.append(Line(f"{when}  {_ends(fact)}" + (f"  [{mid}]" if mid else ""), "green", True))
        lines += [Line(printable(line)) for line in body(project, fact, redact).splitlines()]
    return lines


def body(project: Project, fact: Fact, redact: Redact) -> str:
    """Return the whole text of a fact: its body where it has one, else its own words."""
    if not (hasattr(fact, "sha") and hasattr(fact, "size")):
        return redact(text_of(fact))
    try:
        return redact(Blobs(project).get(fact.sha).decode("utf-8", "replace")).strip()
    except NotFound:
        return f"{text_of(fact)}\n(the rest was removed: `cccc ledger forget`)"


def _ends(fact: Fact) -> str:
    """Return who speaks to whom."""
    if isinstance(fact, f.UserMessage):
        return f"you → {_TO[fact.route]}"
    if isinstance(fact, f.ToUser):
        return f"{fact.author} → you"
    if isinstance(fact, f.ToPeer):
        return f"{fact.author} → {other(fact.author) if fact.author in PEERS else 'peer'}"
    if isinstance(fact, LANDED):
        return f"{fact.author} landed"
    return f"{fact.kind}, {line_of(fact).who}"
