"""Lines from Slack to the peers, and from the peers to Slack."""

from __future__ import annotations

import signal
import subprocess

from cccc.common import facts as f
from tests.bridges.conftest import Room, connected
from tests.bridges.slack.conftest import QUICK
from tests.bridges.stand_ins.slack import ALICE, BOB, BOT, DIRECT, OTHER, ROBOT, TEAM, Slack
from tests.waiting import until


def test_a_line_with_a_route_becomes_a_message_and_its_envelope_is_acknowledged(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    ts = slack.say("a: why does test_login fail?")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.via, message.route, message.chat) == ("slack", "a", TEAM)
    assert (message.who, message.user, message.message) == ("Alice", ALICE, ts)
    assert room.body(message) == "why does test_login fail?"
    until(lambda: slack.acknowledged and not slack.unacknowledged())


def test_an_envelope_is_not_acknowledged_before_its_fact_is_on_disk(
    room: Room, slack: Slack, ledger: subprocess.Popen[bytes]
) -> None:
    """The ledger is away: Slack sends the message again and again, and it counts once."""
    slack.again_after = 0.2
    room.start()
    connected(room)
    ledger.send_signal(signal.SIGSTOP)
    slack.say("a: hello")
    until(lambda: slack.repeats >= 2)
    assert not slack.acknowledged
    ledger.send_signal(signal.SIGCONT)
    until(lambda: slack.acknowledged and not slack.unacknowledged(), 15)
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["hello"]


