"""What peers and user are told of a request for decision. Pure."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import PEERS
from cccc.services.orchestrator.decision import Said, Write
from cccc.services.orchestrator.decisions.requests import APPROVED, Request

_HELD = """\
PATCH HELD {mid}: {question}
A person has to decide ({rfd_id}, until {expires}). The patch stays queued: once approved it is checked again and lands
automatically. Nothing to do; a different patch needs its own decision."""
_OPENED = """\
RFD OPEN {rfd_id}: {title}
Options: {options}. Until {expires}; then: {default}. You will hear the answer. Before you act on it:
`cccc rfd check {rfd_id}{first}` exits 0 once, and only if a person approved."""
_APPROVED = "PATCH APPROVED {mid} ({rfd_id}) by {by}. It is checked on the current base and lands automatically."
_SETTLED = "RFD {outcome} {rfd_id}: {title}\n{words}"
_WORDS = {
    "approved": "Approved by {by}.",
    "chosen": "{by} chose: {choice}.",
    "rejected": "Rejected by {by}. Do not do it.",
    "revoked": "The answer was revoked by {by}. Do not do it.",
    "expired": "Nobody answered in time, or the answer was not used. {default}",
}


def opened(fact: f.Rfd, write: Write) -> list[Said]:
    """Return what a new request tells its author, or both peers where the system asks."""
    if fact.machine:  # of a base: whose patch waits for it hears that from the gate
        return []
    until = fact.expires[:16].replace("T", " ") + " UTC"
    if fact.sha:
        text = _HELD.format(mid=fact.mid, question=fact.question, rfd_id=fact.rfd_id, expires=until)
        return _tell(fact.author, fact, text, write)
    text = _OPENED.format(
        rfd_id=fact.rfd_id,
        title=fact.title,
        options=" | ".join(fact.options),
        expires=until,
        default=fact.default or "nothing",
        first="" if "approve" in fact.options else " OPTION",
    )
    return [said for peer in PEERS if fact.author in (peer, "System") for said in _tell(peer, fact, text, write)]


def settled(request: Request, fact: f.RfdSettled, write: Write) -> list[Said]:
    """Return what an outcome tells. Of a patch only the approval: the rest the gate's own facts tell."""
    if request.rfd.machine:
        return []
    told = {"rfd_id": fact.rfd_id, "mid": fact.mid, "by": ", ".join(fact.people) or "nobody", "choice": fact.choice}
    if fact.sha:
        text = _APPROVED.format(**told)
        return _tell(request.rfd.author, fact, text, write) if fact.outcome == APPROVED else []
    if fact.outcome not in _WORDS:
        return []
    default = f"Continue with: {fact.choice}." if fact.choice else "Nothing is decided. Do not do it."
    words = _WORDS[fact.outcome].format(**told, default=default)
    outcome = fact.outcome.upper()
    text = _SETTLED.format(outcome=outcome, rfd_id=fact.rfd_id, title=request.rfd.title, words=words)
    return [said for peer in PEERS for said in _tell(peer, fact, text, write)]


def question(fact: f.RfdQuestion, write: Write) -> list[Said]:
    """Return what both peers are asked."""
    text = f"QUESTION of {fact.who} about {fact.rfd_id}: {fact.text}\nAnswer in to_user.md."
    return [said for peer in PEERS for said in _tell(peer, fact, text, write)]


def _tell(to: str, fact: Fact, text: str, write: Write) -> list[Said]:
    """Tell a peer. The user, whose own patch it can be, has the request before them."""
    return [write("System", to, f"sys-{fact.seq}", text)] if to in PEERS else []
