"""The rules of requests with a ledger, for the tests of each part of them."""

from __future__ import annotations

from typing import Any

from cccc.common import facts as f
from cccc.common.settings.policies import Approver, Policies, Rfd
from cccc.services.orchestrator.decision import Around, Said
from cccc.services.orchestrator.decisions import answers
from cccc.services.orchestrator.decisions.requests import State

YAML = "intent: rfd\ntitle: Drop v1\noptions: [drop, keep]\ndefault: keep\nexpires_minutes: 10\n"
ASK = "intent: rfd\ntitle: Push the release\n"
ALICE = Approver(telegram="123", slack="U1", local=True)
BOB = Approver(slack="U2")


class Table:
    """The rules with a ledger: facts are heard in the order in which they are said."""

    def __init__(self, **settings: Any) -> None:
        self.state = State()
        self.policies = Policies(rfd=Rfd(**settings))
        self.facts: list[f.Fact] = []
        self.handoffs: list[tuple[str, str]] = []  # (to, text)

    def hear(self, fact: f.Fact, text: str = "", diff: bool = False, minute: int = 0) -> list[f.Fact]:
        """Let the rules hear a fact and then all that follows from it; return what follows."""
        fact.seq = len(self.facts) + 1
        fact.ts = f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00.000000Z"
        self.facts.append(fact)
        around = Around(self.policies, str, self._write, text=text, diff=b"diff" if diff else b"")
        said = answers.decide(self.state, fact, around)
        for entry in said:
            self.hear(entry.fact, minute=minute)
        return [entry.fact for entry in said]

    def _write(self, author: str, to: str, mid: str, text: str) -> Said:
        self.handoffs.append((to, text))
        return Said(f.Handoff(author=author, to=to, mid=mid, inbox_seq=1, sha="", size=0, text=""))

    def message(self, text: str, author: str = "PeerA", diff: bool = False) -> list[f.Fact]:
        fact = f.ToPeer(author=author, mid=f"m{len(self.facts)}", sha="", size=0, text="")
        return self.hear(fact, text, diff)

    def asked(self, text: str = ASK) -> str:
        """Hand in a request; return its id."""
        rfds = [fact for fact in self.message(text) if isinstance(fact, f.Rfd)]
        return rfds[0].rfd_id

    def patch(self, sha: str = "s1", why: str = "protected", mid: str = "p1", policy: str = "one") -> str:
        """Let the gate keep a patch; return the id of its request."""
        fact = f.PatchNeedsDecision(
            author="PeerB",
            mid=mid,
            why=why,
            question="src/api is protected",
            paths=["src/api"],
            lines=3,
            base="b" * 40,
            policy=policy,
            sha=sha,
        )
        return next(fact.rfd_id for fact in self.hear(fact) if isinstance(fact, f.Rfd))

    def answer(self, rfd_id: str, word: str, via: str = "cli", user: str = "", minute: int = 1) -> f.Fact:
        fact = f.Decision(rfd_id=rfd_id, decision=word, who="somebody", via=via, user=user, text="why?")
        return self.hear(fact, minute=minute)[0]

    def check(self, rfd_id: str, choice: str = "approve", minute: int = 2) -> f.Fact:
        return self.hear(f.RfdCheck(rfd_id=rfd_id, choice=choice, who="PeerA", via="cli"), minute=minute)[0]

    def outcome(self, rfd_id: str) -> str:
        return self.state.requests[rfd_id].status

    def expire(self, rfd_id: str, minute: int) -> list[f.Fact]:
        now = f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00.000000Z"
        due = [fact for fact in answers.due_expiries(self.state, now) if fact.rfd_id == rfd_id]
        return self.hear(due[0], minute=minute) if due else []


def reason(fact: f.Fact) -> str:
    assert isinstance(fact, f.DecisionRefused), fact
    return fact.reason


def landing() -> f.PatchLanding:
    return f.PatchLanding(author="PeerB", mid="p1", branch="main", old="o", new="n", paths=[])


def commit() -> f.PatchCommit:
    return f.PatchCommit(
        author="PeerB",
        mid="p1",
        source="inline",
        lines=1,
        paths=[],
        branch="main",
        commit="12345678901234567890",
        tests_ok=True,
        seconds=1.0,
    )
