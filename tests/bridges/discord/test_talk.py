"""Lines from Discord to the peers, and from the peers to Discord."""

from __future__ import annotations

from cccc.common import facts as f
from tests.bridges.conftest import Room, connected
from tests.bridges.stand_ins.discord import CHANNEL, Discord
from tests.waiting import until


def test_a_line_with_a_route_becomes_a_message(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
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
