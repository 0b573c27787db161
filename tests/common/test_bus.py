"""Saying decisions: when one counts as written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.bus import Bus
from cccc.common.paths import Project
from cccc.common.text.redaction import REDACTED
from tests.conftest import Start
from tests.waiting import until


@pytest.fixture
def orchestrator(project: Project, service: Start) -> Iterator[Bus]:
    service("ledger")
    own = Bus(project, "orchestrator", 0)
    yield own
    own.close()


def turn(own: Bus) -> bool:
    """Do what a service does in a turn; return whether something is still said and not heard."""
    own.answers()
    for _ in own.hear():
        pass
    own.flush()
    return own.pending()


def test_a_decision_of_which_only_the_first_fact_was_written_is_said_again(project: Project, orchestrator: Bus) -> None:
    def notices() -> list[f.Notice]:
        return [f.Notice(text="first"), f.Notice(text="second")]

    (first, _) = notices()
    first.id = "decision.0"
    bus.tell(project, "orchestrator", [first])  # as a full disk leaves it
    orchestrator.say("decision", notices(), None)
    for _ in orchestrator.replay():
        pass
    assert orchestrator.seq == 1 and orchestrator.pending("decision")
    until(lambda: not turn(orchestrator), 5, "said and heard")
    assert [fact.id for fact in ledger.read(project)] == ["decision.0", "decision.1"]


def test_a_decision_whose_facts_are_all_written_already_is_let_go(project: Project, orchestrator: Bus) -> None:
    known = f.Notice(text="known", id="decision.1")
    bus.tell(project, "orchestrator", [known])
    for _ in orchestrator.replay():  # heard before it was said
        pass
    orchestrator.say("decision", [f.Notice(text="new"), f.Notice(text="known")], None)
    until(lambda: not turn(orchestrator), 5, "said and heard")
    assert [fact.id for fact in ledger.read(project)] == ["decision.1", "decision.0"]


def test_words_that_are_said_with_a_secret_in_them_are_written_without_it(project: Project, orchestrator: Bus) -> None:
    token = "ghp" + "_" + "aB3" * 12
    orchestrator.say("one", [f.Notice(text=f"it said {token}")], None)
    until(lambda: not turn(orchestrator), 5, "said and heard")
    reject = f.HandoffDrop(author="PeerA", to="PeerB", mid="m", reason=f"because of {token}", id="two")
    bus.tell(project, "orchestrator", [reject])
    found = [fact for fact in ledger.read(project) if isinstance(fact, (f.Notice, f.HandoffDrop))]
    assert [getattr(fact, "text", "") or getattr(fact, "reason", "") for fact in found] == [
        f"it said {REDACTED}",
        f"because of {REDACTED}",
    ]
    assert token.encode() not in project.ledger.read_bytes()
