"""When the next post is due, and what is in it."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.settings.chat import Telegram
from cccc.common.text.lines import moment
from cccc.services.bridges import memory
from cccc.services.bridges.pacing import next_post
from cccc.services.bridges.platform import Pace
from cccc.services.bridges.state import CARD, PEERS, REPLY, SYSTEM, USER, Item, Outbox, Posting, State

RULES = Telegram(debounce_seconds=30, peer_debounce_seconds=60)
PACE = Pace(every=1.0, per_minute=20, marks=40)
NOW = 100.0


def box(*kinds: str, last: dict[str, float] | None = None, recent: list[float] | None = None) -> Outbox:
    items = [Item(seq, kind, 100.0 + seq) for seq, kind in enumerate(kinds, 1)]
    return Outbox(items, last=last or {}, recent=recent or [])


def test_the_first_message_goes_at_once() -> None:
    assert next_post(box(USER), RULES, PACE, NOW) == (1, 0.0)


def test_what_follows_within_the_time_becomes_one_post_at_its_end() -> None:
    assert next_post(box(USER, USER, USER, last={USER: 100.0}, recent=[100.0]), RULES, PACE, NOW) == (3, 30.0)


def test_the_two_kinds_of_talk_do_not_mix_and_have_their_own_times() -> None:
    assert next_post(box(PEERS, USER, last={PEERS: 100.0}), RULES, PACE, NOW) == (1, 60.0)


def test_something_urgent_lets_what_stands_before_it_go_at_once() -> None:
    for urgent in (CARD, SYSTEM, REPLY):
        assert next_post(box(USER, urgent, last={USER: 100.0}, recent=[100.0]), RULES, PACE, NOW) == (1, 1.5)


def test_posts_are_as_far_apart_as_the_platform_wants() -> None:
    assert next_post(box(CARD, recent=[100.0]), RULES, PACE, NOW) == (1, 1.0)
    full = [81.0 + n for n in range(20)]
    assert next_post(box(CARD, recent=full), RULES, PACE, NOW) == (1, 41.0)


def test_cards_and_answers_stay_single() -> None:
    assert next_post(box(CARD, CARD), RULES, PACE, NOW)[0] == 1
    assert next_post(box(SYSTEM, SYSTEM, CARD), RULES, PACE, NOW)[0] == 2


def test_answers_below_different_messages_are_different_posts() -> None:
    queue = box(USER, USER)
    queue.queue[1].reply_to = "7"
    assert next_post(queue, RULES, PACE, NOW)[0] == 1


def test_a_clock_that_was_set_back_holds_no_post_up() -> None:
    ahead = [7300.0 + n for n in range(20)]
    assert next_post(box(USER, last={USER: 7300.0}, recent=ahead), RULES, PACE, NOW) == (1, 0.0)


def test_posts_of_a_time_that_is_still_to_come_are_not_kept_for_ever() -> None:
    """The clock was ahead, and was set back."""
    state, back = State(outboxes={"1": box(USER, USER, USER)}), "2026-01-01T01:00:00.000000Z"
    for ts in ("2036-01-01T01:00:00.000000Z", back):
        state.outboxes["1"].open = Posting(1, 1)
        posted = f.ChatPosted(via="telegram", chat="1", about=[], message="", part=0, left=0, ts=ts)
        memory.fold(state, posted, "telegram")
    assert state.outboxes["1"].recent == [moment(back).timestamp()]
