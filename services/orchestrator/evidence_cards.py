"""Evidence cards in what a peer says: handed to the gate, and the verdict told to both peers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from cccc.common import card as evidence_card
from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.paths import PEERS
from cccc.services.orchestrator.decision import Around, Said

decide: ByKind[Sequence[Said]] = ByKind(())


@decide.rule
def _found(state: object, fact: f.ToPeer, around: Around) -> Sequence[Said]:
    found = (evidence_card.find(around.text) or "").encode()
    handed = f.EvidenceCard(author=fact.author, mid=fact.mid, **f.body(found, around.redact))
    return [Said(handed, found)] if found else []


@decide.rule
def _refused(state: object, fact: f.EvidenceInvalid, around: Around) -> Sequence[Said]:
    text = f"EVIDENCE CARD REFUSED {fact.mid}: {fact.reason}"
    return [around.write("System", fact.author, f"sys-{fact.seq}", text)] if fact.author in PEERS else []


@decide.rule
def _ran(state: object, fact: f.EvidenceValidate, around: Around) -> Sequence[Said]:
    told = PEERS if fact.author in PEERS else ()
    return [around.write("System", peer, f"sys-{fact.seq}", _verdict(fact)) for peer in told]


def _verdict(fact: f.EvidenceValidate) -> str:
    head = f"EVIDENCE {fact.verdict.upper()} {fact.mid} of {fact.author}: {fact.title}"
    checks = [
        f"- {check.name}: {'ok' if check.ok else check.over or f'exit {check.exit}'} ({check.seconds:.1f} s)"
        for check in fact.checks
    ]
    return "\n".join([head, *([fact.reason] if fact.reason else []), *checks, fact.log_ref]).rstrip()
