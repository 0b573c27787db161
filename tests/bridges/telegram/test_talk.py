"""Lines from Telegram to the peers, and from the peers to Telegram."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.scripts.stand_ins.telegram import ALICE, DIRECT, GROUP, Telegram
from tests.bridges.conftest import QUICK, Room
from tests.waiting import until


def test_a_line_with_a_route_becomes_a_message_and_the_offset_is_raised(room: Room, telegram: Telegram) -> None:
    room.start()
    number = telegram.say("a: why does test_login fail?")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.via, message.route, message.chat) == ("telegram", "a", str(GROUP))
    assert (message.who, message.user, message.message) == ("Alice", "42", str(number))
    assert room.body(message) == "why does test_login fail?"
    until(lambda: telegram.updates == [], what="the update is confirmed")


def test_halves_of_characters_are_replaced_and_hold_nothing_up(room: Room, telegram: Telegram) -> None:
    room.start()
    telegram.say("a: half \ud83d of \ud83d\ude00", user={**ALICE, "first_name": "Al\udc00ice"})
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.who, room.body(message)) == ("Al\ufffdice", "half \ufffd of \U0001f600")


def test_a_message_is_in_the_ledger_before_it_is_confirmed(room: Room, telegram: Telegram) -> None:
    """A crash between the two: Telegram sends it again, and it counts once."""
    room.start()
    telegram.say("b: first")
    until(lambda: telegram.updates == [])
    room.kill()
    telegram.say("b: second")
    kept = list(telegram.updates)
    room.revive()
    until(lambda: telegram.updates == [])
    room.kill()
    telegram.updates = kept  # as if the confirmation had been lost
    room.revive()
    until(lambda: telegram.updates == [])
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["first", "second"]


def test_what_a_peer_says_to_the_user_is_in_the_chat_under_its_name(room: Room, telegram: Telegram) -> None:
    room.start()
    room.to_user("The test fails because of **time zones**.", "PeerB")
    assert until(lambda: telegram.in_chat()) == ["[PeerB]\nThe test fails because of <b>time zones</b>."]
    posted = until(lambda: room.facts(f.ChatPosted))
    assert (posted[0].chat, posted[0].message) == (str(GROUP), str(telegram.posts[0]["message_id"]))


def test_what_the_peers_say_to_each_other_is_shown_until_it_is_turned_off(room: Room, telegram: Telegram) -> None:
    room.start()
    room.to_peer("look at utils.py")
    until(lambda: "[PeerA→PeerB]\nlook at utils.py" in telegram.in_chat())
    telegram.say("/showpeers off")
    until(lambda: any("only the peers' messages to you" in text for text in telegram.in_chat()))
    room.to_peer("this stays between us")
    room.to_user("done")
    until(lambda: "[PeerA]\ndone" in telegram.in_chat(), 10)
    assert not any("between us" in text for text in telegram.in_chat())


def test_a_message_between_the_peers_that_is_held_is_shown_when_it_is_handed_over(
    room: Room, telegram: Telegram
) -> None:
    room.start()
    held = room.held("CLAIM: without an insight")
    room.held("nobody ever gets this")
    room.to_peer("what comes later", "PeerB")
    until(lambda: telegram.in_chat() == ["[PeerB→PeerA]\nwhat comes later"])
    until(lambda: room.facts(f.ChatPosted), what="the post is known, and will not come twice")
    room.kill()
    room.revive()
    room.hand_over(held)
    room.to_user("done")
    until(lambda: "[PeerA]\ndone" in telegram.in_chat(), 10)
    assert telegram.in_chat()[1:] == ["[PeerA→PeerB]\nCLAIM: without an insight", "[PeerA]\ndone"]


def test_a_prefix_that_is_no_route_is_told_once_and_the_line_is_passed_on(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, allow_chats=[DIRECT], **QUICK)
    room.start()
    telegram.say("c: foo", chat=DIRECT)
    telegram.say("c: bar", chat=DIRECT)
    told = "unknown recipient <code>c:</code> (use a: b: both:); sent to PeerA and PeerB as it is"
    until(lambda: telegram.in_chat(DIRECT) == [told])
    until(lambda: [room.body(message) for message in room.facts(f.UserMessage)] == ["c: foo", "c: bar"])


def test_a_restarted_bridge_posts_nothing_old_and_loses_nothing_new(room: Room, telegram: Telegram) -> None:
    room.to_user("before anybody listened")
    room.start()
    until(lambda: room.facts(f.ChatSubscribed))
    room.to_user("one")
    until(lambda: len(telegram.in_chat()) == 1)
    until(lambda: len(room.facts(f.ChatPosted)) == 1)
    room.kill()
    room.to_user("two")
    room.revive()
    until(lambda: len(telegram.in_chat()) == 2, 10)
    assert telegram.in_chat() == ["[PeerA]\none", "[PeerA]\ntwo"]


def test_a_command_in_a_group_is_answered_there(room: Room, telegram: Telegram) -> None:
    room.start()
    telegram.say("/queue@pair_bot")
    until(lambda: telegram.in_chat() == ["the queue is empty"])
    telegram.say("/queue@another_bot")
    telegram.say("/whoami")
    until(lambda: len(telegram.in_chat()) == 2, 10)
    assert telegram.in_chat()[1] == f"you are Alice (telegram 42) in chat {GROUP}"


def test_a_chat_that_is_not_let_in_learns_how_to_be_and_nothing_else(room: Room, telegram: Telegram) -> None:
    room.start()
    telegram.say("a: delete everything", DIRECT)
    telegram.say("/status", DIRECT)
    until(lambda: len(telegram.in_chat(DIRECT)) == 1)
    telegram.say("a: hello")
    until(lambda: room.facts(f.UserMessage))
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["hello"]
    assert len(telegram.in_chat(DIRECT)) == 1 and "/subscribe CODE" in telegram.in_chat(DIRECT)[0]


def test_a_message_gets_its_mark_when_it_is_stored_and_when_the_model_has_it(room: Room, telegram: Telegram) -> None:
    room.start()
    number = telegram.say("a: hello")
    (message,) = until(lambda: room.facts(f.UserMessage))
    until(lambda: telegram.reactions.get((GROUP, number)) == ["👀"])
    room.tell("delivery", f.HandoffAccepted(author="PeerA", mid=message.mid, inbox_seq=1, tool="read"))
    until(lambda: telegram.reactions.get((GROUP, number)) == ["👀", "👌"])


def test_a_line_that_the_peers_accept_at_different_times_is_marked_once_and_so_is_the_next(
    room: Room, telegram: Telegram
) -> None:
    room.start()
    first = telegram.say("both: hello")
    (message,) = until(lambda: room.facts(f.UserMessage))
    for peer in ("PeerA", "PeerB"):
        room.tell("delivery", f.HandoffAccepted(author=peer, mid=message.mid, inbox_seq=1, tool="read"))
        until(lambda: telegram.reactions.get((GROUP, first)) == ["👀", "👌"])
        until(lambda: [marked.mark for marked in room.facts(f.ChatMarked)] == ["stored", "accepted"])
    second = telegram.say("a: and this?")
    until(lambda: telegram.reactions.get((GROUP, second)) == ["👀"])
    assert telegram.reactions[GROUP, first] == ["👀", "👌"]


def test_receipts_can_be_turned_off(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, allow_chats=[GROUP], receipts=False, **QUICK)
    room.start()
    telegram.say("a: hello")
    assert [marked.reason for marked in until(lambda: room.facts(f.ChatMarked))] == ["turned off"]
    assert telegram.reactions == {}
