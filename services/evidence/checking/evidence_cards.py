"""Evidence cards: their checks run in the gate tree on the commit that is checked out, one log for all."""

from __future__ import annotations

from collections.abc import Generator
from typing import List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.card import Card, CardError, Check, parse
from cccc.common.errors import NotFound
from cccc.common.machine import git
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import Child
from cccc.services.evidence.checking.links import Missing
from cccc.services.evidence.checking.runs import Gate, Run, Runs

# ruff: noqa: UP006, UP035  # msgspec evaluates annotations at run time: List[...] for Python 3.9

Running = Generator[Child, "Ended | None", f.EvidenceValidate]


class Handed(msgspec.Struct):
    """A card that was handed in."""

    seq: int
    mid: str
    author: str
    sha: str


class State(msgspec.Struct):
    cards: List[Handed] = msgspec.field(default_factory=list)


fold: ByKind[None] = ByKind(None)


@fold.rule
def _handed(state: State, fact: f.EvidenceCard) -> None:
    state.cards.append(Handed(fact.seq, fact.mid, fact.author, fact.sha))


@fold.rule
def _over(state: State, fact: f.EvidenceValidate | f.EvidenceInvalid) -> None:
    state.cards = [card for card in state.cards if card.mid != fact.mid]


def run(gate: Gate, repo: git.Repo, card: Card, mid: str, author: str) -> Running:
    """Run the checks of a card, in their order, on one tree. Raises GitError."""
    tree = gate.tree(repo)
    runs = Runs(gate, repo, tree, mid)
    log = runs.log("card")
    log.unlink(missing_ok=True)
    done: list[f.EvidenceCheck] = []
    reason, last = "", None
    try:
        tree.reset(repo.head)
        failed = yield from runs.set_up("card.setup")
        if failed:
            reason = f"gate.setup failed: {failed.ended.over or f'exit {failed.ended.code}'}"
        for check in [] if failed else card.checks:
            last = yield from runs.run(check.run, "card", check.timeout_sec, f"timeout_sec of {check.name}", log)
            done.append(_done(check, last))
    except Missing as missing:
        reason = str(missing)
    passed = not reason and all(check.ok or check.allow_failure for check in done)
    return f.EvidenceValidate(
        author=author,
        mid=mid,
        verdict="pass" if passed else "fail",
        title=card.title,
        evidence_kind=card.kind,
        log_ref=_log_ref(gate, last),
        checks=done,
        meta=card.meta,
        base=repo.head,
        isolated=gate.sandbox.isolation.way,
        sha=last.sha if last else "",
        reason=reason,
    )


def _done(check: Check, run: Run) -> f.EvidenceCheck:
    ended = run.ended
    ok = ended.code == 0 and not ended.over
    return f.EvidenceCheck(check.name, ended.code, ok, round(ended.seconds, 3), check.allow_failure, ended.over)


def _log_ref(gate: Gate, run: Run | None) -> str:
    if run is None:
        return ""
    with run.log.open("rb") as log:
        lines = sum(1 for _ in log)
    return f"LOG:{run.log.relative_to(gate.project.root)}#L1-L{lines}"


class Runner:
    """Runs the cards that are handed in, one after another, while no patch has the gate tree."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._handed: Handed | None = None
        self._steps: Running | None = None
        self._child: Child | None = None

    @property
    def busy(self) -> bool:
        """Whether a card has the gate tree."""
        return self._steps is not None

    def begin(self, handed: Handed, repo: git.Repo) -> f.Fact | None:
        """Give the gate tree to a card. Returns what is to be said when it cannot run, or is already done."""
        try:
            card = parse(self._gate.blobs.get(handed.sha).decode())
        except NotFound:
            return _invalid(handed, "the card's bytes were removed from the ledger")
        except (CardError, UnicodeDecodeError) as error:
            return _invalid(handed, str(error))
        if not repo.head:
            return _invalid(handed, "the repository has no commits yet; the user must make the first one")
        self._handed = handed
        self._steps = run(self._gate, repo, card, handed.mid, handed.author)
        return self.go_on()

    def go_on(self) -> f.Fact | None:
        """Take the card's next step when it is due. Returns the outcome, once it is there."""
        assert self._steps and self._handed
        ended = self._child.ended() if self._child else None
        if self._child and ended is None:
            return None
        try:
            self._child = self._steps.send(ended)
        except StopIteration as stop:
            outcome: f.Fact = stop.value
        except git.GitError as error:
            outcome = _invalid(self._handed, str(error))
        else:
            return None
        self._steps = self._child = None
        return outcome

    def close(self) -> None:
        if self._child:
            self._child.kill()


def _invalid(handed: Handed, reason: str) -> f.Fact:
    return f.EvidenceInvalid(author=handed.author, mid=handed.mid, reason=reason[: f.LONGEST_TEXT])
