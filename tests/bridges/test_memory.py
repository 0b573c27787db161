"""Which marks a person's message is to get."""

from __future__ import annotations

import itertools

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.services.bridges import memory
from cccc.services.bridges.state import State


class Told:
    """A bridge's state after the facts it was told."""

    def __init__(self) -> None:
        self.state = State(peers_by_default=True)
        self._seqs = itertools.count(1)

    def tell(self, fact: Fact) -> None:
        fact.seq, fact.ts = next(self._seqs), "2026-01-01T00:00:00.000000Z"
        memory.fold(self.state, fact, "telegram")

    def line(self, mid: str, message: str = "7", edit_of: str = "") -> None:
        body = f.body(b"hello", str)
        self.tell(
            f.UserMessage(mid=mid, via="telegram", route="both", chat="42", message=message, edit_of=edit_of, **body)
        )

    def accepted(self, peer: str, mid: str) -> None:
        self.tell(f.HandoffAccepted(author=peer, mid=mid, inbox_seq=1, tool="read"))

    def set_all(self) -> list[tuple[str, str]]:
        """The bridge sets every mark that is due; returns mid and mark of each."""
        due = [(mark.mid, mark.mark) for mark in self.state.marks]
        for mark in list(self.state.marks):
            done = f.ChatMarked(via="telegram", chat=mark.chat, message=mark.message, mid=mark.mid, mark=mark.mark)
            self.tell(done)
        assert not self.state.marks
        return due


def test_the_second_peer_that_accepts_a_line_later_makes_no_mark_due_again() -> None:
    told = Told()
    told.line("tg-1")
    told.accepted("PeerA", "tg-1")
    assert told.set_all() == [("tg-1", "stored"), ("tg-1", "accepted")]
    told.accepted("PeerB", "tg-1")
    assert told.set_all() == []


def test_two_peers_that_accept_before_the_mark_is_set_make_one_due() -> None:
    told = Told()
    told.line("tg-1")
    told.accepted("PeerA", "tg-1")
    told.accepted("PeerB", "tg-1")
    assert told.set_all() == [("tg-1", "stored"), ("tg-1", "accepted")]


def test_an_edited_message_keeps_the_marks_that_it_has_and_gets_the_one_that_it_lacks() -> None:
    told = Told()
    told.line("tg-1")
    assert told.set_all() == [("tg-1", "stored")]
    told.line("tg-2", edit_of="tg-1")
    told.accepted("PeerA", "tg-2")
    assert told.set_all() == [("tg-2", "accepted")]
    told.line("tg-3", edit_of="tg-1")
    told.accepted("PeerA", "tg-3")
    assert told.set_all() == []


def test_a_slash_command_is_no_message_that_could_be_marked() -> None:
    told = Told()
    told.line("sl-1", message="")
    told.line("sl-2", message="")
    assert told.set_all() == []


def test_two_due_marks_have_two_causes() -> None:
    told = Told()
    told.line("tg-1", message="7")
    told.line("tg-2", message="8")
    told.accepted("PeerA", "tg-1")
    causes = [mark.cause for mark in told.state.marks]
    assert len(causes) == len(set(causes)) == 3
