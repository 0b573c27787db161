"""Requests for decision: their sources, answers, use and expiry. Pure.

An answer is judged when its fact is heard, so the ledger's order decides every race: two answers,
an answer and the end of its time, a revoke and a landing. What was decided is then heard again
as `rfd-settled`, and that is what the gate acts on.
"""

from __future__ import annotations

from collections.abc import Sequence

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts.decisions import given
from cccc.common.text.plural import plural
from cccc.services.orchestrator.decision import Around, Said
from cccc.services.orchestrator.decisions import approvers, requests, rfd_cards, rfd_words, triggers
from cccc.services.orchestrator.decisions.requests import ANSWERED, APPROVED, CHOSEN, OPEN, Request, State

_FORGET = "it is already in effect; undo it with `cccc gate forget`"


# What follows from an answer, its use and its end.
decide: ByKind[Sequence[Said]] = ByKind(())


@decide.rule
def _of_a_patch(state: State, fact: f.PatchNeedsDecision, around: Around) -> Sequence[Said]:
    return requests.for_patch(state, around.policies.rfd, fact, around.redact)


@decide.rule
def _of_a_base(state: State, fact: f.BaseNeedsDecision, around: Around) -> Sequence[Said]:
    return requests.for_base(state, around.policies.rfd, fact, around.redact)


@decide.rule
def _opened(state: State, fact: f.Rfd, around: Around) -> Sequence[Said]:
    if fact.rfd_id not in state.requests:  # folded again under other settings
        requests.remember(state, fact, fact.ts)
    return rfd_words.opened(fact, around.write)


@decide.rule
def _counted(state: State, fact: f.DecisionCounted, around: Around) -> Sequence[Said]:
    if fact.rfd_id in state.requests:
        state.requests[fact.rfd_id].answers[fact.who] = fact.decision
    return ()


@decide.rule
def _check(state: State, fact: f.RfdCheck, around: Around) -> Sequence[Said]:
    return [_checked(state, fact)]


@decide.rule
def _question(state: State, fact: f.RfdQuestion, around: Around) -> Sequence[Said]:
    return rfd_words.question(fact, around.write)


@decide.rule
def _settled(state: State, fact: f.RfdSettled, around: Around) -> Sequence[Said]:
    request = state.requests.get(fact.rfd_id)
    if request is None:
        return ()
    requests.adopt(request, fact)
    return [*rfd_words.settled(request, fact, around.write), *_accepted(request, fact)]


@decide.rule
def _base_accepted(state: State, fact: f.BaseAccepted, around: Around) -> Sequence[Said]:
    request = state.requests.get(fact.rfd_id)
    return [requests.settle(request, "used", fact)] if request else ()


@decide.rule
def _landing(state: State, fact: f.PatchLanding | f.SettingsApplying | f.PatchHeld, around: Around) -> Sequence[Said]:
    for request in requests.of_patch(state, fact.mid):
        request.landing = not isinstance(fact, f.PatchHeld)
    return ()


@decide.rule
def _landed(state: State, fact: f.PatchCommit | f.SettingsApplied, around: Around) -> Sequence[Said]:
    triggers.evidence(state.triggers)
    return [requests.settle(request, "used", fact) for request in requests.of_patch(state, fact.mid)]


@decide.rule
def _gone(state: State, fact: f.PatchReject | f.PatchPrecheckFail, around: Around) -> Sequence[Said]:
    return [requests.settle(request, "void", fact) for request in requests.of_patch(state, fact.mid)]


def due_expiries(state: State, now: str) -> list[f.RfdExpired]:
    """Return what to say of requests whose time is over at `now` (ISO 8601, UTC, as in facts)."""
    return [
        f.RfdExpired(rfd_id=rfd_id, expires=request.expires)
        for rfd_id, request in state.requests.items()
        if request.alive and not request.landing and request.expires <= now
    ]


@decide.rule
def _message(state: State, fact: f.ToPeer, around: Around) -> Sequence[Said]:
    rules = around.policies.rfd
    said, asked = [], []
    card = rfd_cards.card_in(around.text)
    if isinstance(card, str):
        said.append(around.write("System", fact.author, f"sys-{fact.seq}", f"RFD REFUSED {fact.mid}: {card}"))
    elif card:
        asked.append((fact.author, "request", card._replace(title=card.title or f"Request of {fact.author}")))
    raised = triggers.raised(state.triggers, rules.trigger, fact, around.text, bool(around.diff))
    asked += [("System", why, card) for why, card in raised]
    return said + [requests.for_message(state, rules, fact, *each, around.redact) for each in asked]


@decide.rule
def _answered(state: State, fact: f.Decision, around: Around) -> Sequence[Said]:
    request = state.requests.get(fact.rfd_id)
    if request is None:
        return [_refused(fact, "no such request; see `cccc rfd list`")]
    answer = _as_written(fact.decision, request.rfd.options)
    person, reason = approvers.who(around.policies.rfd.approvers, fact, approvers.kind(request.rfd.why))
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
        return "it has expired"
    if request.status in ANSWERED and answer not in ("ask", "revoke"):
        return f"it is {request.status} already{by}; `revoke` withdraws it unless it is used"
    if answer == "revoke" and request.status == OPEN:
        return "nothing is approved yet; use `reject`"
    if answer == "revoke" and request.landing:
        return "too late, the patch is landing; undo it with `cccc patch revert`"
    if answer not in (*request.rfd.options, "reject", "ask", "revoke"):
        return f"{answer!r} is not one of its options: {', '.join(request.rfd.options)}"
    if request.answers.get(person) == answer:
        return f"{person} has answered {answer} already; {_more(request, answer)}"
    return ""


def _more(request: Request, answer: str) -> str:
    missing = request.rfd.required - sum(said == answer for said in request.answers.values())
    return f"{plural(missing, 'more person', 'more people')} must answer the same"


def _checked(state: State, fact: f.RfdCheck) -> Said:
    request = state.requests.get(fact.rfd_id)
    if request is None:
        reason = "no such request"
    elif request.rfd.sha:
        reason = "it is about a patch: the gate lands it automatically once approved"
    elif request.status not in ANSWERED:
        reason = "not answered yet" if request.status == OPEN else f"it is {request.status}"
    elif request.expires <= fact.ts:
        reason = "the answer has expired"
    elif _as_written(fact.choice, request.rfd.options) != request.choice:
        reason = f"the answer is {request.choice}, not {fact.choice}"
    else:
        return requests.settle(request, "used", fact, request.by)
    return Said(f.DecisionRefused(rfd_id=fact.rfd_id, decision="check", who=fact.who, via=fact.via, reason=reason))


@decide.rule
def _expired(state: State, fact: f.RfdExpired, around: Around) -> Sequence[Said]:
    request = state.requests.get(fact.rfd_id)
    if request is None or not request.alive or request.landing or request.expires != fact.expires:
        return []
    applied = request.status == OPEN and around.policies.rfd.on_expiry == "default"
    choice = ("reject" if request.rfd.sha else request.rfd.default) if applied else ""
    return [requests.settle(request, "expired", fact, [], choice)]


def _accepted(request: Request, fact: f.RfdSettled) -> list[Said]:
    """Return what an approval means that is about a base: it counts at once."""
    rfd = request.rfd
    if fact.outcome != APPROVED or approvers.kind(rfd.why) != "base":
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
