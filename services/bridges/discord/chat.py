"""Discord, by discord.py.

The library reconnects by itself, but not when its first try fails, nor when Discord closes the connection for a
reason that only a person can mend. So each client lives as long as it can, and then another one is tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Callable, TypeVar

import aiohttp
import discord
import yarl

from cccc.common.text import redaction
from cccc.services.bridges.discord import client, dress, events
from cccc.services.bridges.discord.client import Capped, Client, Hopeless, Kept, Places
from cccc.services.bridges.platform import (
    FileRef,
    Gone,
    Health,
    Incoming,
    Later,
    Limits,
    Message,
    Pace,
    Post,
    Put,
    Refused,
    Undone,
    Unreachable,
    Unsure,
)

_BACK_OFF = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_WITHOUT_HOPE = 120.0  # seconds between looks whether a person has mended it
_DONE_WITHIN = 60.0
_UPLOADED_WITHIN = 180.0
_BEATS_WITHIN = 60.0
_ENDED_WITHIN = 2.0
_LOOKED_THROUGH = 50  # own or not, newest first
_BUTTON_LABEL = 80

_MARKS = {"stored": "👀", "accepted": "👌"}
_STYLES = {"Approve": discord.ButtonStyle.green, "Reject": discord.ButtonStyle.red}
# Discord's codes: unknown channel, missing access, no messages to this person, missing permissions.
_NEVER_AGAIN = frozenset({10003, 50001, 50007, 50013})

T = TypeVar("T")


def use(api: str, gateway: str) -> None:
    """Set the addresses and the longest back-off, which the library has for the whole process."""
    discord.http.Route.BASE = api.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    setattr(discord.client, "ExponentialBackoff", Capped)  # noqa: B010  # the library does not export its own name


class Chats:
    """The channels and direct messages of one bot."""

    limits = Limits(text=2000, caption=2000, press=2000, download=500 << 20)
    plain_words = False

    def __init__(self, token: str, places: Places, origin: Callable[[], str]) -> None:
        self.me = ""
        self._token = token
        self._places = places
        self._origin = origin
        self._kept = Kept()
        self._client: Client | None = None

    # --- receiving ---

    async def run(self, put: Put) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._talk(put)
            except Hopeless as error:
                wait = _WITHOUT_HOPE
                put(Health(False, error=str(error)))
            except client.OUTAGES as error:
                failures = failures + 1 if time.monotonic() - began < _BEATS_WITHIN else 0
                wait = _BACK_OFF[min(failures, len(_BACK_OFF) - 1)]
                put(Health(False, error=f"Discord cannot be reached: {_words(error)}"))
            await asyncio.sleep(wait)

    async def _talk(self, put: Put) -> None:
        """Be connected until that ends in an error, which is raised."""
        now = Client(put, self._places, self._kept)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._log_in(now)
            self._client = now
            tasks = [asyncio.create_task(now.stay()), asyncio.create_task(_watch(now, put))]
            await asyncio.wait([*tasks, now.broken], return_when=asyncio.FIRST_COMPLETED)
            for each in (*tasks, now.broken):
                if each.done():
                    each.result()
        finally:
            self._client = None
            for task in tasks:
                task.cancel()
            with contextlib.suppress(*client.OUTAGES):
                await asyncio.wait_for(now.close(), _ENDED_WITHIN)
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _log_in(self, now: Client) -> None:
        try:
            await asyncio.wait_for(now.login(self._token), _DONE_WITHIN)
        except (discord.LoginFailure, ValueError):  # the latter for a token with a newline in it
            raise Hopeless(client.TOKEN) from None
        assert now.user
        self.me = now.user.name

    async def accept(self, incoming: Incoming) -> None:
        """Nothing is confirmed to Discord; where to catch up from follows from the facts, and from this."""
        if isinstance(incoming, Message) and not incoming.edited:
            _, message = events.channel_and_message(incoming.chat, incoming.message)
            self._kept.accepted[incoming.chat] = max(message, self._kept.accepted.get(incoming.chat, 0))

    # --- posting ---

    def pace(self, chat: str) -> Pace:
        """5 messages in 5 s for a channel; the library spaces them as Discord tells it with every answer."""
        return Pace(every=0.0, per_minute=60, marks=120)

    async def post(self, chat: str, post: Post, key: str, doubt: bool) -> str:
        if post.edit:
            return await self._edit(chat, post)
        text = dress.markdown(post.text, self.limits.text)
        nonce = self._nonce(chat, key)
        channel = self._ready().get_partial_messageable(int(post.thread or chat))
        if doubt:
            found = await self._done(_find(channel, text, post, nonce, self._ready().user))
            if found:
                return events.named(post.thread, found)
        self._kept.nonces.append(nonce)
        message = await self._done(_send(channel, text, post, nonce), _UPLOADED_WITHIN if post.file else _DONE_WITHIN)
        return events.named(post.thread, message.id)

    async def _edit(self, chat: str, post: Post) -> str:
        content = dress.markdown(post.text, self.limits.text)
        await self._done(self._message(chat, post.edit).edit(content=content, view=_buttons(post)))
        return post.edit

    async def answer(self, press: str, text: str) -> None:
        interaction = self._kept.presses.get(press)
        if interaction is None or interaction.is_expired():
            raise Refused("the button press is too old to answer")
        await self._done(interaction.followup.send(text, ephemeral=True))

    async def mark(self, chat: str, message: str, mark: str) -> None:
        await self._done(self._message(chat, message).add_reaction(_MARKS[mark]))

    async def fetch(self, file: FileRef, to: Path) -> None:
        channel, message, own = map(int, file.id.split(":"))
        found = await self._done(self._ready().get_partial_messageable(channel).fetch_message(message))
        attachment = next((each for each in found.attachments if each.id == own), None)
        if attachment is None:
            raise Refused("the file was taken out of its message")
        await self._done(attachment.save(to), _UPLOADED_WITHIN)

    def _nonce(self, chat: str, key: str) -> str:
        return hashlib.blake2s(f"{self._origin()} {chat} {key}".encode(), digest_size=12).hexdigest()

    def _message(self, chat: str, message: str) -> discord.PartialMessage:
        channel, own = events.channel_and_message(chat, message)
        return self._ready().get_partial_messageable(channel).get_partial_message(own)

    def _ready(self) -> Client:
        if self._client is None:
            raise Unreachable("not connected")
        return self._client

    async def _done(self, call: Awaitable[T], within: float = _DONE_WITHIN) -> T:
        """Return what a call of the library gives. Raises an Undone for every way in which it can fail."""
        now = self._client
        try:
            return await asyncio.wait_for(call, within)
        except client.OUTAGES as error:
            if isinstance(error, discord.HTTPException) and error.status == 401 and now:
                now.end(Hopeless(client.TOKEN))
            raise _undone(error) from None
        except RuntimeError:
            if now and not now.is_closed():
                raise
            raise Unsure("the connection was closed") from None


async def _watch(now: Client, put: Put) -> None:
    """Report each answered heartbeat, which shows that the connection works, and the lack of one."""
    before, answered = math.inf, 0.0
    while True:
        await asyncio.sleep(0.5)
        if not now.hears:
            continue
        latency = now.latency  # changes with each answer
        if math.isfinite(latency) and latency != before:
            before, answered = latency, time.monotonic()
            put(Health(True, "heartbeat answered"))
        elif answered and time.monotonic() - answered > _BEATS_WITHIN:
            put(Health(False, error=f"no heartbeat was answered for {_BEATS_WITHIN:.0f} s"))


async def _send(channel: discord.PartialMessageable, text: str, post: Post, nonce: str) -> discord.Message:
    more: dict[str, object] = {}
    if post.file:
        more["file"] = discord.File(post.file, filename=post.name)
    view = _buttons(post)
    if view:
        more["view"] = view
    thread, _, own = post.reply_to.rpartition(":")
    if own and thread == post.thread:
        reference = discord.MessageReference(message_id=int(own), channel_id=channel.id, fail_if_not_exists=False)
        more["reference"] = reference
    return await channel.send(text or None, nonce=nonce, **more)  # type: ignore[call-overload,no-any-return]


async def _find(channel: discord.PartialMessageable, text: str, post: Post, nonce: str, me: object) -> int:
    """Return a post that may be there already, or 0. Discord itself knows a nonce for some minutes only."""
    name = [post.name] if post.file else []
    own = post.reply_to.rpartition(":")[2]
    async for message in channel.history(limit=_LOOKED_THROUGH):
        if message.author != me:
            continue
        replied = str(message.reference.message_id) if message.reference else ""
        alike = message.content == text and [file.filename for file in message.attachments] == name
        if str(message.nonce) == nonce or (message.nonce is None and alike and replied == own):
            return message.id
    return 0


def _buttons(post: Post) -> discord.ui.View | None:
    """Return the buttons; their values are the bridge's own, so that they work after a restart too."""
    if not post.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in post.buttons:
        style = _STYLES.get(button.label, discord.ButtonStyle.grey)
        view.add_item(discord.ui.Button(label=button.label[:_BUTTON_LABEL], custom_id=button.value, style=style))
    return view


def _undone(error: BaseException) -> Undone:
    words = _words(error)
    if isinstance(error, discord.RateLimited):
        return Later(error.retry_after)
    if isinstance(error, FileNotFoundError):
        return Refused("the file is gone")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Unreachable(words)
    if not isinstance(error, discord.HTTPException) or error.status >= 500:
        return Unsure(words)
    if error.status == 429:
        return Later(float(error.response.headers.get("Retry-After", _BACK_OFF[-1])))
    if error.status == 401:
        return Unreachable("Discord rejects the token")
    return Gone(words) if error.code in _NEVER_AGAIN else Refused(words)


def _words(error: BaseException) -> str:
    """Return what went wrong in one line, without what could be a token."""
    return redaction.default.redact(" ".join(str(error).split())) or type(error).__name__
