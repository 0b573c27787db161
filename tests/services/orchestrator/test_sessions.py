"""SYSTEM in each new session, self-checks and compactions."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from cccc.common import facts as f
from cccc.common.settings import Settings
from cccc.common.settings.cli_profiles import Delivery
from cccc.services.orchestrator import rules
from cccc.services.orchestrator.upkeep import sessions

PROMPTS = {"PeerA": "You are PeerA. <FROM_USER> is the user.", "PeerB": "You are PeerB."}


class Story:
    """A conversation, as the orchestrator hears it; what it says is heard too."""

    def __init__(self, **delivery: Any) -> None:
        settings = Settings()
        changed = msgspec.structs.replace(settings.cli_profiles, delivery=Delivery(**delivery))
        self.rules = rules.Rules(msgspec.structs.replace(settings, cli_profiles=changed), str, PROMPTS)
        self.state = rules.State()
        self.said: list[f.Fact] = []
        self.bodies: dict[str, str] = {}
        self._seq = 0

    def hear(self, fact: f.Fact, body: bytes = b"") -> list[str]:
        """Return the kinds of what was said, and of what followed from that."""
        before = len(self.said)
        self._hear(fact, body)
        return [_name(each) for each in self.said[before:]]

    def _hear(self, fact: f.Fact, body: bytes = b"") -> None:
        self._seq += 1
        fact.seq, fact.ts = self._seq, "2026-11-22T15:10:00.000000Z"
        entries = self.rules.decide(self.state, fact, body)
        for entry in entries:
            self.said.append(entry.fact)
            if isinstance(entry.fact, f.Handoff):
                self.bodies[entry.fact.mid] = entry.body.decode()
        for entry in entries:
            self._hear(entry.fact)

    def start(self, session: str = "", peer: str = "PeerA") -> list[str]:
        return self.hear(f.PeerStarted(peer=peer, command="x", pane="%1", session=session))

    def session(self, id_: str, source: str = "startup", peer: str = "PeerA") -> list[str]:
        return self.hear(f.PeerSession(peer=peer, session=id_, source=source))

    def user(self, text: str = "please look at the parser of the dates", route: str = "a") -> list[str]:
        message = f.UserMessage(mid=f"u{self._seq}", via="cli", route=route, sha="", size=0, text="")
        return self.hear(message, text.encode())

    def read(self, peer: str = "PeerA") -> None:
        """Let a peer read all its mail."""
        acked = {fact.mid for fact in self.said if isinstance(fact, f.AckFile)}
        for fact in list(self.said):
            if isinstance(fact, f.Handoff) and fact.to == peer and fact.mid not in acked:
                ack = f.AckFile(author=peer, mid=fact.mid, inbox_seq=fact.inbox_seq, file="", ok=True)
                self.said.append(ack)
                self.hear(ack)


def _name(fact: f.Fact) -> str:
    return f"{fact.mid.split('-')[0][:6]}>{fact.to[-1]}" if isinstance(fact, f.Handoff) else fact.kind


def kinds(said: list[str]) -> list[str]:
    """Leave out what the user's own messages become."""
    return [each for each in said if not each.startswith("u")]


PREAMBLE = ["lazy-preamble-sent", "system>A"]


def test_a_new_session_is_given_system_in_front_of_its_first_message_and_not_before() -> None:
    story = Story()
    assert story.start() == story.session("s1") == []
    said = story.user()
    assert said[:2] == PREAMBLE and said[2].endswith(">A")
    assert [fact.inbox_seq for fact in story.said if isinstance(fact, f.Handoff)] == [1, 2]
    assert kinds(story.user()) == []


def test_what_follows_is_said_in_the_order_system_message_self_check() -> None:
    story = Story(self_check_every_handoffs=1)
    story.start()
    assert story.user() == [*PREAMBLE, "u1>A", "self-check", "check>A", "check>B"]


def test_the_tags_that_system_explains_stand_in_it_as_they_are() -> None:
    story = Story()
    story.start()
    story.user("what is <FROM_SYSTEM>?")
    system, message = story.bodies.values()
    assert system.startswith("<FROM_SYSTEM>\n[MID: system-") and "<FROM_USER> is the user." in system
    assert "\nNow: 20" in system
    assert "&lt;FROM_SYSTEM&gt;" in message


def test_a_message_of_the_other_peer_brings_system_too() -> None:
    story = Story()
    story.start(peer="PeerB")
    body = b"CLAIM: a task\n```insight\nto: PeerB\nkind: note\nmsg: x\n```\n"
    said = story.hear(f.ToPeer(author="PeerA", mid="p1", sha="", size=0, text=""), body)
    assert said == ["lazy-preamble-sent", "system>B", "p1>B"]


