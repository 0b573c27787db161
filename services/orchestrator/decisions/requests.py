"""A request for decision: how it is opened, what is remembered of it, how it comes to an outcome. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from typing import Dict, List, Union

import msgspec

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.settings import policies
from cccc.common.text.lines import moment
from cccc.common.text.plural import plural
from cccc.services.orchestrator.decision import Said
from cccc.services.orchestrator.decisions import approvers, triggers
from cccc.services.orchestrator.decisions.rfd_cards import Card

# ruff: noqa: UP006, UP007, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

OPEN, APPROVED, CHOSEN = "open", "approved", "chosen"
ANSWERED = (APPROVED, CHOSEN)
_STAGE = {OPEN: 0, APPROVED: 1, CHOSEN: 1}  # every other outcome is final
_PREFIX = {"protected": "rfd-prot-", "large": "rfd-large-", "tests": "rfd-tests-"}
_OF_MESSAGES = "rfd-msg-"
_OF_BASES = "rfd-base-"
_OURS = (*_PREFIX.values(), _OF_MESSAGES, _OF_BASES)
_AN_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,39}", re.ASCII)
_KEPT = 200  # settled requests that still get a clear reply
_MOST_PATHS = 50
_LONGEST = {"title": 200, "question": 1000, "summary": 1500}


class Request(msgspec.Struct):
    """A request and how far it is: an entry of `state/rfd.json`."""

    rfd: f.Rfd
    opened: str
    expires: str
    status: str = OPEN  # then an outcome of `rfd-settled`
    choice: str = ""
    answers: Dict[str, str] = msgspec.field(default_factory=dict)  # person -> their last answer
    by: List[str] = msgspec.field(default_factory=list)  # who settled it
    settled: str = ""
    used_for: str = ""  # as in `rfd-settled`
    landing: bool = False  # its patch is on its way: too late to revoke

    @property
    def alive(self) -> bool:
        return self.status in (OPEN, *ANSWERED)


class State(msgspec.Struct):
    requests: Dict[str, Request] = msgspec.field(default_factory=dict)
    triggers: triggers.State = msgspec.field(default_factory=triggers.State)


def of_patch(state: State, mid: str) -> list[Request]:
    """The requests of a patch that are not over."""
    return [
        request for request in state.requests.values() if request.rfd.sha and request.rfd.mid == mid and request.alive
    ]


def for_patch(state: State, rules: policies.Rfd, fact: f.PatchNeedsDecision, redact: f.Redact) -> list[Said]:
    """Open the request for a patch that the gate keeps. An older one for the same reason is void."""
    old = [request for request in of_patch(state, fact.mid) if request.rfd.why == fact.why]
    digest = _digest(fact.sha, fact.base, fact.policy, fact.question, fact.mid)
    rfd = f.Rfd(
        rfd_id=_free(state, _PREFIX[fact.why], digest),
        author=fact.author,
        mid=fact.mid,
        why=fact.why,
        title=f"Patch of {fact.author}: {fact.question}",
        question=fact.question,
        summary=f"{plural(fact.lines, 'changed line')}, checked on {fact.base[:12]}",
        minutes=rules.expires_minutes,
        expires="",
        required=_required(rules, fact.why),
        paths=fact.paths[:_MOST_PATHS],
        sha=fact.sha,
        base=fact.base,
        policy=fact.policy,
    )
    return [*(settle(request, "void", fact) for request in old), _open(state, rfd, fact.ts, redact)]


def for_base(state: State, rules: policies.Rfd, fact: f.BaseNeedsDecision, redact: f.Redact) -> list[Said]:
    """Open the request about what keeps patches from landing and is none of theirs. One about less of it is void."""
    old = [request for request in state.requests.values() if request.status == OPEN and _is_part(request.rfd, fact)]
    digest = _digest(fact.mid, fact.why, fact.machine, *fact.names, str(fact.seq))
    rfd = f.Rfd(
        rfd_id=_free(state, _OF_BASES, digest),
        author="System",
        mid=fact.mid,
        why=fact.why,
        title=fact.question,
        question=fact.question,
        summary="\n".join(fact.names),
        minutes=rules.expires_minutes,
        expires="",
        required=_required(rules, fact.why),
        base=fact.base,
        machine=fact.machine,
        names=fact.names,
    )
    return [*(settle(request, "void", fact) for request in old), _open(state, rfd, fact.ts, redact)]


def _is_part(rfd: f.Rfd, fact: f.BaseNeedsDecision) -> bool:
    return (rfd.why, rfd.machine) == (fact.why, fact.machine) and set(rfd.names).issubset(fact.names)


def for_message(
    state: State, rules: policies.Rfd, fact: f.ToPeer, author: str, why: str, card: Card, redact: f.Redact
) -> Said:
    """Open the request that a message holds or raises. Its author may name it, once and not as we do."""
    question = card.question or card.title
    own = _AN_ID.fullmatch(card.id) and card.id not in state.requests and not card.id.startswith(_OURS)
    rfd = f.Rfd(
        rfd_id=card.id if own else _free(state, _OF_MESSAGES, _digest(question, author, why, fact.mid)),
        author=author,
        mid=fact.mid,
        why=why,
        title=card.title,
        question=question,
        minutes=card.minutes or rules.expires_minutes,
        expires="",
        required=_required(rules, why),
        summary=card.summary,
        options=[redact(option) for option in card.options],
        default=redact(card.default),
    )
    return _open(state, rfd, fact.ts, redact)


def _open(state: State, rfd: f.Rfd, ts: str, redact: f.Redact) -> Said:
    for name, longest in _LONGEST.items():
        setattr(rfd, name, _cut(redact(getattr(rfd, name)), longest))
    rfd.expires = later(ts, rfd.minutes)
    remember(state, rfd, ts)
    return Said(rfd)


def remember(state: State, rfd: f.Rfd, ts: str) -> None:
    """Keep an open request, and of the settled ones the last."""
    state.requests[rfd.rfd_id] = Request(rfd, ts, rfd.expires)
    over = [rfd_id for rfd_id, request in state.requests.items() if not request.alive]
    for rfd_id in over[: max(0, len(over) - _KEPT)]:
        del state.requests[rfd_id]


def settle(request: Request, outcome: str, fact: Fact, by: Union[List[str], None] = None, choice: str = "") -> Said:
    """Bring a request to an outcome that follows from `fact`; without `by` it stays with who answered."""
    by = request.by if by is None else by
    request.status, request.by, request.settled = outcome, by, fact.ts
    request.choice = choice or (request.choice if outcome == "used" else "")
    request.used_for = _use(fact) if outcome == "used" else ""
    if outcome in ANSWERED:
        request.expires = later(fact.ts, request.rfd.minutes)
    return Said(
        f.RfdSettled(
            rfd_id=request.rfd.rfd_id,
            outcome=outcome,
            people=by,
            mid=request.rfd.mid,
            sha=request.rfd.sha,
            choice=request.choice,
            expires=request.expires if outcome in ANSWERED else "",
            used_for=request.used_for,
        )
    )


def _use(fact: Fact) -> str:
    if isinstance(fact, f.PatchCommit):
        return f"commit {fact.commit:.10}"
    if isinstance(fact, f.BaseAccepted):
        return f"patches on {fact.machine}"
    return f"the check of {fact.who}" if isinstance(fact, f.RfdCheck) else "settings"


def adopt(request: Request, fact: f.RfdSettled) -> None:
    """Take over an outcome that we did not come to ourselves: folded again under other settings."""
    if _STAGE.get(fact.outcome, 2) > _STAGE.get(request.status, 2):
        request.status, request.by, request.settled = fact.outcome, fact.people, fact.ts
        request.choice, request.expires = fact.choice, fact.expires or request.expires
        request.used_for = fact.used_for


def _required(rules: policies.Rfd, why: str) -> int:
    number: int = getattr(rules.required, approvers.kind(why))
    return number


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _free(state: State, prefix: str, digest: str) -> str:
    """Return an id that no known request has: 8 digits are few enough to be made to collide."""
    return next(prefix + digest[:size] for size in (8, 16, 64) if prefix + digest[:size] not in state.requests)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def later(ts: str, minutes: int) -> str:
    """Return the time `minutes` after that of a fact, in the same form."""
    return stamp(moment(ts) + timedelta(minutes=minutes))


def stamp(when: datetime) -> str:
    """Return a time as facts have it."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
