"""What can go wrong between the bridge and Slack."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial

import pytest

from cccc.common import facts as f
from cccc.common.chats import bridges
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.slack.conftest import QUICK
from tests.bridges.stand_ins.slack import APP_TOKEN, BOT_TOKEN, DIRECT, OTHER, TEAM, Slack, too_fast
from tests.waiting import until


def bodies(room: Room) -> list[str]:
    return [room.body(message) for message in room.facts(f.UserMessage)]


def announced(room: Room, count: int) -> bool:
    return len(room.facts(f.ChatPosting)) == count


# --- the line ---


def test_an_outage_loses_nothing_in_either_direction(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.kill()
    until(lambda: not room.report().connected, 10)
    room.to_user("said while it was away")
    slack.start()
    slack.say("a: typed before the bridge was back")
    until(lambda: room.report().connected, 15)
    slack.say("b: typed afterwards")
    until(lambda: slack.in_chat() == ["[PeerA]\nsaid while it was away"], 15)
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    assert bodies(room) == ["typed before the bridge was back", "typed afterwards"]


def test_a_slack_that_is_down_at_the_start_is_waited_for(room: Room, slack: Slack) -> None:
    slack.kill()
    room.start()
    until(lambda: "cannot be reached" in room.report().error, 10)
    slack.start()
    until(lambda: room.report().connected, 15)
    slack.say("a: hello")
    until(lambda: room.facts(f.UserMessage))


def test_what_was_said_without_a_socket_is_read_from_the_history_after_every_hello(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    root = slack.say("a: one")
    until(lambda: bodies(room) == ["one"])
    slack.bad_tickets = 1
    slack.drop_sockets()
    slack.say("a: two")
    slack.say("a: three, in a thread", thread=root)
    slack.edit(root, "a: one, changed")
    slack.say("nothing for the peers")
    until(lambda: len(room.facts(f.UserMessage)) == 4, 15)
    assert bodies(room)[1:3] == ["two", "> a: one, changed\n\nthree, in a thread"]
    assert room.facts(f.UserMessage)[3].edit_of and "one, changed" in bodies(room)[3]


def test_what_was_said_while_the_bridge_was_down_is_read_when_it_is_up_and_counts_once(
    room: Room, slack: Slack
) -> None:
    room.start()
    connected(room)
    slack.say("a: one")
    until(lambda: bodies(room) == ["one"])
    room.kill()
    for number in range(250):  # more than a page of the history holds
        slack.say(f"talk {number}")
    slack.say("b: two")
    slack.say("b: three")
    room.revive()
    until(lambda: len(room.facts(f.UserMessage)) == 3, 15)
    slack.drop_sockets()
    slack.say("b: four")
    until(lambda: len(room.facts(f.UserMessage)) == 4, 15)
    assert bodies(room) == ["one", "two", "three", "four"]


def test_a_channel_that_is_new_gets_nothing_old_passed_on(room: Room, slack: Slack) -> None:
    slack.say("a: from before")
    room.start()
    connected(room)
    slack.drop_sockets()
    slack.say("a: from now")
    until(lambda: room.facts(f.UserMessage), 15)
    assert bodies(room) == ["from now"]


def test_a_history_that_says_too_fast_is_asked_again_before_anything_new(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.next_answer("conversations.history", too_fast(1))
    slack.drop_sockets()
    slack.say("a: lost without the history")
    until(lambda: slack.sockets, 10)
    slack.say("a: afterwards")
    until(lambda: len(room.facts(f.UserMessage)) == 2, 15)
    assert bodies(room) == ["lost without the history", "afterwards"]


def test_a_history_that_may_not_be_read_is_said_and_does_not_hold_up_what_is_new(room: Room, slack: Slack) -> None:
    slack.lacking["conversations.history"] = "channels:history"
    room.start()
    connected(room)
    slack.say("a: hello")
    until(lambda: room.facts(f.UserMessage))
    slack.drop_sockets()
    until(lambda: "channels:history" in room.report().error, 10)
    until(lambda: slack.sockets, 10)
    slack.say("a: and on")
    until(lambda: len(room.facts(f.UserMessage)) == 2)


def test_a_ticket_that_is_used_up_is_not_tried_for_ever(room: Room, slack: Slack) -> None:
    """The library would: it asks for another one never."""
    slack.bad_tickets = 2
    room.start()
    until(lambda: "its socket cannot be opened" in room.report().error, 20)
    until(lambda: room.report().connected, 20)
    assert len(slack.called("apps.connections.open")) > 1


def test_a_socket_that_slack_asks_to_replace_is_replaced_without_a_loss(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.refresh()
    slack.say("a: during")
    until(lambda: len(slack.called("apps.connections.open")) == 2)
    until(lambda: slack.sockets)
    slack.say("a: after")
    until(lambda: len(room.facts(f.UserMessage)) == 2, 10)
    assert bodies(room) == ["during", "after"]
    assert room.report().connected


def test_a_socket_that_stays_open_and_says_nothing_is_replaced(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.mute = True
    slack.say("a: hello")
    until(lambda: not room.report().connected, 20)
    slack.mute = False
    until(lambda: bodies(room) == ["hello"], 15)


def test_being_connected_is_proved_again_and_again(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    assert room.report().proof == "hello"
    until(lambda: room.report().proof == "ping answered", 15)


@pytest.mark.parametrize("token", ["bot", "app"])
def test_a_token_that_is_revoked_is_noticed_and_said(room: Room, slack: Slack, token: str) -> None:
    room.start()
    connected(room)
    setattr(slack, f"{token}_token", "revoked")
    if token == "app":
        slack.drop_sockets()  # as Slack does
    until(lambda: f"rejects the {token} token (Slack rejects the token (invalid_auth))" in room.report().error, 30)
    assert not room.report().connected
    assert "cccc token set slack" in room.report().error


def test_tokens_that_are_swapped_are_refused_at_once(room: Room, slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", APP_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", BOT_TOKEN)
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "cccc.services.bridges.slack"],
        env={**os.environ, "CCCC_HOME": str(room.project.home)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 1 and not slack.calls
    assert "bot_token must be a token that begins with xoxb-; `cccc token set slack`" in ended.stderr


def test_without_an_app_token_the_bridge_sends_and_says_that_it_hears_nothing(
    room: Room, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_APP_TOKEN")
    room.start()
    connected(room)
    room.to_user("hello")
    until(lambda: slack.in_chat() == ["[PeerA]\nhello"])
    assert "without an app token nothing is received" in room.report().proof
    assert not slack.called("apps.connections.open")


def test_a_second_program_of_the_same_app_is_recognised_and_steals_nothing(room: Room, slack: Slack) -> None:
    slack.strangers = 1
    room.start()
    until(lambda: "another program is connected as this app" in room.report().error, 10)
    assert not room.report().connected
    until(lambda: not slack.sockets)
    slack.strangers = 0
    until(lambda: room.report().connected, 15)


def test_an_event_that_cannot_be_read_does_not_stop_the_others(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.send_raw('{"type": "events_api", "envelope_id"')
    slack.event({"type": "message", "user": "U0ALICE"})
    slack.say("a: hello")
    until(lambda: room.facts(f.UserMessage))
    assert "cannot be read" in room.facts(f.Notice)[0].text
    until(lambda: not slack.unacknowledged())


# --- posts ---


def test_posts_keep_their_order_when_slack_says_too_fast(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.next_answer("chat.postMessage", Trouble(), too_fast(1), Trouble(), too_fast(1))
    for number in range(3):
        room.to_user(f"number {number}")
        until(partial(announced, room, number + 1), 15)
    until(lambda: len(slack.in_chat()) == 3, 20)
    assert slack.in_chat() == [f"[PeerA]\nnumber {number}" for number in range(3)]


def test_a_post_whose_answer_was_lost_is_found_in_the_history_and_not_sent_again(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.next_answer("chat.postMessage", Trouble(lost=True))
    room.to_user("hello")
    (posted,) = until(lambda: room.facts(f.ChatPosted), 15)
    assert slack.in_chat() == ["[PeerA]\nhello"]
    assert posted.message == slack.posts()[0]["ts"]


def test_a_post_under_way_when_the_bridge_died_is_not_sent_again(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.next_answer("chat.postMessage", Trouble(lost=True, delay=1))
    room.to_user("hello")
    until(lambda: slack.called("chat.postMessage"))
    room.kill()
    until(lambda: slack.in_chat() == ["[PeerA]\nhello"])
    room.revive()
    until(lambda: room.facts(f.ChatPosted), 15)
    assert slack.in_chat() == ["[PeerA]\nhello"]


@pytest.mark.parametrize("trouble", [Trouble(500, {}), Trouble(200, "<html>busy</html>"), Trouble(drop=True)])
def test_a_post_that_never_arrived_is_sent_again_once(room: Room, slack: Slack, trouble: Trouble) -> None:
    room.start()
    connected(room)
    slack.next_answer("chat.postMessage", trouble)
    room.to_user("hello")
    until(lambda: room.facts(f.ChatPosted), 15)
    assert slack.in_chat() == ["[PeerA]\nhello"]


@pytest.mark.parametrize("reason", ["channel_not_found", "is_archived"])
def test_a_channel_that_is_gone_stops_itself_and_not_the_others(room: Room, slack: Slack, reason: str) -> None:
    room.set(api_base_url=slack.url, allow_chats=[TEAM, OTHER], **QUICK)
    if reason == "is_archived":
        slack.archived.add(OTHER)
    else:
        del slack.channels[OTHER]
    room.start()
    connected(room)
    room.to_user("one")
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed), 10)
    assert left.chat == OTHER and reason in left.reason
    room.to_user("two")
    until(lambda: "[PeerA]\ntwo" in slack.in_chat(), 10)
    assert slack.in_chat()[0] == "[PeerA]\none"


def test_a_scope_that_is_missing_for_posts_is_waited_for(room: Room, slack: Slack) -> None:
    slack.lacking["chat.postMessage"] = "chat:write"
    room.start()
    connected(room)
    room.to_user("hello")
    until(lambda: "lacks the scope chat:write" in room.log(), 10)
    slack.lacking.clear()
    until(lambda: slack.in_chat() == ["[PeerA]\nhello"], 15)


def test_a_long_text_comes_in_parts_that_slack_shows_whole(room: Room, slack: Slack) -> None:
    room.set(api_base_url=slack.url, allow_chats=[DIRECT], max_msg_chars=9000, max_msg_lines=900, **QUICK)
    room.start()
    connected(room)
    room.to_user("\n".join(f"line {number} of a long text" for number in range(200)))
    until(lambda: len(room.facts(f.ChatPosted)) == 2, 15)
    assert all(len(text) <= 3000 for text in slack.in_chat(DIRECT))
    assert "line 199 of a long text" in slack.in_chat(DIRECT)[1]


# --- secrets, and the end ---


def test_no_token_or_ticket_gets_into_a_log_or_a_report(room: Room, slack: Slack) -> None:
    slack.bad_tickets = 1
    room.start()
    until(lambda: "Failed to connect" in room.log(), 10)
    until(lambda: room.report().connected, 20)
    slack.kill()
    until(lambda: not room.report().connected, 10)
    slack.start()
    slack.bot_token = "revoked"
    until(lambda: "rejects the bot token" in room.report().error, 15)
    for path in (*room.project.logs.glob("*"), *room.project.state.glob("*.json*")):
        text = path.read_text()
        assert BOT_TOKEN[5:] not in text and APP_TOKEN[5:] not in text and "ticket-" not in text, path


def test_a_bridge_ends_soon_and_leaves_no_task(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    begin = time.monotonic()
    room.stop()
    assert time.monotonic() - begin < 3
    assert "Traceback" not in room.log() and "destroyed" not in room.log() and "Unclosed" not in room.log()
    assert not bridges.report(room.project, "slack").connected
