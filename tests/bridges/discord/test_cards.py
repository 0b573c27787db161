"""Decision cards and application commands in Discord."""

from __future__ import annotations

import json

import pytest

from cccc.common import facts as f
from cccc.common.commands import BY_NAME
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import BOB, CHANNEL, OTHER, THREAD, Discord
from tests.waiting import until

APPROVERS = {"rfd": {"approvers": {"alice": {"discord": "42", "local": True}}}}


@pytest.fixture
def deciding(room: Room, discord: Discord) -> Room:
    """A bridge with two channels let in, and the orchestrator, for which Alice may decide."""
    (room.project.settings / "policies.yaml").write_text(json.dumps(APPROVERS))
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL, OTHER], **QUICK)
    room.service("orchestrator")
    room.start()
    connected(room)
    return room


def ask(room: Room, rfd_id: str = "rfd-msg-1") -> None:
    card = f.Rfd(
        id=rfd_id,
        rfd_id=rfd_id,
        author="PeerA",
        mid="m-1",
        why="request",
        title="Drop the old table?",
        question="It is 3 GB.",
        minutes=60,
        expires="2099-01-01T00:00:00.000000Z",
        required=1,
    )
    room.tell("orchestrator", card)


def cards(discord: Discord, channel: int = CHANNEL) -> list[dict[str, object]]:
    return [post for post in discord.posts(channel) if post["components"]]


def settled(discord: Discord, channel: int) -> bool:
    return any("approved by alice" in text for text in discord.in_chat(channel)) and not cards(discord, channel)


def test_a_press_decides_and_every_copy_shows_who_and_when(deciding: Room, discord: Discord) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(discord))
    until(lambda: cards(discord, OTHER))
    press = discord.press(card, "Approve")
    until(lambda: settled(discord, CHANNEL) and settled(discord, OTHER))
    (given,) = deciding.facts(f.Decision)
    assert (given.decision, given.user, given.via) == ("approve", "42", "discord")
    until(lambda: discord.private == [(press, "rfd-msg-1: approved by alice")])
    assert discord.callbacks[0]["type"] == 6  # nothing to see yet


def test_who_may_not_decide_is_told_so_and_nobody_else_is(deciding: Room, discord: Discord) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(discord))
    press = discord.press(card, "Approve", BOB)
    ((told, text),) = until(lambda: discord.private)
    assert told == press and "approver" in text
    assert cards(discord)
    assert len(discord.posts()) == 1


def test_a_button_works_after_a_restart_of_the_bridge(deciding: Room, discord: Discord) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(discord))
    until(lambda: deciding.facts(f.ChatPosted))
    deciding.kill()
    deciding.revive()
    connected(deciding)
    discord.press(card, "Reject")
    until(lambda: [given.decision for given in deciding.facts(f.Decision)] == ["reject"])
    until(lambda: discord.private)


def test_a_press_whose_bridge_died_before_the_answer_is_answered_in_the_channel(
    deciding: Room, discord: Discord
) -> None:
    """The press cannot be answered any more: what opens it is kept in no file."""
    ask(deciding)
    (card,) = until(lambda: cards(discord))
    until(lambda: len(deciding.facts(f.ChatPosted)) == 2)
    discord.next_answer("interaction_more", Trouble(drop=True))
    discord.press(card, "Approve", BOB)
    until(lambda: discord.called("interaction_more"))
    deciding.kill()
    deciding.revive()
    until(lambda: any("approver" in text for text in discord.in_chat()), 15)


def test_ask_more_opens_a_form_and_its_words_reach_the_peers(deciding: Room, discord: Discord) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(discord))
    discord.press(card, "Ask more")
    (shown,) = until(lambda: discord.callbacks)
    assert shown["type"] == 9
    discord.fill(shown["data"], "who still reads it?", card)
    (asked,) = until(lambda: deciding.facts(f.RfdQuestion))
    assert (asked.rfd_id, asked.text) == ("rfd-msg-1", "who still reads it?")
    until(lambda: any("who still reads it?" in text for text in discord.in_chat(OTHER)))
    deciding.to_user("Only the export does.")
    answer = until(lambda: [post for post in discord.posts() if "Only the export does." in post["content"]])
    assert str(answer[0]["message_reference"]["message_id"]) == card["id"]


def test_the_list_of_commands_is_told_to_discord_once(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    assert {command["name"] for command in discord.commands} == {*BY_NAME, "a", "b", "both"}
    room.stop()
    room.revive()
    connected(room)
    assert len(discord.called("set_commands")) == 1


def test_an_application_command_is_shown_as_a_line_and_answered_below_it(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    discord.command("queue")
    until(lambda: discord.in_chat() == ["/queue", "the queue is empty"])
    line, answer = discord.posts()
    assert str(answer["message_reference"]["message_id"]) == line["id"]
    discord.command("both", "say hello", THREAD)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert (message.route, message.who, message.thread, room.body(message)) == (
        "both",
        "Alice",
        str(THREAD),
        "say hello",
    )
    until(lambda: discord.reactions.get(int(discord.posts(THREAD)[0]["id"])) == ["👀"])


def test_a_command_that_cannot_be_shown_in_time_counts_all_the_same(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    discord.next_answer("interaction_answer", Trouble(404, {"code": 10062, "message": "Unknown interaction"}))
    discord.command("a", "say hello")
    until(lambda: room.facts(f.UserMessage))
