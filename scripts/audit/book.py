"""What an audit needs to know of the facts, gathered in one pass over the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field

from cccc.common import facts as f
from cccc.common.facts import Fact


@dataclass
class Book:
    """The facts that say something about commits, bodies and logs."""

    first_ts: str = ""
    unknown: int = 0  # lines of kinds that a newer version wrote
    bodies: dict[str, Fact] = field(default_factory=dict)  # by SHA-256: the first fact that names it
    forgotten: dict[str, f.BodyForgotten] = field(default_factory=dict)
    accepted: list[f.LedgerAccepted] = field(default_factory=list)
    commits: dict[str, f.PatchCommit] = field(default_factory=dict)  # by commit
    landings: dict[str, f.PatchLanding] = field(default_factory=dict)  # by the commit announced
    patches: dict[str, str] = field(default_factory=dict)  # mid -> SHA-256 of the patch
    approved: dict[str, set[str]] = field(default_factory=dict)  # mid -> its requests that people approved
    used: dict[str, set[str]] = field(default_factory=dict)  # mid -> those whose approval was used
    tests: dict[str, f.Test] = field(default_factory=dict)  # mid -> the last test run
    cards: dict[str, f.EvidenceValidate] = field(default_factory=dict)  # mid -> what the card's checks said
    evidence: dict[str, set[str]] = field(default_factory=dict)  # mid -> SHA-256 of the logs of its tests

    def note(self, fact: Fact | None) -> None:
        """Take in one fact; None is one of an unknown kind."""
        if fact is None:
            self.unknown += 1
            return
        self.first_ts = self.first_ts or fact.ts
        for sha in bodies_of(fact):
            self.bodies.setdefault(sha, fact)
        if isinstance(fact, f.BodyForgotten):
            self.forgotten[fact.sha] = fact
        elif isinstance(fact, f.LedgerAccepted):
            self.accepted.append(fact)
        elif isinstance(fact, f.PatchQueued):
            self.patches[fact.mid] = fact.sha
        elif isinstance(fact, f.PatchLanding):
            self.landings[fact.new] = fact
        elif isinstance(fact, f.PatchCommit):
            self.commits[fact.commit] = fact
        elif isinstance(fact, f.Test):
            self.tests[fact.mid] = fact
            self.evidence.setdefault(fact.mid, set()).add(fact.sha)
        elif isinstance(fact, f.EvidenceValidate):
            self.cards[fact.mid] = fact
        elif isinstance(fact, f.RfdSettled) and fact.outcome in ("approved", "used"):
            by_mid = self.approved if fact.outcome == "approved" else self.used
            by_mid.setdefault(fact.mid, set()).add(fact.rfd_id)


def bodies_of(fact: Fact) -> list[str]:
    """Return the SHA-256 of each body that a fact names."""
    if isinstance(fact, f.SettingsApplying):
        return [sha for sha in (*fact.old, *fact.new) if sha]
    named = getattr(fact, "sha", "") if hasattr(fact, "size") else ""
    return [named] if named else []
