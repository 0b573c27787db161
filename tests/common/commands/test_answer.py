"""The ids of what a person types at a terminal."""

from __future__ import annotations

from cccc.common import commands, ledger
from cccc.common.commands import Asker, answer, message
from cccc.common.paths import Project
from tests.conftest import Start

ALICE = Asker("alice", "cli")


def test_what_is_typed_twice_counts_twice(project: Project, service: Start) -> None:
    service("ledger")
    for _ in range(2):
        answer.say(project, commands.run(project, "refresh", "both", ALICE).facts)
    facts = list(ledger.read(project))
    assert [fact.kind for fact in facts] == ["refresh"] * 4
    assert len({fact.id for fact in facts}) == 4 and {fact.by for fact in facts} == {"cli"}


def test_a_message_that_is_said_again_counts_once(project: Project, service: Start) -> None:
    service("ledger")
    (typed,) = message.wish(project, "a", "hello", ALICE).facts
    seqs = {answer.say(project, [typed])[0] for _ in range(2)}
    (stored,) = ledger.read(project)
    assert seqs == {stored.seq} and isinstance(stored, type(typed)) and stored.id == stored.mid  # type: ignore[attr-defined]
