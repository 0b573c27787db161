from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common.settings.cli_profiles import Delivery
from cccc.services.delivery import nudge
from cccc.services.delivery.memory import Memory, fold

T0 = 1_700_000_000.0
PLAIN = Delivery(nudge_jitter_pct=0)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Story:
    """Facts about PeerA, folded as they are told."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.seq = 0
        self.given = 0

    def tell(self, fact: f.Fact, at: float) -> None:
        self.seq += 1
        fact.seq, fact.ts = self.seq, stamp(at)
        fold(self.memory, fact)

    def message(self, at: float) -> int:
        self.given += 1
        mid = f"m{self.given}"
        handoff = f.Handoff(author="User", to="PeerA", mid=mid, inbox_seq=self.given, sha="", size=1, text="")
        self.tell(handoff, at)
        self.tell(f.HandoffDelivered(to="PeerA", mid=mid, inbox_seq=self.given, path=""), at)
        return self.given

    def nudged(self, at: float) -> None:
        self.tell(f.NudgeTyping(to="PeerA", token="abc123", pane="%0"), at)
        self.tell(f.Nudge(to="PeerA", token="abc123", attempt=self.flight.attempt + 1, waiting=1), at)

    def read(self, number: int, at: float) -> None:
        self.tell(f.AckFile(author="PeerA", mid=f"m{number}", inbox_seq=number, file="", ok=True), at)

    @property
    def flight(self) -> nudge.Flight:
        return self.memory.peers["PeerA"].flight

    def due(self, at: float, settings: Delivery = PLAIN) -> float:
        return nudge.due(self.flight, len(self.memory.peers["PeerA"].waiting), settings, at)


@pytest.fixture
def story() -> Story:
    return Story()


def test_nothing_is_due_while_the_inbox_is_empty(story: Story) -> None:
    assert story.due(T0) == math.inf
    story.read(story.message(T0), T0 + 1)
    assert story.due(T0 + 100) == math.inf


def test_the_first_nudge_is_due_at_once(story: Story) -> None:
    story.message(T0)
    assert story.due(T0) == 0


def test_a_second_message_does_not_type_again_while_a_nudge_is_in_flight(story: Story) -> None:
    story.message(T0)
    story.nudged(T0)
    story.message(T0 + 5)
    assert story.due(T0 + 5) == 85


def test_right_after_progress_the_peer_is_left_alone_for_the_debounce_time(story: Story) -> None:
    first = story.message(T0)
    story.message(T0)
    story.nudged(T0)
    story.read(first, T0 + 10)
    assert story.due(T0 + 10) == 1.5
    assert story.due(T0 + 11.5) == 0


def test_progress_before_we_saw_the_submit_answers_the_nudge(story: Story) -> None:
    first = story.message(T0)
    story.tell(f.NudgeTyping(to="PeerA", token="abc123", pane="%0"), T0)
    story.read(first, T0 + 0.1)
    story.tell(f.Nudge(to="PeerA", token="abc123", attempt=1, waiting=0), T0 + 0.2)
    story.message(T0 + 10)
    assert story.due(T0 + 10) == 0


def test_the_progress_timeout_holds_back_a_repeat_after_late_progress(story: Story) -> None:
    first = story.message(T0)
    story.message(T0)
    story.nudged(T0)
    story.read(first, T0 + 1)
    story.nudged(T0 + 3)
    settings = Delivery(nudge_jitter_pct=0, nudge_resend_seconds=10, nudge_backoff_base_ms=1000)
    assert story.due(T0 + 3, settings) == 88
    assert story.due(T0 + 91, settings) == 0


def test_the_interval_grows_from_floor_to_limit_and_never_ends(story: Story) -> None:
    story.message(T0)
    settings = Delivery(
        nudge_jitter_pct=0,
        nudge_resend_seconds=10,
        nudge_progress_timeout_s=0,
        nudge_backoff_base_ms=4000,
        nudge_backoff_max_ms=100_000,
    )
    now, waits = T0, []
    for _ in range(1100):
        story.nudged(now)
        waits.append(story.due(now, settings))
        now += waits[-1]
        assert story.due(now, settings) == pytest.approx(0, abs=0.001)
    assert waits[:7] == pytest.approx([10, 10, 16, 32, 64, 100, 100], abs=0.001)
    assert waits[-1] == pytest.approx(100, abs=0.001)


def test_a_limit_below_the_floor_does_not_undercut_it(story: Story) -> None:
    story.message(T0)
    story.nudged(T0)
    assert story.due(T0, Delivery(nudge_jitter_pct=0, nudge_resend_seconds=90, nudge_backoff_max_ms=60_000)) == 90


def test_jitter_stays_in_its_share_differs_and_is_worked_out_again_the_same(story: Story) -> None:
    story.message(T0)
    settings = Delivery(nudge_jitter_pct=0.15, nudge_backoff_max_ms=0)
    waits = []
    for _ in range(50):
        story.nudged(T0)
        waits.append(nudge.interval(story.flight, settings))
        assert waits[-1] == nudge.interval(story.flight, settings)
    assert 76.5 <= min(waits) < 80 and 100 < max(waits) <= 103.5


def test_a_lost_nudge_is_tried_again_soon_then_later(story: Story) -> None:
    story.message(T0)
    waits = []
    for _ in range(9):
        story.tell(f.NudgeTyping(to="PeerA", token="abc123", pane="%0"), T0)
        story.tell(f.NudgeLost(to="PeerA", token="abc123", reason="gone"), T0)
        waits.append(story.due(T0))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 90, 90]
    story.nudged(T0)
    assert story.due(T0) == 90


def test_without_keepalive_nothing_is_due_any_more_once_the_user_was_told_until_there_is_progress(story: Story) -> None:
    settings = Delivery(nudge_escalate_after=2, nudge_keepalive=False, nudge_jitter_pct=0)
    number = story.message(T0)
    story.message(T0)
    story.nudged(T0)
    story.nudged(T0 + 100)
    assert story.due(T0 + 1000, settings) == 0
    story.tell(f.NudgeUnanswered(to="PeerA", attempts=2, since=""), T0 + 1000)
    assert story.due(T0 + 1e6, settings) == math.inf
    assert story.due(T0 + 1e6) == 0
    story.read(number, T0 + 1e6)
    assert story.due(T0 + 2e6, settings) == 0


def test_the_user_is_told_once_per_so_many_unanswered_nudges(story: Story) -> None:
    settings = Delivery(nudge_escalate_after=3)
    number = story.message(T0)
    told = []
    for attempt in range(1, 10):
        story.nudged(T0)
        if nudge.unanswered(story.flight, settings):
            told.append(attempt)
            story.tell(f.NudgeUnanswered(to="PeerA", attempts=attempt, since=story.flight.first_at), T0)
            assert not nudge.unanswered(story.flight, settings)
    assert told == [3, 6, 9]
    story.read(number, T0)
    assert not nudge.unanswered(story.flight, settings)


def test_a_clock_that_was_set_back_does_not_stop_the_nudges(story: Story) -> None:
    number = story.message(T0)
    story.message(T0)
    story.nudged(T0 + 7200)
    assert story.due(T0) == 0
    story.nudged(T0)
    assert story.due(T0) == 180
    story.read(number, T0 + 7200)
    assert story.due(T0) == 0
    story.tell(f.NudgeLost(to="PeerA", token="abc123", reason="gone"), T0 + 7200)
    assert story.due(T0) == 0


def test_the_line_is_one_line_names_the_inbox_and_ends_with_the_token() -> None:
    inbox = Path("/home/me/my project/.cccc/mailbox/peerA/inbox")
    text = nudge.line(inbox, "be\nquick\x1b[201~", "7f3a2c")
    assert text.startswith(f"[NUDGE] inbox={inbox} ")
    assert text.endswith(" [n:7f3a2c]")
    assert text.isprintable()
    long = nudge.line(inbox, "x" * 2000, "7f3a2c")
    assert len(long) == nudge.LONGEST
    assert long.endswith(" [n:7f3a2c]")


def test_only_a_whole_line_of_ours_is_taken_for_ours() -> None:
    shown = "".join(nudge.line(Path("/a b/inbox"), "go on", "7f3a2c").split())
    assert nudge.ours(shown) == "7f3a2c"
    assert nudge.ours(shown + "wait") == ""
    assert nudge.ours("wait" + shown) == ""
    assert nudge.ours("") == ""


def test_a_token_is_the_same_again_and_another_for_the_next_nudge() -> None:
    tokens = {nudge.token(key, peer, n) for key in ("k1", "k2") for peer in ("PeerA", "PeerB") for n in range(50)}
    assert len(tokens) == 200
    assert nudge.token("k1", "PeerA", 1) == nudge.token("k1", "PeerA", 1)
