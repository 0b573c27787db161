"""Lines from Discord to the peers, and from the peers to Discord."""

from __future__ import annotations

from cccc.common import facts as f
from tests.bridges.conftest import Room, connected
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import BOT, CHANNEL, DIRECT, OTHER, THREAD, Discord
from tests.waiting import until


def started(room: Room) -> None:
    room.start()
    connected(room)


def bodies(room: Room) -> list[str]:
    return [room.body(message) for message in room.facts(f.UserMessage)]


def test_a_line_with_a_route_becomes_a_message(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("a: why does test_login fail?")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.via, message.route, message.chat) == ("discord", "a", str(CHANNEL))
    assert (message.who, message.user, message.message) == ("Alice", "42", str(number))
    assert room.body(message) == "why does test_login fail?"


def test_what_a_peer_says_to_the_user_is_in_the_channel_under_its_name(room: Room, discord: Discord) -> None:
    room.start()
    room.to_user("The test fails because of **time zones**.", "PeerB")
    assert until(lambda: discord.in_chat()) == ["[PeerB]\nThe test fails because of **time zones**."]
    posted = until(lambda: room.facts(f.ChatPosted))
    assert (posted[0].chat, posted[0].message) == (str(CHANNEL), discord.posts()[0]["id"])


def test_nobody_is_notified_by_what_is_posted(room: Room, discord: Discord) -> None:
    room.start()
    room.to_user("@everyone <@42> look")
    (post,) = until(lambda: discord.posts())
    assert post["sent"]["allowed_mentions"]["parse"] == []


def test_a_mention_of_the_bot_is_taken_out_and_those_of_others_are_names(room: Room, discord: Discord) -> None:
    started(room)
    discord.say(f"<@{BOT['id']}> a: ask <@43>")
    until(lambda: bodies(room) == ["ask @Bob"])


def test_bots_webhooks_and_the_bridge_itself_are_ignored(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("a: from a bot", user={**BOT, "id": "98", "username": "other"})
    discord.say("a: from a webhook", webhook_id="77")
    discord.say("a: from itself", user=BOT)
    discord.say("a: from a person")
    until(lambda: bodies(room) == ["from a person"])


def test_an_edited_message_is_passed_on_as_a_new_version(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("a: rename foo")
    (first,) = until(lambda: room.facts(f.UserMessage))
    discord.change(number, "a: rename bar")
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    assert bodies(room)[1] == f"EDITED {first.mid}, which now says:\nrename bar"
    assert room.facts(f.UserMessage)[1].edit_of == first.mid


def test_a_direct_message_needs_no_route(room: Room, discord: Discord) -> None:
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[DIRECT], **QUICK)
    started(room)
    discord.say("hello", DIRECT)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.route, message.chat, room.body(message)) == ("both", str(DIRECT), "hello")
    room.to_user("hello yourself")
    until(lambda: discord.in_chat(DIRECT) == ["[PeerA]\nhello yourself"])


def test_a_thread_belongs_to_its_channel_and_is_answered_in_itself(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("a: in the thread", THREAD)
    discord.say("/whoami", THREAD)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.chat, message.thread, message.message) == (str(CHANNEL), str(THREAD), f"{THREAD}:{number}")
    until(lambda: discord.in_chat(THREAD) == [f"you are Alice (discord 42) in chat {CHANNEL}"])
    until(lambda: discord.reactions.get(number))


def test_a_reply_with_a_route_only_passes_on_the_quoted_text(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("the log is full of warnings")
    discord.say("b:", reply_to=number)
    until(lambda: bodies(room) == ["the log is full of warnings"])


def test_an_answer_stands_below_its_command(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("/queue")
    (post,) = until(lambda: discord.posts())
    assert post["content"] == "the queue is empty"
    assert post["message_reference"]["message_id"] == number


def test_a_channel_that_is_not_let_in_learns_how_to_be_and_nothing_else(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("a: delete everything", OTHER)
    discord.say("/status", OTHER)
    until(lambda: len(discord.in_chat(OTHER)) == 1)
    discord.say("a: hello")
    until(lambda: bodies(room) == ["hello"])
    assert len(discord.in_chat(OTHER)) == 1 and "/subscribe CODE" in discord.in_chat(OTHER)[0]


def test_a_message_gets_its_mark_when_it_is_stored_and_when_the_model_has_it(room: Room, discord: Discord) -> None:
    started(room)
    number = discord.say("a: hello")
    (message,) = until(lambda: room.facts(f.UserMessage))
    until(lambda: discord.reactions.get(number) == ["👀"])
    room.tell("delivery", f.HandoffAccepted(author="PeerA", mid=message.mid, inbox_seq=1, tool="read"))
    until(lambda: discord.reactions.get(number) == ["👀", "👌"])


def test_a_long_text_is_split_at_two_thousand(room: Room, discord: Discord) -> None:
    room.set(
        api_base_url=discord.url,
        gateway_url=discord.gateway,
        allow_chats=[CHANNEL],
        **{**QUICK, "max_msg_chars": 9000, "max_msg_lines": 900},
    )
    room.start()
    room.to_user("\n".join(f"line {number} of the report" for number in range(200)))
    until(lambda: [fact.left for fact in room.facts(f.ChatPosted)][-1:] == [0])
    assert len(discord.in_chat()) == 3
    assert all(len(text) <= 2000 for text in discord.in_chat())


def test_a_text_that_is_too_long_comes_whole_as_a_file(room: Room, discord: Discord) -> None:
    room.start()
    text = "\n".join(f"line {number}" for number in range(100))
    fact = room.to_user(text)
    _, post = until(lambda: discord.posts()[1:] and discord.posts())
    (file,) = post["attachments"]
    assert file["filename"] == f"{fact.mid}.md"
    assert discord.files[file["id"]].decode() == text


def test_a_clean_end_is_quick_and_leaves_no_traceback(room: Room, discord: Discord) -> None:
    started(room)
    room.stop()
    assert "Traceback" not in room.log() and "never retrieved" not in room.log()
