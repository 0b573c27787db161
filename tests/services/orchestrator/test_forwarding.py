"""What the peers say to each other: held, released, dropped, and what their author hears."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cccc.common import facts as f
from cccc.common.settings.policies import HandoffFilter, Policies
from cccc.services.orchestrator.decision import Around, Said
from cccc.services.orchestrator.talk import forwarding

LONG = "CLAIM: change words() so that it says what a word is; accept when the suite is green."
NOTE = "\n```insight\nto: peerB\nkind: note\nmsg: something new\n```"
COUNTER = "\n```insight\nto: peerB | kind: counter | msg: there is a sharper place\n```"
CARD = "intent: rfd\ntitle: Drop the v1 endpoint\noptions: [drop, keep]\n"
EVIDENCE = "type: EVIDENCE\ntitle: it works\nchecks: [{name: t, run: 'true'}]\n"
REVISE = "\n```insight\nkind: revise\ndelta: matches words\nrefs: counter.py\nnext: patch\n```"


class Talk:
    """Plays messages, hears what is said, and collects what reaches each inbox."""

    def __init__(self, rules: HandoffFilter = HandoffFilter()) -> None:  # noqa: B008  # frozen
        self.state, self._policies = forwarding.State(), Policies(handoff_filter=rules)
        self.seq, self.now = 0, datetime(2026, 1, 1, tzinfo=timezone.utc)
        self.bodies: dict[str, str] = {}
        self.facts: list[f.Fact] = []
        self.inbox: list[tuple[str, str, str]] = []

    def write(self, author: str, to: str, mid: str, text: str) -> Said:
        self.inbox.append((author, to, text))
        return Said(f.Notice(text=""))

    def hear(self, fact: f.Fact, has_diff: bool = False) -> None:
        self.seq += 1
        fact.seq, fact.ts = self.seq, self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.facts.append(fact)
        text = self.bodies.get(getattr(fact, "mid", ""), "")
        around = Around(self._policies, str, self.write, text=text, diff=b"diff" if has_diff else b"")
        for said in forwarding.decide(self.state, fact, around):
            if not isinstance(said.fact, f.Notice):
                self.hear(said.fact)

    def says(self, author: str, text: str, has_diff: bool = False, after: float = 60) -> list[str]:
        """Return the kinds of the facts that followed a message."""
        self.now += timedelta(seconds=after)
        mid = f"m{self.seq}"
        self.bodies[mid] = text
        before = len(self.facts)
        self.hear(f.ToPeer(author=author, mid=mid, sha=mid, size=1, text=text[: f.PREVIEW]), has_diff)
        return [fact.kind for fact in self.facts[before + 1 :]]

    def forwarded(self) -> list[str]:
        return [text for author, _, text in self.inbox if author != "System"]

    def told(self, peer: str) -> list[str]:
        return [text for author, to, text in self.inbox if author == "System" and to == peer]


def test_a_message_with_an_insight_goes_to_the_other_peer() -> None:
    play = Talk()
    assert play.says("PeerA", LONG + NOTE) == []
    assert play.inbox == [("PeerA", "PeerB", LONG + NOTE)]


def test_a_message_without_an_insight_is_held_and_its_author_is_taught() -> None:
    play = Talk()
    assert play.says("PeerA", LONG) == ["teach-intercept"]
    assert play.forwarded() == []
    assert "has no insight block at its end" in play.told("PeerA")[0]


def test_a_message_held_after_one_that_passed_is_told_again() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    play.says("PeerA", "EVIDENCE: two")
    assert len(play.told("PeerA")) == 1
    play.says("PeerA", NOTE)
    play.says("PeerA", "EVIDENCE: three")
    assert len(play.told("PeerA")) == 2


def test_each_pause_is_told_to_who_speaks_in_it() -> None:
    play = Talk()
    for _ in range(2):
        play.hear(f.Pause(who="someone"))
        play.says("PeerA", LONG + NOTE)
        play.hear(f.Resume(who="someone"))
    assert len(play.told("PeerA")) == 2


def test_the_block_alone_releases_what_was_held() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    assert play.says("PeerA", NOTE) == ["handoff-release"]
    assert play.forwarded() == [LONG]


def test_the_message_written_again_with_a_block_takes_the_place_of_the_held_one() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    assert play.says("PeerA", LONG + NOTE) == ["handoff-drop"]
    assert play.forwarded() == [LONG + NOTE]


@pytest.mark.parametrize("text", [CARD, f"```yaml\n{CARD}```\n", EVIDENCE])
def test_a_card_that_is_the_whole_message_needs_no_insight_and_pays_nothing(text: str) -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    assert play.says("PeerA", text) == []
    assert play.forwarded() == [LONG + COUNTER, text]
    assert play.says("PeerA", LONG + NOTE) == ["revise-intercept"]


def test_a_card_beside_other_words_needs_an_insight_as_they_do() -> None:
    assert Talk().says("PeerA", f"I want this.\n```yaml\n{CARD}```\n") == ["teach-intercept"]


def test_a_card_waits_for_the_end_of_a_pause() -> None:
    play = Talk()
    play.hear(f.Pause(who="someone"))
    assert play.says("PeerA", CARD) == ["handoff-held"]
    play.hear(f.Resume(who="someone"))
    assert play.forwarded() == [CARD]


def test_a_diff_needs_no_insight() -> None:
    play = Talk()
    assert play.says("PeerA", "see the diff", has_diff=True) == []
    assert play.forwarded() == ["see the diff"]


def test_after_a_counter_anything_but_a_revise_is_held_and_kept() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    assert play.says("PeerA", "CLAIM: something else entirely, and at length." + NOTE) == ["revise-intercept"]
    assert play.forwarded() == [LONG + COUNTER]
    assert "not-revise-kind" in play.told("PeerA")[0]


def test_a_revise_without_its_fields_does_not_pay() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    assert play.says("PeerA", LONG + "\n```insight\nkind: revise\ndelta: x\n```") == ["revise-intercept"]
    assert "missing:refs,next" in play.told("PeerA")[0]


def test_a_revise_that_only_repeats_its_message_does_not_pay() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    same = "revise: match words in counter.py, then patch\n```insight\nkind: revise\ndelta: match words\nrefs: counter.py\nnext: then patch\n```"  # noqa: E501  # one message
    assert play.says("PeerA", same) == ["revise-intercept"]
    assert "similar-to-body" in play.told("PeerA")[0]


def test_a_revise_pays_and_releases_what_was_held_before_it() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    held = "CLAIM: something else entirely, and at length." + NOTE
    play.says("PeerA", held)
    assert play.says("PeerA", LONG + REVISE) == ["handoff-release", "handoff-release"]
    assert play.forwarded()[1:] == [held, LONG + REVISE]
    assert play.says("PeerA", LONG + NOTE, after=300) == []


def test_what_a_message_releases_arrives_before_it_oldest_first() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    play.says("PeerA", "EVIDENCE: two")
    play.says("PeerA", "CLAIM: three, which is neither of them." + NOTE)
    assert play.forwarded() == [LONG, "EVIDENCE: two", "CLAIM: three, which is neither of them." + NOTE]


def test_what_is_released_in_a_pause_waits_for_its_end_and_keeps_its_place() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    play.hear(f.Pause(who="someone"))
    assert play.says("PeerA", NOTE) == ["handoff-held"]
    play.says("PeerA", "EVIDENCE: two" + NOTE)
    assert play.forwarded() == []
    play.hear(f.Resume(who="someone"))
    assert play.forwarded() == [LONG, "EVIDENCE: two" + NOTE]


def test_a_diff_pays_the_debt() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    play.says("PeerA", "EVIDENCE: see the diff", has_diff=True)
    assert play.says("PeerA", LONG + NOTE) == []


def test_a_held_counter_raises_no_debt_until_it_is_released() -> None:
    play = Talk()
    play.says("PeerA", LONG + COUNTER)
    play.says("PeerB", "COUNTER: no, at length and with reasons." + COUNTER)  # held: PeerB owes
    assert play.says("PeerA", LONG + NOTE) == []


def test_a_dropped_message_is_a_fact_and_its_author_hears_the_reason_once() -> None:
    play = Talk()
    for _ in range(3):
        assert play.says("PeerA", "ok, standing by" + NOTE) == ["handoff-drop"]
    assert len(play.told("PeerA")) == 1 and "low-signal" in play.told("PeerA")[0]
    play.says("PeerA", "ok, standing by" + NOTE, after=forwarding.TOLD_AGAIN)
    assert len(play.told("PeerA")) == 2


def test_the_filter_can_be_switched_off() -> None:
    play = Talk(HandoffFilter(enabled=False))
    assert play.says("PeerA", "ok" + NOTE, after=0) == play.says("PeerA", "ok" + NOTE, after=0) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_a_person_switches_the_filter_whatever_the_settings_say(enabled: bool) -> None:
    play = Talk(HandoffFilter(enabled=enabled))
    play.hear(f.FilterSwitched(on=not enabled, who="someone"))
    dropped = ["handoff-drop"] if not enabled else []
    assert play.says("PeerA", "ok" + NOTE) == dropped
    play.hear(f.FilterSwitched(on=enabled, who="someone"))
    assert play.says("PeerB", "ok" + NOTE) == (["handoff-drop"] if enabled else [])


def test_a_pause_holds_messages_and_resume_lets_them_go_in_order() -> None:
    play = Talk()
    play.hear(f.Pause(who="someone"))
    assert play.says("PeerA", LONG + NOTE) == ["handoff-held"]
    assert play.says("PeerA", "EVIDENCE: two" + NOTE) == ["handoff-held"]
    assert play.forwarded() == []
    play.hear(f.Resume(who="someone"))
    assert play.forwarded() == [LONG + NOTE, "EVIDENCE: two" + NOTE]


def test_a_debt_is_reminded_once_after_a_while() -> None:
    play = Talk()
    play.says("PeerB", LONG + COUNTER)
    since = play.now.timestamp()
    assert forwarding.due_reminders(play.state, since + forwarding.REMIND_AFTER - 1) == []
    ((reminder, cause),) = forwarding.due_reminders(play.state, since + forwarding.REMIND_AFTER)
    assert (reminder.peer, cause) == ("PeerA", 1)
    play.hear(reminder)
    assert "still needs your revise" in play.told("PeerA")[0]
    assert forwarding.due_reminders(play.state, since + 10 * forwarding.REMIND_AFTER) == []


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    play = Talk()
    play.says("PeerA", LONG)
    play.says("PeerA", LONG + " Really.", after=-7200)
    assert len(play.told("PeerA")) == 2
    play.says("PeerB", LONG + COUNTER)
    assert forwarding.due_reminders(play.state, play.now.timestamp() - 7200)