def test_what_a_peer_says_to_the_user_is_in_the_channel_under_its_name(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    room.to_user("The test fails because of **time zones** & <stars>.", "PeerB")
    assert until(lambda: slack.in_chat()) == ["[PeerB]\nThe test fails because of *time zones* &amp; &lt;stars&gt;."]
    (posted,) = until(lambda: room.facts(f.ChatPosted))
    assert (posted.chat, posted.message) == (TEAM, slack.posts()[0]["ts"])


def test_channels_get_what_the_settings_say(room: Room, slack: Slack) -> None:
    channels = {"to_user": [TEAM], "to_peer_summary": [OTHER]}
    room.set(api_base_url=slack.url, channels=channels, **QUICK)
    room.start()
    connected(room)
    room.to_user("for you")
    room.to_peer("between us")
    until(lambda: slack.in_chat(TEAM) and slack.in_chat(OTHER))
    slack.say("status", OTHER)
    slack.say(f"<@{BOT}> whoami", OTHER)
    until(lambda: len(slack.in_chat(OTHER)) == 2)
    assert slack.in_chat(TEAM) == ["[PeerA]\nfor you"]
    assert slack.in_chat(OTHER) == ["[PeerA→PeerB]\nbetween us", f"you are Alice (slack {ALICE}) in chat {OTHER}"]


def test_a_line_in_slacks_own_form_reaches_the_peers_as_it_was_typed(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.say(f"<@{BOT}> both: ask <@{BOB}> if a &lt; b &amp;&amp; c in <http://main.py|main.py>, see <#C9|ops>")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert room.body(message) == "ask @Bob if a < b && c in main.py, see #ops"


def test_bots_the_bridge_itself_and_service_messages_are_ignored(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.say("a: from a bot with an id", bot_id="B9")
    slack.say("a: from the user of a bot", user=ROBOT)
    slack.say("a: from the bridge itself", user=BOT)
    slack.say("a: joined", subtype="channel_join")
    slack.say("a: from a person")
    until(lambda: room.facts(f.UserMessage))
    until(lambda: not slack.unacknowledged(), what="all are acknowledged")
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["from a person"]


def test_a_message_that_also_comes_as_a_mention_counts_once(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.say(f"<@{BOT}> a: hello")
    slack.event({**slack.messages[TEAM][-1], "type": "app_mention", "channel": TEAM})
    slack.say("b: and on")
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    until(lambda: not slack.unacknowledged())
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["hello", "and on"]


def test_an_edited_message_is_passed_on_as_a_new_version_and_a_preview_is_not(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    ts = slack.say("a: use http://one.example")
    until(lambda: room.facts(f.UserMessage))
    slack.unfurl(ts)
    slack.edit(ts, "a: use http://two.example")
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    edited = room.facts(f.UserMessage)[1]
    assert edited.edit_of and "use http://two.example" in room.body(edited)
    until(lambda: not slack.unacknowledged())
    assert len(room.facts(f.UserMessage)) == 2


def test_an_answer_in_a_thread_carries_what_it_answers_and_is_answered_there(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    root = slack.say("the build is red", user=BOB)
    slack.say("a:", thread=root)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (room.body(message), message.thread) == ("the build is red", root)
    slack.say(f"<@{BOT}> queue", thread=root)
    until(lambda: slack.in_chat() == ["the queue is empty"])
    assert slack.posts()[0]["thread_ts"] == root


def test_a_command_is_a_plain_word_a_mention_or_a_slash_command(room: Room, slack: Slack) -> None:
    room.set(api_base_url=slack.url, allow_chats=[TEAM, DIRECT], **QUICK)
    room.start()
    connected(room)
    slack.say("queue", DIRECT)
    until(lambda: slack.in_chat(DIRECT) == ["the queue is empty"])
    assert "thread_ts" not in slack.posts(DIRECT)[0]
    ts = slack.say(f"<@{BOT}> queue")
    until(lambda: slack.in_chat() == ["the queue is empty"])
    assert slack.posts()[0]["thread_ts"] == ts
    slack.slash("queue")
    slack.slash("a: by slash")
    slack.slash("b by slash")
    slack.slash("slashed", command="/both")
    until(lambda: slack.in_chat() == ["the queue is empty"] * 2, 10)
    until(lambda: len(room.facts(f.UserMessage)) == 3)
    told = [(message.route, room.body(message)) for message in room.facts(f.UserMessage)]
    assert told == [("a", "by slash"), ("b", "by slash"), ("both", "slashed")]
    shown = [answer["payload"] for answer in slack.acknowledged if "payload" in answer]
    assert shown == [{"response_type": "in_channel"}] * 4


def test_a_chat_that_is_not_let_in_learns_how_to_be_and_nothing_else(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.say("a: delete everything", DIRECT)
    slack.say("status", DIRECT)
    until(lambda: len(slack.in_chat(DIRECT)) == 1)
    slack.say("a: hello")
    until(lambda: room.facts(f.UserMessage))
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["hello"]
    assert len(slack.in_chat(DIRECT)) == 1 and "/subscribe CODE" in slack.in_chat(DIRECT)[0]


def test_a_message_gets_its_mark_when_it_is_stored_and_when_the_model_has_it(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    ts = slack.say("a: hello")
    (message,) = until(lambda: room.facts(f.UserMessage))
    until(lambda: slack.reactions.get((TEAM, ts)) == ["eyes"])
    room.tell("delivery", f.HandoffAccepted(author="PeerA", mid=message.mid, inbox_seq=1, tool="read"))
    until(lambda: slack.reactions.get((TEAM, ts)) == ["eyes", "ok_hand"])


def test_a_mark_that_slack_refuses_holds_nothing_up(room: Room, slack: Slack) -> None:
    slack.lacking["reactions.add"] = "reactions:write"
    room.start()
    connected(room)
    slack.say("a: hello")
    (marked,) = until(lambda: room.facts(f.ChatMarked))
    assert "reactions:write" in marked.reason
    room.to_user("still here")
    until(lambda: slack.in_chat() == ["[PeerA]\nstill here"])


def test_a_channel_that_the_app_was_removed_from_gets_nothing_more(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.event({"type": "member_left_channel", "user": BOT, "channel": TEAM})
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed))
    assert (left.chat, left.reason) == (TEAM, "the app was removed")


def test_a_channel_that_got_another_id_goes_on_under_it(room: Room, slack: Slack) -> None:
    slack.channels["C0NEW"] = "new"
    slack.messages["C0NEW"] = []
    room.start()
    connected(room)
    slack.event({"type": "channel_id_changed", "old_channel_id": TEAM, "new_channel_id": "C0NEW"})
    until(lambda: room.facts(f.ChatMoved))
    room.to_user("hello")
    until(lambda: slack.in_chat("C0NEW") == ["[PeerA]\nhello"])