def test_a_session_that_goes_on_is_not_given_system_again() -> None:
    story = Story()
    story.start()
    story.session("s1")
    story.user()
    story.read()
    story.start(session="s1")
    assert story.session("s1", "resume") == []
    assert kinds(story.user()) == []
    assert story.session("s1", "compact") == []
    assert kinds(story.user()) == []


def test_a_cli_that_tells_its_session_only_in_its_first_turn_is_given_system_once() -> None:
    story = Story()
    story.start()
    assert kinds(story.user()) == PREAMBLE
    assert story.session("s1") == []
    assert kinds(story.user()) == []
    story.read()
    story.start(session="s1")
    assert kinds(story.user()) == []


def test_a_clear_makes_a_new_session() -> None:
    story = Story()
    story.start()
    story.session("s1")
    story.user()
    story.read()
    assert story.session("s2", "clear") == []
    assert kinds(story.user()) == PREAMBLE
    story.read()
    assert story.session("s1", "resume") == []
    assert kinds(story.user()) == []


def test_a_session_that_begins_with_mail_is_given_system_at_once() -> None:
    story = Story()
    story.user()
    assert story.start() == PREAMBLE


def test_a_cli_that_keeps_failing_gets_one_system_into_its_inbox() -> None:
    story = Story()
    story.start()
    assert kinds(story.user()) == PREAMBLE
    assert [story.start() for _ in range(5)] == [[]] * 5
    assert kinds(story.user()) == []


def test_without_the_lazy_preamble_only_a_refresh_brings_system() -> None:
    story = Story(lazy_preamble=msgspec.convert({"enabled": False}, type=type(Delivery().lazy_preamble)))
    story.start()
    assert kinds(story.user()) == []
    assert story.hear(f.Refresh(peer="PeerA", who="alice")) == ["system>A"]


def test_every_so_many_handoffs_both_peers_are_asked_and_neither_question_nor_system_counts() -> None:
    story = Story(self_check_every_handoffs=3, context_compact_every_self_checks=0)
    story.start()
    told = [kinds(story.user()) for _ in range(6)]
    check = ["self-check", "check>A", "check>B"]
    assert told == [PREAMBLE, [], check, [], [], check]
    text = story.bodies[next(mid for mid in story.bodies if mid.startswith("check-"))]
    assert "Now: 2026-11-22" in text and "have we drifted?" in text and "insight block" in text
    checks = [fact for fact in story.said if isinstance(fact, f.SelfCheck)]
    assert [(fact.every, fact.count) for fact in checks] == [(3, 1), (3, 2)]


def test_a_message_that_says_nothing_does_not_count() -> None:
    story = Story(self_check_every_handoffs=2, context_compact_every_self_checks=0)
    assert [kinds(story.user(text)) for text in ("ok", "ok", "ok", "what is it?")] == [[]] * 4
    assert kinds(story.user()) == ["self-check", "check>A", "check>B"]


def test_the_systems_own_answers_do_not_count() -> None:
    story = Story(self_check_every_handoffs=2, context_compact_every_self_checks=0)
    refused = f.MailboxRefused(author="PeerA", mid="m", file="patch.diff", size=0, reason="it is a link")
    assert [story.hear(refused) for _ in range(4)] == [["sys>A"]] * 4
    assert [kinds(story.user()) for _ in range(2)] == [[], ["self-check", "check>A", "check>B"]]


def test_no_self_check_when_it_is_switched_off() -> None:
    story = Story(self_check_every_handoffs=0)
    assert [kinds(story.user()) for _ in range(30)] == [[]] * 30


def test_with_every_second_self_check_a_compaction_is_tried_and_system_follows_its_outcome() -> None:
    story = Story(self_check_every_handoffs=1, context_compact_every_self_checks=2)
    tries = ["context-compact-try", "context-compact-try"]
    check = ["self-check", "check>A", "check>B"]
    assert [kinds(story.user()) for _ in range(4)] == [check, check + tries, check, check + tries]
    outcome = f.ContextCompact(peer="PeerB", outcome="done", of=7)
    assert story.hear(outcome) == ["context-system-reinject", "system>B"]
    assert story.hear(f.ContextCompact(peer="PeerB", outcome="done")) == []  # the CLI did it by itself


@pytest.mark.parametrize(
    ("zone", "line"),
    [
        ("UTC", "Now: 2026-11-22 15:10:00 UTC (UTC+00:00)"),
        ("<+0530>-5:30", "Now: 2026-11-22 20:40:00 +0530 (UTC+05:30)"),
    ],
)
def test_the_time_is_told_with_its_zone(zone: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert sessions.now("2026-11-22T15:10:00.000000Z") == line
    finally:
        monkeypatch.undo()
        time.tzset()
