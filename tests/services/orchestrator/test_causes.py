"""What a peer's hand-in follows from."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.services.orchestrator.mail import causes


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}.000000Z"


def handoff(seq: int, number: int) -> f.Handoff:
    return f.Handoff(seq=seq, author="User", to="PeerA", mid=f"m{number}", inbox_seq=number, sha="", size=0, text="")


def read(number: int, unread: bool = False) -> f.AckFile:
    return f.AckFile(author="PeerA", mid=f"m{number}", inbox_seq=number, file="", ok=True, unread=unread)


def given(number: int) -> f.HandoffAccepted:
    return f.HandoffAccepted(author="PeerA", mid=f"m{number}", inbox_seq=number, tool="Read")


def over(second: int) -> f.TurnEnd:
    return f.TurnEnd(peer="PeerA", outcome="done", ts=at(second))


@pytest.mark.parametrize(
    ("facts", "written", "cause"),
    [
        ([], 1, None),
        ([handoff(7, 1)], 1, None),
        ([handoff(7, 1), read(1)], 1, 7),
        ([handoff(7, 1), given(1)], 1, 7),
        ([handoff(7, 1), read(1, unread=True)], 1, None),
        ([handoff(7, 1), handoff(8, 2), read(1), read(2)], 1, 8),
        ([handoff(7, 1), handoff(8, 2), read(2), read(1)], 1, 8),
        ([handoff(7, 1), given(1), over(5)], 4, 7),  # it is taken a moment after it was written
        ([handoff(7, 1), given(1), over(5)], 6, None),
        ([handoff(7, 1), given(1), over(5), read(1)], 6, None),
        ([handoff(7, 1), given(1), over(5), handoff(8, 2), given(2)], 6, 8),
        (
            [handoff(7, 1), given(1), f.PeerExited(peer="PeerA", status="exit 1", again_s=1, lived_s=1, ts=at(5))],
            6,
            None,
        ),
    ],
)
def test_it_follows_from_the_newest_message_of_the_turn(facts: list[f.Fact], written: int, cause: int | None) -> None:
    state = causes.State()
    for fact in facts:
        causes.fold(state, fact)
    assert causes.of_the_turn(state, "PeerA", at(written)) == cause
    assert causes.of_the_turn(state, "PeerB", at(written)) is None


def test_names_are_those_behind_refs() -> None:
    text = "CLAIM cccc-1-00000a\n\n```insight\nrefs: a.py, cccc-1795365464-0c1821 and 0123abc\nnext: cccc-2-00000b\n"
    assert causes.named(text) == ["cccc-1795365464-0c1821", "0123abc"]
    assert causes.named("refs:\n") == causes.named("") == []
