"""What can go wrong between the bridge and Discord."""

from __future__ import annotations

import time

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import BOT, CHANNEL, OTHER, THREAD, TOKEN, Discord, too_fast
from tests.waiting import until


def started(room: Room) -> None:
    room.start()
    connected(room)


def bodies(room: Room) -> list[str]:
    return [room.body(message) for message in room.facts(f.UserMessage)]


def announced(room: Room, count: int) -> None:
    until(lambda: len(room.facts(f.ChatPosting)) == count, 15)


# --- the gateway ---


def test_a_gateway_that_is_down_at_the_start_is_waited_for(room: Room, discord: Discord) -> None:
    discord.next_answer("gateway", *[Trouble(drop=True)] * 2)
    room.start()
    until(lambda: "gateway cannot be reached" in room.report().error)
    connected(room)
    assert "Traceback" not in room.log()


def test_a_server_that_is_down_at_the_start_is_waited_for(room: Room, discord: Discord) -> None:
    discord.kill()
    room.start()
    until(lambda: "Discord cannot be reached" in room.report().error)
    discord.start()
    discord.say("a: hello")
    until(lambda: bodies(room) == ["hello"], 15)


def test_an_outage_is_seen_at_once_and_loses_nothing_in_either_direction(room: Room, discord: Discord) -> None:
    started(room)
    discord.kill()
    until(lambda: not room.report().connected, 5)
    room.to_user("said while it was away")
    discord.start()
    discord.say("a: typed while nobody listened")
    until(lambda: discord.in_chat() == ["[PeerA]\nsaid while it was away"], 20)
    until(lambda: bodies(room) == ["typed while nobody listened"], 30)
    until(lambda: room.report().connected)


def test_a_session_that_discord_has_forgotten_loses_nothing(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("a: one")
    until(lambda: bodies(room) == ["one"])
    discord.kill()
    discord.sessions_kept([])
    discord.start()
    discord.say("a: two")
    discord.say("not for the peers")
    discord.say("b: in the thread", THREAD)
    until(lambda: bodies(room) == ["one", "two", "in the thread"], 30)
    assert len(discord.identified) == 2


def test_a_session_declared_invalid_loses_nothing_and_repeats_nothing(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("a: one")
    until(lambda: bodies(room) == ["one"])
    discord.send_op(9, False)
    discord.say("a: two")
    until(lambda: len(discord.identified) == 2, 15)
    discord.say("a: three")
    until(lambda: len(bodies(room)) == 3, 15)
    assert bodies(room) == ["one", "two", "three"]


def test_a_wish_to_reconnect_is_followed_and_what_was_missed_is_replayed(room: Room, discord: Discord) -> None:
    started(room)
    discord.send_op(7)
    discord.say("a: hello")
    until(lambda: discord.resumed)
    until(lambda: bodies(room) == ["hello"])
    until(lambda: room.report().connected)
    assert len(discord.identified) == 1


def test_what_was_written_while_no_bridge_ran_is_read_in_its_order(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("a: one")
    until(lambda: bodies(room) == ["one"])
    room.kill()
    for number in range(120):  # more than Discord gives at once
        discord.say(f"a: line {number}")
    discord.next_answer("history", Trouble(500, {}), Trouble(drop=True))
    room.revive()
    discord.say("a: live")
    until(lambda: len(bodies(room)) == 122, 30)
    assert bodies(room) == ["one", *(f"line {number}" for number in range(120)), "live"]


def test_what_was_written_before_a_channel_was_let_in_is_not_read(room: Room, discord: Discord) -> None:
    discord.say("a: long ago")
    started(room)
    discord.send_op(9, False)
    until(lambda: len(discord.identified) == 2, 15)
    discord.say("a: now")
    until(lambda: bodies(room) == ["now"], 15)


def test_a_channel_whose_history_may_not_be_read_is_named(room: Room, discord: Discord) -> None:
    started(room)
    discord.next_answer("history", Trouble(403, {"code": 50013, "message": "Missing Permissions"}))
    discord.send_op(9, False)
    until(lambda: "Read Message History" in room.report().error, 15)
    discord.say("a: hello")
    until(lambda: bodies(room) == ["hello"], 15)


def test_few_log_ins_are_left_unused(room: Room, discord: Discord) -> None:
    """Discord resets the token of a bot that logs in too often, as one in a crash loop would."""
    discord.logins_left = 40
    room.start()
    until(lambda: "40 of Discord's log-ins" in room.report().error)
    room.kill()
    room.revive()
    until(lambda: "40 of Discord's log-ins" in room.report().error)
    assert discord.identified == []


# --- what only a person can mend ---


def test_a_token_that_is_refused_is_said_with_what_to_do(room: Room, discord: Discord) -> None:
    discord.token = "another"
    room.start()
    until(lambda: "cccc token set discord" in room.report().error)
    assert len(discord.called("me")) == 1


def test_a_token_with_a_newline_in_it_is_no_outage(room: Room, discord: Discord) -> None:
    room.start(DISCORD_BOT_TOKEN=TOKEN[:30] + "\n" + TOKEN[30:])
    until(lambda: "cccc token set discord" in room.report().error)


def test_a_token_that_is_revoked_while_connected_is_noticed(room: Room, discord: Discord) -> None:
    started(room)
    discord.token = "another"
    discord.close_sockets(4004)
    until(lambda: "cccc token set discord" in room.report().error)
    assert not room.report().connected


def test_a_revoked_token_is_noticed_by_a_post_too(room: Room, discord: Discord) -> None:
    started(room)
    discord.token = "another"
    room.to_user("hello")
    until(lambda: "cccc token set discord" in room.report().error)
    until(lambda: not room.report().connected)


def test_the_missing_intent_is_named(room: Room, discord: Discord) -> None:
    discord.intents_allowed = False
    room.start()
    until(lambda: "Message Content Intent" in room.report().error)
    assert len(discord.identified) == 1


def test_another_program_with_the_same_token_is_noticed(room: Room, discord: Discord) -> None:
    started(room)
    discord.say("what the other one posts", user=BOT, nonce="of-the-other-one")
    until(lambda: "another program uses this token" in room.report().error)
    assert not room.report().connected


# --- posts ---


def test_posts_keep_their_order_when_discord_says_too_fast(room: Room, discord: Discord) -> None:
    started(room)
    discord.next_answer("post", Trouble(), too_fast(0.5), Trouble(), too_fast(0.5))
    for number in range(4):
        room.to_user(f"number {number}")
        announced(room, number + 1)
    until(lambda: len(discord.in_chat()) == 4, 15)
    assert discord.in_chat() == [f"[PeerA]\nnumber {number}" for number in range(4)]


def test_a_long_wait_in_one_channel_does_not_hold_up_the_others(room: Room, discord: Discord) -> None:
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL, OTHER], **QUICK)
    started(room)
    discord.next_answer("post", too_fast(600))
    room.to_user("hello")
    until(lambda: discord.in_chat() + discord.in_chat(OTHER) == ["[PeerA]\nhello"])
    until(lambda: "asked to wait 600 s; again in 600 s" in room.log())


def test_a_post_that_never_arrived_is_sent_again_once(room: Room, discord: Discord) -> None:
    started(room)
    discord.next_answer("post", Trouble(drop=True), Trouble(500, {}))
    room.to_user("hello")
    until(lambda: room.facts(f.ChatPosted), 15)
    assert discord.in_chat() == ["[PeerA]\nhello"]


@pytest.mark.parametrize("trouble", [Trouble(lost=True), Trouble(502, {}, lost=True)], ids=["reset", "502"])
def test_a_post_whose_answer_was_lost_comes_once(room: Room, discord: Discord, trouble: Trouble) -> None:
    started(room)
    discord.next_answer("post", trouble)
    room.to_user("hello")
    until(lambda: room.facts(f.ChatPosted), 15)
    assert discord.in_chat() == ["[PeerA]\nhello"]
    assert len({call["json"]["nonce"] for call in discord.called("post")}) == 1


@pytest.mark.parametrize("shown", [True, False], ids=["nonce shown", "nonce not shown"])
def test_a_post_of_a_bridge_that_died_comes_once_also_much_later(room: Room, discord: Discord, shown: bool) -> None:
    """Discord knows a nonce for some minutes; after that its history has to tell."""
    started(room)
    discord.shows_nonce = shown
    room.to_user("before")
    until(lambda: len(room.facts(f.ChatPosted)) == 1)
    discord.next_answer("post", Trouble(delay=1.0, lost=True))
    room.to_user("hello")
    until(lambda: len(discord.called("post")) == 2)
    room.kill()
    until(lambda: len(discord.in_chat()) == 2)
    discord.nonces.clear()
    room.revive()
    until(lambda: len(room.facts(f.ChatPosted)) == 2, 15)
    assert discord.in_chat() == ["[PeerA]\nbefore", "[PeerA]\nhello"]


def test_a_channel_without_access_stops_itself_and_not_the_others(room: Room, discord: Discord) -> None:
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL, OTHER], **QUICK)
    discord.forbidden.add(OTHER)
    started(room)
    room.to_user("one")
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed))
    assert left.chat == str(OTHER) and "Missing Access" in left.reason
    room.to_user("two")
    until(lambda: "[PeerA]\ntwo" in discord.in_chat())
    assert discord.in_chat()[0] == "[PeerA]\none"


