"""Requests for decision: their sources, answers, use and expiry. Pure.

An answer is judged when its fact is heard, so the ledger's order decides every race: two answers,
an answer and the end of its time, a revoke and a landing. What was decided is then heard again
as `rfd-settled`, and that is what the gate acts on.
"""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.answer import given
from cccc.common.facts import Fact
from cccc.common.plural import plural
from cccc.common.settings import policies
from cccc.services.orchestrator import cards, people, requests, telling, triggers
from cccc.services.orchestrator.requests import ANSWERED, APPROVED, CHOSEN, OPEN, Request, State
from cccc.services.orchestrator.said import Said, Write

_Lands = (f.PatchLanding, f.SettingsApplying)
_Landed = (f.PatchCommit, f.SettingsApplied)
_Gone = (f.PatchReject, f.PatchPrecheckFail)
_FORGET = "it counts since it was given; `cccc gate forget` takes it back"


def decide(
    state: State, rules: policies.Rfd, fact: Fact, text: str, has_diff: bool, write: Write, redact: f.Redact
) -> list[Said]:
    """Return what follows from a fact; `text` is the body of a message, `has_diff` whether it holds a diff."""
    if isinstance(fact, f.ToPeer):
        return _message(state, rules, fact, text, has_diff, write, redact)
    if isinstance(fact, f.PatchNeedsDecision):
        return requests.for_patch(state, rules, fact, redact)
    if isinstance(fact, f.BaseNeedsDecision):
        return requests.for_base(state, rules, fact, redact)
    if isinstance(fact, f.Rfd):
        if fact.rfd_id not in state.requests:  # folded again under other settings
            requests.remember(state, fact, fact.ts)
        return telling.opened(fact, write)
    if isinstance(fact, f.Decision):
        return _answered(state, rules, fact)
    if isinstance(fact, f.DecisionCounted):
        if fact.rfd_id in state.requests:
            state.requests[fact.rfd_id].answers[fact.who] = fact.decision
    elif isinstance(fact, f.RfdCheck):
        return [_checked(state, fact)]
    elif isinstance(fact, f.RfdQuestion):
        return telling.question(fact, write)
    elif isinstance(fact, f.RfdExpired):
        return _expired(state, rules, fact)
    elif isinstance(fact, f.RfdSettled):
        if fact.rfd_id in state.requests:
            request = state.requests[fact.rfd_id]
            requests.adopt(request, fact)
            return [*telling.settled(request, fact, write), *_accepted(request, fact)]
    elif isinstance(fact, f.BaseAccepted):
        if fact.rfd_id in state.requests:
            return [requests.settle(state.requests[fact.rfd_id], "used", fact)]
    elif isinstance(fact, (*_Lands, f.PatchHeld)):
        for request in requests.of_patch(state, fact.mid):
            request.landing = isinstance(fact, _Lands)
    elif isinstance(fact, (*_Landed, *_Gone)):
        if isinstance(fact, _Landed):
            triggers.evidence(state.triggers)
        return [
            requests.settle(request, "used" if isinstance(fact, _Landed) else "void", fact)
            for request in requests.of_patch(state, fact.mid)
        ]
    return []


def due_expiries(state: State, now: str) -> list[f.RfdExpired]:
    """Return what to say of requests whose time is over at `now` (ISO 8601, UTC, as in facts)."""
    return [
        f.RfdExpired(rfd_id=rfd_id, expires=request.expires)
        for rfd_id, request in state.requests.items()
        if request.alive and not request.landing and request.expires <= now
    ]


def _message(
    state: State, rules: policies.Rfd, fact: f.ToPeer, text: str, has_diff: bool, write: Write, redact: f.Redact
) -> list[Said]:
    said, asked = [], []
    card = cards.card_in(text)
    if isinstance(card, str):
        said.append(write("System", fact.author, f"sys-{fact.seq}", f"RFD REFUSED {fact.mid}: {card}"))
    elif card:
        asked.append((fact.author, "request", card._replace(title=card.title or f"Request of {fact.author}")))
    raised = triggers.raised(state.triggers, rules.trigger, fact, text, has_diff)
    asked += [("System", why, card) for why, card in raised]
    return said + [requests.for_message(state, rules, fact, *each, redact) for each in asked]


