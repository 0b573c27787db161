"""The parts of the Discord bridge that need no process of their own, and Discord's slowest trouble."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import discord as library
import pytest

from cccc.services.bridges.discord import chat, client, dress, events, menu
from cccc.services.bridges.platform import Health, Unreadable
from tests.bridges.stand_ins.discord import CHANNEL, TOKEN, Discord
from tests.waiting import until


@pytest.fixture
def own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library has its addresses for the whole process: put them back afterwards."""
    monkeypatch.setattr(library.http.Route, "BASE", library.http.Route.BASE)
    monkeypatch.setattr(library.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", None)
    monkeypatch.setattr("discord.client.ExponentialBackoff", None)


@contextmanager
def listening(discord: Discord) -> Iterator[list[Any]]:
    """Run the platform in a thread; yield what it hands over."""
    came: list[Any] = []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        chat.use(discord.url, discord.gateway)
        await chat.Chats(TOKEN, lambda: {str(CHANNEL): 0}, str).run(came.append)

    running = loop.create_task(run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([running])))
    thread.start()
    try:
        yield came
    finally:
        loop.call_soon_threadsafe(running.cancel)
        thread.join(5)
        left = asyncio.all_tasks(loop)
        loop.close()
        assert not left and not thread.is_alive()


def test_a_gateway_that_answers_no_heartbeat_is_left_for_another_try(
    discord: Discord, own_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_HEARD_WITHIN", 1.5)  # 50 s, beyond the 41 s that Discord asks for
    with listening(discord) as came:
        until(lambda: Health(True, "heartbeat answered") in came)
        discord.answers_heartbeats = False
        until(lambda: isinstance(came[-1], Health) and came[-1].error == client.LOST)
        discord.answers_heartbeats = True
        until(lambda: came[-1] == Health(True, "heartbeat answered"))


def test_an_event_that_cannot_be_read_is_told_and_the_next_ones_arrive(discord: Discord, own_addresses: None) -> None:
    with listening(discord) as came:
        until(lambda: Health(True, "heartbeat answered") in came)
        discord.run(discord._dispatch("MESSAGE_CREATE", {"nothing": "of a message"}))
        until(lambda: any(isinstance(each, Unreadable) for each in came))
        discord.say("a: hello")
        until(lambda: any(getattr(each, "text", "") == "a: hello" for each in came), 15)


def test_an_error_in_what_follows_from_an_event_ends_the_bridge(
    discord: Discord, own_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would log it, and the message would be lost."""
    monkeypatch.delattr(events, "message_of")
    discord.say("a: hello")

    async def run() -> None:
        chat.use(discord.url, discord.gateway)
        await asyncio.wait_for(chat.Chats(TOKEN, lambda: {str(CHANNEL): 0}, str).run(lambda came: None), 15)

    with pytest.raises(AttributeError, match="message_of"):
        asyncio.run(run())


def test_no_wait_between_two_tries_is_longer_than_half_a_minute() -> None:
    backoff = client.Capped()
    assert max(backoff.delay() for _ in range(200)) == 30.0


def test_a_message_in_a_thread_is_known_by_both_numbers() -> None:
    assert events.named("", 5) == "5"
    assert events.named("3001", 5) == "3001:5"
    assert events.channel_and_message("1001", "5") == (1001, 5)
    assert events.channel_and_message("1001", "3001:5") == (3001, 5)


def test_a_command_that_discord_knows_differently_is_told_again() -> None:
    assert menu.same(menu.wanted())
    assert not menu.same(menu.wanted()[1:])
    changed = [{**menu.wanted()[0], "description": "something else"}, *menu.wanted()[1:]]
    assert not menu.same(changed)
    assert all(len(command["description"]) <= 100 for command in menu.wanted())


TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"


def test_tables_are_code_blocks_and_low_headings_bold() -> None:
    text = f"#### Result\n\n{TABLE}\nas above"
    assert dress.markdown(text, 2000) == f"**Result**\n\n```\n{TABLE.rstrip()}\n```\n\nas above"


def test_what_is_in_a_code_block_stays_as_it_is() -> None:
    text = f"```text\n#### not a heading\n{TABLE}```\nafter"
    assert dress.markdown(text, 2000) == text


def test_a_text_that_would_grow_too_long_stays_as_it_is() -> None:
    assert dress.markdown(TABLE, len(TABLE)) == TABLE
