"""Evidence cards in what a peer says: handed to the gate, and the verdict told to both peers. Pure."""

from __future__ import annotations

from cccc.common import card
from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import PEERS
from cccc.services.orchestrator.said import Said, Write


def decide(fact: Fact, text: str, write: Write, redact: f.Redact) -> list[Said]:
    """Return what follows from a fact; `text` is the body of a message."""
    if isinstance(fact, f.ToPeer):
        found = (card.find(text) or "").encode()
        handed = f.EvidenceCard(author=fact.author, mid=fact.mid, **f.body(found, redact))
        return [Said(handed, found)] if found else []
    mid = f"sys-{fact.seq}"
    if isinstance(fact, f.EvidenceInvalid) and fact.author in PEERS:
        return [write("System", fact.author, mid, f"EVIDENCE CARD REFUSED {fact.mid}: {fact.reason}")]
    if isinstance(fact, f.EvidenceValidate):
        told = PEERS if fact.author in PEERS else ()
        return [write("System", peer, mid, _verdict(fact)) for peer in told]
    return []


def _verdict(fact: f.EvidenceValidate) -> str:
    head = f"EVIDENCE {fact.verdict.upper()} {fact.mid} of {fact.author}: {fact.title}"
    checks = [
        f"- {check.name}: {'ok' if check.ok else check.over or f'exit {check.exit}'} ({check.seconds:.1f} s)"
        for check in fact.checks
    ]
    return "\n".join([head, *([fact.reason] if fact.reason else []), *checks, fact.log_ref]).rstrip()