def _answered(state: State, rules: policies.Rfd, fact: f.Decision) -> list[Said]:
    request = state.requests.get(fact.rfd_id)
    if request is None:
        return [_refused(fact, "there is no such request; `cccc rfd list` shows them")]
    answer = _as_written(fact.decision, request.rfd.options)
    person, reason = people.who(rules.approvers, fact, people.kind(request.rfd.why))
    reason = reason or _why_not(request, person, answer, fact.ts)
    if reason:
        return [_refused(fact, reason)]
    if answer == "ask":
        return [Said(f.RfdQuestion(rfd_id=fact.rfd_id, who=person, text=fact.text))]
    if answer == "revoke":
        return [requests.settle(request, "revoked", fact, [person])]
    request.answers[person] = answer
    agreed = [name for name, said in request.answers.items() if said == answer]
    if answer == "reject":
        return [requests.settle(request, "rejected", fact, [person])]
    missing = request.rfd.required - len(agreed)
    if missing > 0:
        return [Said(f.DecisionCounted(rfd_id=fact.rfd_id, decision=answer, who=person, missing=missing))]
    return [requests.settle(request, APPROVED if answer == "approve" else CHOSEN, fact, agreed, answer)]


def _why_not(request: Request, person: str, answer: str, now: str) -> str:
    """Return why an answer of somebody who may decide does not count, or ""."""
    by = f" by {', '.join(request.by)}" if request.by else ""
    if answer == "revoke" and request.rfd.machine and request.status in (*ANSWERED, "used"):
        return _FORGET
    if not request.alive:
        if request.used_for:
            patch = f" (patch {request.rfd.mid})" if request.rfd.sha else ""
            by = f", for {request.used_for}{patch}: {given(request.choice, request.by)}"
        return f"it is {request.status} already{by}, since {request.settled[:16].replace('T', ' ')} UTC"
    if request.expires <= now:
        return "its time is over"
    if request.status in ANSWERED and answer not in ("ask", "revoke"):
        return f"it is {request.status} already{by}; `revoke` takes that back while it is not used"
    if answer == "revoke" and request.status == OPEN:
        return "nothing is approved yet; `reject` refuses it"
    if answer == "revoke" and request.landing:
        return "too late, the patch is landing; `cccc patch revert` takes it back"
    if answer not in (*request.rfd.options, "reject", "ask", "revoke"):
        return f"{answer!r} is none of its options: {', '.join(request.rfd.options)}"
    if request.answers.get(person) == answer:
        return f"{person} has answered {answer} already; {_more(request, answer)}"
    return ""


def _more(request: Request, answer: str) -> str:
    missing = request.rfd.required - sum(said == answer for said in request.answers.values())
    return f"{plural(missing, 'more person', 'more people')} must answer the same"


def _checked(state: State, fact: f.RfdCheck) -> Said:
    request = state.requests.get(fact.rfd_id)
    if request is None:
        reason = "there is no such request"
    elif request.rfd.sha:
        reason = "it is about a patch: the gate lands it by itself once it is approved"
    elif request.status not in ANSWERED:
        reason = "not answered yet" if request.status == OPEN else f"it is {request.status}"
    elif request.expires <= fact.ts:
        reason = "the answer's time is over"
    elif _as_written(fact.choice, request.rfd.options) != request.choice:
        reason = f"the answer is {request.choice}, not {fact.choice}"
    else:
        return requests.settle(request, "used", fact, request.by)
    return Said(f.DecisionRefused(rfd_id=fact.rfd_id, decision="check", who=fact.who, via=fact.via, reason=reason))


def _expired(state: State, rules: policies.Rfd, fact: f.RfdExpired) -> list[Said]:
    request = state.requests.get(fact.rfd_id)
    if request is None or not request.alive or request.landing or request.expires != fact.expires:
        return []
    applied = request.status == OPEN and rules.on_expiry == "default"
    choice = ("reject" if request.rfd.sha else request.rfd.default) if applied else ""
    return [requests.settle(request, "expired", fact, [], choice)]


def _accepted(request: Request, fact: f.RfdSettled) -> list[Said]:
    """Return what an approval means that is about a base: it counts at once."""
    rfd = request.rfd
    if fact.outcome != APPROVED or people.kind(rfd.why) != "base":
        return []
    return [Said(f.BaseAccepted(mid=rfd.mid, why=rfd.why, machine=rfd.machine, rfd_id=rfd.rfd_id, names=rfd.names))]


def _refused(fact: f.Decision, reason: str) -> Said:
    refused = f.DecisionRefused(
        rfd_id=fact.rfd_id, decision=fact.decision, who=fact.who, via=fact.via, reason=reason[:500]
    )
    return Said(refused)


def _as_written(answer: str, options: list[str]) -> str:
    """Return the option that somebody means, whatever its case."""
    return next((option for option in options if option.lower() == answer.strip().lower()), answer.strip().lower())
