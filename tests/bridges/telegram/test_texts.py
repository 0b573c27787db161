"""How texts look in Telegram: merged, cut, split; and messages that change, or stand in topics."""

from __future__ import annotations

import json
from typing import Any

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from cccc.scripts.stand_ins.telegram import DIRECT, GROUP, Telegram
from tests.bridges.conftest import QUICK, Room, connected
from tests.waiting import until


def begin(room: Room, telegram: Telegram, **settings: Any) -> None:
    room.set(**{"api_base_url": telegram.url, "allow_chats": [GROUP], **QUICK, **settings})
    room.start()
    connected(room)
    until(lambda: room.facts(f.ChatSubscribed))


def test_messages_in_quick_succession_are_merged_and_none_is_dropped(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, debounce_seconds=3)
    for number in range(4):
        room.to_user(f"message {number}", "PeerA" if number % 2 else "PeerB")
    until(lambda: len(telegram.in_chat()) == 2)
    assert "\n\n".join(telegram.in_chat()) == "\n\n".join(
        f"[{'PeerA' if number % 2 else 'PeerB'}]\nmessage {number}" for number in range(4)
    )


def test_secrets_do_not_reach_a_chat(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    room.to_user("use api_key=abcdef123 and ghp_" + "a" * 36)
    assert until(lambda: telegram.in_chat()) == ["[PeerA]\nuse [REDACTED] and [REDACTED]"]


def test_a_text_that_is_longer_than_a_person_wants_comes_whole_as_a_file(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, max_msg_lines=3)
    text = "\n".join(f"line {number}" for number in range(40))
    message = room.to_user(f"{text}\npassword=hunter2")
    until(lambda: telegram.called("sendDocument"))
    assert telegram.in_chat()[0] == f"[PeerA]\nline 0\nline 1\nline 2\n… (cut here; full text in {message.mid}.md)"
    (sent,) = telegram.called("sendDocument")
    assert sent["filename"] == f"{message.mid}.md"
    content = next(value for value in sent.values() if isinstance(value, bytes)).decode()
    assert content == f"{text}\n[REDACTED]"


def test_a_text_longer_than_a_message_is_split_in_order(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, max_msg_chars=20000, max_msg_lines=1000)
    text = "\n".join(f"line {number:04d} with some more words in it" for number in range(300))
    room.to_user(text)
    until(lambda: len(room.facts(f.ChatPosted)) == 3, 15)
    assert "\n".join(telegram.in_chat()) == f"[PeerA]\n{text}"
    assert [posted.left for posted in room.facts(f.ChatPosted)] == [2, 1, 0]


def test_a_bridge_killed_between_two_parts_goes_on_with_the_second(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, max_msg_chars=20000, max_msg_lines=1000)
    telegram.next_answer("sendMessage", Trouble(), Trouble(delay=30, drop=True))
    room.to_user("\n".join(f"line {number:04d} with some more words in it" for number in range(200)))
    until(lambda: len(telegram.called("sendMessage")) == 2)
    room.kill()
    room.revive()
    until(lambda: len(room.facts(f.ChatPosted)) == 2, 15)
    first, _ = telegram.in_chat()
    assert first.startswith("[PeerA]\nline 0000")


def test_a_text_that_telegram_cannot_parse_comes_plain(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    wrong = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities: unsupported tag"}
    telegram.next_answer("sendMessage", Trouble(400, wrong))
    room.to_user("**hello**")
    assert until(lambda: telegram.in_chat()) == ["[PeerA]\n**hello**"]


def test_a_message_that_is_changed_is_passed_on_as_a_change(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    number = telegram.say("b: use postgres")
    (first,) = until(lambda: room.facts(f.UserMessage))
    telegram.say("b: use sqlite", message_id=number, edit_date=2)
    telegram.say("b: use sqlite", message_id=number, edit_date=3)
    _, second, *_ = until(lambda: room.facts(f.UserMessage)[1:] and room.facts(f.UserMessage))
    assert (second.route, second.edit_of) == ("b", first.mid)
    assert room.body(second) == f"EDITED {first.mid}, which now says:\nuse sqlite"


def test_a_change_that_changes_no_word_and_a_changed_command_do_nothing(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    number = telegram.say("b: use postgres")
    until(lambda: room.facts(f.UserMessage))
    telegram.say("b: use postgres", message_id=number, edit_date=2)
    telegram.say("/pause", message_id=99, edit_date=2)
    telegram.say("b: the end")
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    assert not room.facts(f.ChatCommand)


def test_in_a_topic_answers_stay_there_and_posts_go_where_the_chat_was_let_in(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, autoregister="open", **QUICK)
    room.start()
    topic: dict[str, Any] = {"message_thread_id": 5, "is_topic_message": True}
    telegram.say("/subscribe@pair_bot", **topic)
    until(lambda: telegram.in_chat())
    room.to_user("hello")
    until(lambda: "[PeerA]\nhello" in telegram.in_chat())
    telegram.say("/queue", **{**topic, "message_thread_id": 6})
    until(lambda: "the queue is empty" in telegram.in_chat())
    assert [post["message_thread_id"] for post in telegram.posts] == ["5", "5", "6"]


def test_a_route_alone_below_a_message_passes_that_message_on(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    quoted = {"message_id": 7, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "text": "it broke again"}
    telegram.say("both:", reply_to_message=quoted)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.route, room.body(message)) == ("both", "it broke again")
    telegram.say("a: look at this", reply_to_message=quoted)
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    assert room.body(room.facts(f.UserMessage)[1]) == "> it broke again\n\nlook at this"
    telegram.say("a:")
    until(lambda: any("nothing to send" in text for text in telegram.in_chat()))


def test_a_hint_is_not_repeated_within_its_cool_down(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, allow_chats=[GROUP, DIRECT])
    for _ in range(3):
        telegram.say("@pair_bot what now?")
    telegram.say("a: the end")
    until(lambda: room.facts(f.UserMessage))
    assert len(room.facts(f.ChatTold)) == 1


def test_what_the_gate_did_is_told(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    room.tell("evidence", f.PatchReject(author="PeerB", mid="m-1", reason="src/x.py is not an allowed path"))
    until(lambda: telegram.in_chat() == ["[Gate] refused m-1 of PeerB: src/x.py is not an allowed path"])
    landed = f.PatchCommit(
        author="PeerB",
        mid="m-2",
        source="patch.diff",
        lines=1,
        paths=["README.md"],
        branch="refs/heads/main",
        commit="0123456789abcdef",
        tests_ok=True,
        seconds=1.0,
    )
    room.tell("evidence", landed)
    until(lambda: len(telegram.in_chat()) == 2)
    assert telegram.in_chat()[1] == "[Gate] landed m-2 of PeerB: 0123456789, 1 line in 1.0 s\n<code>README.md</code>"
    assert json.loads(telegram.posts[0]["link_preview_options"])["is_disabled"]
