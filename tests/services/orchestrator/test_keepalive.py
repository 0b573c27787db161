"""When the leader is asked for the next step, and when it is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cccc.common import facts as f
from cccc.services.orchestrator.upkeep import keepalive
from cccc.services.orchestrator.upkeep.keepalive import State

START = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


class Quiet:
    """A project in which time passes."""

    def __init__(self) -> None:
        self.state = State()
        self.now = START
        self._seq = 0

    def hear(self, fact: f.Fact, text: str = "") -> None:
        self._seq += 1
        fact.seq, fact.ts = self._seq, self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        keepalive.fold(self.state, fact, text)

    def user(self) -> None:
        self.hear(f.UserMessage(mid="u", via="cli", route="a", sha="", size=0, text=""))

    def peer(self, text: str = "CLAIM: split the parser") -> None:
        self.hear(f.ToPeer(author="PeerA", mid="p", sha="", size=0, text=""), text)

    def after(self, minutes: float, brief: bool = False, every: float = 30) -> f.Keepalive | None:
        self.now += timedelta(minutes=minutes)
        return keepalive.due(self.state, every, brief, self.now)


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


def test_the_leader_is_asked_once_both_have_been_idle_for_so_long(quiet: Quiet) -> None:
    quiet.peer()
    assert quiet.after(29.9) is None
    asked = quiet.after(0.1)
    assert asked and (asked.minutes, asked.count, asked.claim) == (30, 1, True)


def test_each_further_time_waits_twice_as_long(quiet: Quiet) -> None:
    quiet.peer()
    asked = quiet.after(30)
    assert asked
    quiet.hear(asked)
    assert quiet.after(59) is None
    again = quiet.after(1)
    assert again and (again.minutes, again.count) == (60, 2)


def test_an_answer_alone_does_not_make_the_next_one_come_sooner(quiet: Quiet) -> None:
    quiet.peer()
    asked = quiet.after(30)
    assert asked
    quiet.hear(asked)
    quiet.peer("we wait for the user")
    assert quiet.after(59) is None


def test_a_word_of_the_user_starts_from_the_beginning(quiet: Quiet) -> None:
    quiet.peer()
    asked = quiet.after(30)
    assert asked
    quiet.hear(asked)
    quiet.user()
    assert quiet.after(30)


def test_without_a_brief_and_an_open_claim_nobody_is_asked(quiet: Quiet) -> None:
    quiet.user()
    assert quiet.after(600) is None
    assert quiet.after(0, brief=True)


def test_a_landed_patch_closes_the_claim(quiet: Quiet) -> None:
    quiet.peer()
    landed = f.PatchCommit(
        author="PeerB",
        mid="m",
        source="patch.diff",
        lines=1,
        paths=[],
        branch="refs/heads/main",
        commit="c0ffee",
        tests_ok=True,
        seconds=1.0,
    )
    quiet.hear(landed)
    assert quiet.after(600) is None


def test_nobody_is_asked_while_a_turn_runs(quiet: Quiet) -> None:
    quiet.peer()
    quiet.hear(f.NudgeAccepted(to="PeerB", token="x"))
    assert quiet.after(600) is None
    quiet.hear(f.TurnEnd(peer="PeerB", outcome="done"))
    assert quiet.after(29) is None
    assert quiet.after(1)


def test_zero_minutes_are_never(quiet: Quiet) -> None:
    quiet.peer()
    assert quiet.after(6000, brief=True, every=0) is None


def test_the_leader_is_told_whom_to_hand_a_claim_to() -> None:
    told = keepalive.text(f.Keepalive(minutes=30, count=1, claim=True), "PeerB")
    assert "hand PeerA one CLAIM" in told and "The last CLAIM has not led to a landed patch yet." in told


def test_a_clock_that_was_set_back_does_not_silence_it(quiet: Quiet) -> None:
    quiet.peer()
    assert quiet.after(-120)
