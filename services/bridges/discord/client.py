"""discord.py's client: its events become what comes in, in the order of their messages.

After every new session the library has lost what was written meanwhile; the channels are read from where they stand,
and what is written during that waits, so that no later message moves a cursor past an earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, Callable

import aiohttp
import discord
from discord.backoff import ExponentialBackoff

from cccc.services.bridges.discord import events, menu
from cccc.services.bridges.platform import Health, Incoming, Left, Message, Put, Unreadable

TOKEN = "Discord refuses the token; `cccc token set discord`, then `cccc bridge discord restart`"
INTENT = "switch on Message Content Intent at https://discord.com/developers/applications, under Bot"
TWO = "another program uses this token; end it, or make a bot of its own for it"
FEW_LOGINS = "only {} of Discord's log-ins of today are left, and more would cost the token; waiting"
LOST = "the connection to Discord is lost; it is tried again"
NO_GATEWAY = "Discord's gateway cannot be reached"
NO_HISTORY = "cannot read what was written in {} meanwhile: {}; give the bot the permission Read Message History"

OUTAGES = (aiohttp.ClientError, OSError, asyncio.TimeoutError, discord.HTTPException, discord.GatewayNotFound)
_UNREADABLE = (LookupError, TypeError, ValueError)  # how the library fails on an event that it cannot read
_LOGINS_KEPT = 50
_LONGEST_WAIT = 30.0
_HEARD_WITHIN = 50.0  # Discord asks for a heartbeat every 41 s
_GUILDS_WITHIN = 0.3  # after this time without another one the session is taken as ready
_TRIES_APART = 2.0
_PRESSES_KEPT = 500

Places = Callable[[], Mapping[str, tuple[str, float]]]  # chat -> its last message that is a fact; let in since


class Hopeless(Exception):
    """Nothing but a person (or tomorrow) mends it. The words say what to do."""


class Capped(ExponentialBackoff[Any]):
    """The library would wait up to 17 min between two tries."""

    def delay(self) -> float:
        return min(super().delay(), _LONGEST_WAIT)


class Client(discord.Client):
    """One try to be connected; after an error that the library does not survive another is made."""

    def __init__(self, put: Put, places: Places) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            heartbeat_timeout=_HEARD_WITHIN,
            guild_ready_timeout=_GUILDS_WITHIN,
            max_ratelimit_timeout=_LONGEST_WAIT,
        )
        self.in_session = False
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.accepted: dict[str, int] = {}  # chat -> the newest message that is accepted
        self.nonces: OrderedDict[str, None] = OrderedDict()  # of our own posts
        self.presses: OrderedDict[str, discord.Interaction] = OrderedDict()
        self._put = put
        self._places = places
        self._sessions = 0
        self._caught_up = asyncio.Event()

    # --- connecting ---

    async def stay(self) -> None:
        """Be connected. Raises Hopeless, or an outage that the library does not survive."""
        try:
            await self.connect()
        except AttributeError:
            if self.ws is not None:
                raise
            raise ConnectionError(NO_GATEWAY) from None  # the library stumbles when its first try fails
        except discord.PrivilegedIntentsRequired:
            raise Hopeless(INTENT) from None
        except discord.ConnectionClosed as error:
            raise Hopeless(
                TOKEN if error.code == 4004 else f"Discord closed the connection for good: {error}"
            ) from None
        except _UNREADABLE as error:
            self._unreadable("an event", error)
            raise ConnectionError(LOST) from error

    async def setup_hook(self) -> None:
        """Have Discord list the commands; a change is sent, and nothing else."""
        assert self.application_id
        with contextlib.suppress(discord.HTTPException):  # lines and /words do without
            if not menu.same(await self.http.get_global_commands(self.application_id)):  # type: ignore[arg-type]
                await self.http.bulk_upsert_global_commands(self.application_id, menu.wanted())

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep clear of the number of log-ins per day above which Discord resets the token, over restarts too."""
        _, _, limit = await self.http.get_bot_gateway()
        if limit["remaining"] < _LOGINS_KEPT:
            raise Hopeless(FEW_LOGINS.format(limit["remaining"]))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """A bug in what follows from an event must not end in a line of the log."""
        error = sys.exc_info()[1]
        assert error
        self.end(error)

    def end(self, error: BaseException) -> None:
        """End this try with an error."""
        if not self.broken.done():
            self.broken.set_exception(error)

    async def on_connect(self) -> None:
        self._sessions += 1
        self._caught_up.clear()

    async def on_ready(self) -> None:
        session = self._sessions
        await self._catch_up()
        if session == self._sessions:
            self._caught_up.set()
            self.in_session = True

    async def on_resumed(self) -> None:
        self.in_session = self._caught_up.is_set()

    async def on_disconnect(self) -> None:
        self.in_session = False
        self._put(Health(False, error=LOST))

    # --- what was written meanwhile ---

    async def _catch_up(self) -> None:
        for chat, (cursor, since) in self._places().items():
            start = discord.utils.time_snowflake(datetime.fromtimestamp(since, timezone.utc))
            said = events.channel_and_message(chat, cursor)[1] if cursor else 0
            after = max(start, said, self.accepted.get(chat, 0))
            missed: list[discord.Message] = []
            for channel in [int(chat), *self._threads(int(chat))]:
                missed += await self._written(channel, after)
            for message in sorted(missed, key=lambda each: each.id):
                self._take(message)

    def _threads(self, channel: int) -> Iterator[int]:
        return (thread.id for guild in self.guilds for thread in guild.threads if thread.parent_id == channel)

    async def _written(self, id_: int, after: int) -> list[discord.Message]:
        """Return what was written in a channel after a message; tries until Discord answers."""
        while not self.is_closed():
            try:
                channel: Any = self.get_channel(id_) or await self.fetch_channel(id_)
                history = channel.history(limit=None, after=discord.Object(after), oldest_first=True)
                return [message async for message in history]
            except discord.NotFound:
                self._put(Left(f"dc:left:{id_}:{time.time_ns()}", str(id_), "the channel is gone"))
                return []
            except discord.Forbidden as error:
                self._put(Health(False, error=NO_HISTORY.format(id_, error.text)))
                return []
            except _UNREADABLE as error:
                self._unreadable(f"a message in {id_}", error)
                return []
            except (*OUTAGES, discord.RateLimited, RuntimeError):  # the last: of a closed session
                await asyncio.sleep(_TRIES_APART)
        return []

    # --- events ---

    async def on_message(self, message: discord.Message) -> None:
        if message.author == self.user and message.nonce and str(message.nonce) not in self.nonces:
            self.end(Hopeless(TWO))
        await self._caught_up.wait()
        self._take(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        await self._caught_up.wait()
        if payload.message.edited_at:  # else only a preview of a link was added
            self._take(payload.message, edited=True)

    def _take(self, message: discord.Message, edited: bool = False) -> None:
        assert self.user
        came = events.message_of(message, self.user, edited)
        if came:
            self._put(came)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer within the three seconds that Discord gives, then pass it on."""
        came: Incoming | None
        with contextlib.suppress(*OUTAGES, discord.RateLimited):  # it counts whether or not the person sees that
            if interaction.type is discord.InteractionType.application_command:
                came = await self._typed(interaction)
            elif str((interaction.data or {}).get("custom_id", "")).endswith(events.ASK) and (
                interaction.type is discord.InteractionType.component
            ):
                await interaction.response.send_modal(_question(interaction))
                return
            else:
                await interaction.response.defer()
        came = came if interaction.type is discord.InteractionType.application_command else events.press_of(interaction)
        if came:
            self._put(came)

    async def _typed(self, interaction: discord.Interaction) -> Message | None:
        """Show the command as a line, to which answers and receipts belong."""
        echo = interaction.id
        with contextlib.suppress(*OUTAGES, discord.RateLimited):
            shown = await interaction.response.send_message(events.line_of(interaction)[:2000])
            echo = shown.message_id or echo
        await self._caught_up.wait()
        return events.command_of(interaction, echo)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        for channel in guild.channels:
            self._gone(channel.id, "the bot was removed from the server")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self._gone(channel.id, "the channel was deleted")

    def _gone(self, channel: int, reason: str) -> None:
        self._put(Left(f"dc:left:{channel}:{time.time_ns()}", str(channel), reason))

    def _unreadable(self, what: str, error: Exception) -> None:
        self._put(Unreadable(f"dc:unreadable:{time.time_ns()}", f"{what} ({type(error).__name__})"))