def test_a_channel_that_is_deleted_gets_nothing_more(room: Room, discord: Discord) -> None:
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL, OTHER], **QUICK)
    started(room)
    discord.remove_channel(OTHER)
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed))
    assert (left.chat, left.reason) == (str(OTHER), "the channel was deleted")


def test_a_post_that_discord_does_not_take_is_given_up_and_said(room: Room, discord: Discord) -> None:
    started(room)
    discord.next_answer("post", Trouble(400, {"code": 50035, "message": "Invalid Form Body"}))
    room.to_user("hello")
    (failed,) = until(lambda: room.facts(f.ChatFailed))
    assert "Invalid Form Body" in failed.reason
    room.to_user("next")
    until(lambda: "[PeerA]\nnext" in discord.in_chat())


# --- secrets ---


def test_no_token_gets_into_a_log_or_a_report(room: Room, discord: Discord) -> None:
    started(room)
    discord.command("queue")
    until(lambda: len(discord.in_chat()) == 2)
    discord.next_answer("post", too_fast(0.1), Trouble(drop=True))
    room.to_user("hello")
    until(lambda: len(discord.in_chat()) == 3, 15)
    discord.kill()
    until(lambda: not room.report().connected)
    discord.token = "another"
    discord.start()
    until(lambda: "cccc token set discord" in room.report().error, 30)
    for path in (*room.project.logs.glob("*"), *room.project.state.glob("*.json*")):
        text = path.read_text()
        assert TOKEN.rpartition(".")[2] not in text and "interaction-token" not in text, path


def test_a_bridge_ends_quickly_also_during_an_outage(room: Room, discord: Discord) -> None:
    started(room)
    discord.kill()
    until(lambda: not room.report().connected)
    begin = time.monotonic()
    room.stop()
    assert time.monotonic() - begin < 3
    assert "Traceback" not in room.log() and "never retrieved" not in room.log()
