"""Who may talk to the peers from Telegram."""

from __future__ import annotations

import time

from cccc.common import facts as f
from cccc.common.chats import pairing
from cccc.scripts.stand_ins.telegram import DIRECT, GROUP, Telegram
from tests.bridges.conftest import QUICK, Room, connected
from tests.waiting import until


def start(room: Room, telegram: Telegram, **settings: object) -> None:
    room.set(api_base_url=telegram.url, **{**QUICK, **settings})
    room.start()
    connected(room)


def test_the_code_of_cccc_bridge_pair_lets_one_chat_in_once(room: Room, telegram: Telegram) -> None:
    start(room, telegram)
    code = pairing.new(room.project, time.time())
    telegram.say(f"/subscribe {code.lower()}", DIRECT)
    (let_in,) = until(lambda: room.facts(f.ChatSubscribed))
    assert (let_in.chat, let_in.how) == (str(DIRECT), "code")
    until(lambda: any("subscribed: a: b:" in text for text in telegram.in_chat(DIRECT)))
    telegram.say(f"/subscribe {code}")
    until(lambda: any("wrong, used or expired" in text for text in telegram.in_chat()))
    assert len(room.facts(f.ChatSubscribed)) == 1
    telegram.say("now we talk", DIRECT)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert message.route == "both"


def test_an_open_bridge_lets_in_as_many_as_the_settings_say(room: Room, telegram: Telegram) -> None:
    start(room, telegram, autoregister="open", max_auto_subs=1)
    telegram.say("/subscribe", DIRECT)
    until(lambda: room.facts(f.ChatSubscribed))
    telegram.say("/subscribe@pair_bot")
    until(lambda: any("no more chats" in text for text in telegram.in_chat()))
    assert [let_in.chat for let_in in room.facts(f.ChatSubscribed)] == [str(DIRECT)]


def test_a_chat_that_leaves_gets_nothing_more_and_may_come_back(room: Room, telegram: Telegram) -> None:
    start(room, telegram, allow_chats=[GROUP])
    telegram.say("/unsubscribe")
    until(lambda: room.facts(f.ChatUnsubscribed))
    until(lambda: any("unsubscribed" in text for text in telegram.in_chat()))
    room.to_user("nobody hears this")
    telegram.say("/subscribe")
    until(lambda: len(room.facts(f.ChatSubscribed)) == 2)
    room.to_user("hello again")
    until(lambda: "[PeerA]\nhello again" in telegram.in_chat())
    assert not any("nobody hears" in text for text in telegram.in_chat())


def test_a_chat_that_the_settings_list_no_more_is_left_out_at_the_next_start(room: Room, telegram: Telegram) -> None:
    start(room, telegram, allow_chats=[GROUP, DIRECT])
    until(lambda: len(room.facts(f.ChatSubscribed)) == 2)
    room.stop()
    start(room, telegram, allow_chats=[DIRECT])
    (left_out,) = until(lambda: room.facts(f.ChatUnsubscribed))
    assert left_out.chat == str(GROUP)


def test_the_bot_being_thrown_out_ends_the_subscription(room: Room, telegram: Telegram) -> None:
    start(room, telegram, allow_chats=[GROUP])
    user = {"id": 123456789, "is_bot": True, "first_name": "Pair"}
    change = {"chat": {"id": GROUP, "type": "supergroup", "title": "x"}, "from": user, "date": 1}
    members = {
        "old_chat_member": {"user": user, "status": "member"},
        "new_chat_member": {"user": user, "status": "left"},
    }
    telegram.update("my_chat_member", {**change, **members})
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed))
    assert "removed" in left.reason


def test_bots_and_channels_are_not_heard(room: Room, telegram: Telegram) -> None:
    start(room, telegram, allow_chats=[GROUP])
    telegram.say("a: I am a bot", user={"id": 7, "is_bot": True, "first_name": "Other"})
    telegram.update(
        "channel_post", {"message_id": 9, "date": 1, "chat": {"id": GROUP, "type": "channel"}, "text": "a: x"}
    )
    telegram.say("a: I am not")
    until(lambda: room.facts(f.UserMessage))
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["I am not"]


def test_a_stranger_can_ask_for_the_id_of_the_chat_where_that_is_allowed(room: Room, telegram: Telegram) -> None:
    start(room, telegram)
    telegram.say("/whoami", DIRECT)
    (text,) = until(lambda: telegram.in_chat(DIRECT))
    assert text.startswith(f"this is chat {DIRECT}, you are 42; ")


def test_clear_throws_the_backlog_away_at_a_start_and_not_after_a_crash(room: Room, telegram: Telegram) -> None:
    clear = {"outbound": {"reset_on_start": "clear"}, "allow_chats": [GROUP]}
    start(room, telegram, **clear)
    until(lambda: room.facts(f.ChatSubscribed))
    room.kill()
    room.to_user("while it was crashed")
    room.revive()
    until(lambda: telegram.in_chat() == ["[PeerA]\nwhile it was crashed"])
    until(lambda: room.facts(f.ChatPosted))
    room.stop()
    room.to_user("while it was stopped")
    start(room, telegram, **clear)
    until(lambda: len(room.facts(f.BridgeStarted)) == 2)
    room.to_user("after the start")
    until(lambda: "[PeerA]\nafter the start" in telegram.in_chat())
    assert not any("while it was stopped" in text for text in telegram.in_chat())


def test_a_backlog_is_posted_after_a_start_where_the_settings_say_baseline(room: Room, telegram: Telegram) -> None:
    start(room, telegram, allow_chats=[GROUP])
    until(lambda: room.facts(f.ChatSubscribed))
    room.stop()
    room.to_user("while it was stopped")
    start(room, telegram, allow_chats=[GROUP])
    until(lambda: telegram.in_chat() == ["[PeerA]\nwhile it was stopped"])
