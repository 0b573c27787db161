"""discord.py's client: its events become what comes in, in the order of their messages.

After every new session the library has lost what was written meanwhile; the channels are read from where they stand,
and what is written during that waits, so that no later message moves a cursor past an earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, Callable, TypeVar

import aiohttp
import discord
from discord.backoff import ExponentialBackoff

from cccc.services.bridges.discord import events, menu
from cccc.services.bridges.platform import Health, Left, Put, Unreadable

TOKEN = "Discord rejects the token; `cccc token set discord`, then `cccc bridge discord restart`"
INTENT = "switch on Message Content Intent at https://discord.com/developers/applications, under Bot"
TWO = "another program uses this token; stop it, or use another bot for it"
FEW_LOGINS = "only {} of Discord's log-ins of today are left, and more would cost the token; waiting"
LOST = "lost the connection to Discord; retrying"
NO_GATEWAY = "Discord's gateway cannot be reached"
NO_HISTORY = "cannot read messages missed in {}: {}; give the bot the permission Read Message History"

OUTAGES = (
    *(aiohttp.ClientError, OSError, asyncio.TimeoutError),  # the library lets them through as they are
    *(discord.HTTPException, discord.RateLimited, discord.GatewayNotFound),
)
_UNREADABLE = (LookupError, TypeError, ValueError)  # how the library fails on an event that it cannot read
_LOGINS_KEPT = 50
_LONGEST_WAIT = 30.0
_HEARD_WITHIN = 50.0  # Discord asks for a heartbeat every 41 s
_GUILDS_WITHIN = 0.3  # after this time without another one the session is taken as ready
_TRIES_APART = 2.0
_KEPT = 500
_LONGEST_LINE = 2000

T = TypeVar("T")
Places = Callable[[], Mapping[str, int]]  # chat -> the last of its messages that became a fact


class Kept:
    """What outlives a connection, but no restart."""

    def __init__(self) -> None:
        self.accepted: dict[str, int] = {}  # chat -> the newest message that is accepted
        self.nonces: deque[str] = deque(maxlen=_KEPT)  # of our own posts
        self.presses: OrderedDict[str, discord.Interaction] = OrderedDict()

    def press(self, token: str, interaction: discord.Interaction) -> None:
        """Take note of a press that may still be answered."""
        self.presses[token] = interaction
        while len(self.presses) > _KEPT:
            self.presses.popitem(last=False)


class Hopeless(Exception):
    """Nothing but a person (or tomorrow) mends it. The words say what to do."""


class Capped(ExponentialBackoff[Any]):
    """The library would wait up to 17 min between two tries."""

    def delay(self) -> Any:
        return min(super().delay(), _LONGEST_WAIT)


class Client(discord.Client):
    """One try to be connected; after an error that the library does not survive another is made."""

    def __init__(self, put: Put, places: Places, kept: Kept) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            heartbeat_timeout=_HEARD_WITHIN,
            guild_ready_timeout=_GUILDS_WITHIN,
            max_ratelimit_timeout=_LONGEST_WAIT,
        )
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put = put
        self._places = places
        self._kept = kept
        self._sessions = 0
        self._linked = False
        self._caught_up = asyncio.Event()

    @property
    def hears(self) -> bool:
        """Whether what people write arrives; the library's own `is_ready` stays true during an outage."""
        return self._linked and self._caught_up.is_set() and self.ws is not None and self.ws.open

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
        with contextlib.suppress(discord.HTTPException, discord.RateLimited):  # lines and /words do without
            if not menu.same(await self.http.get_global_commands(self.application_id)):
                await self.http.bulk_upsert_global_commands(self.application_id, menu.wanted())

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep clear of the number of log-ins per day above which Discord resets the token, over restarts too."""
        try:
            _, _, limit = await self.http.get_bot_gateway()
        except discord.GatewayNotFound as error:
            if getattr(error.__cause__, "status", 0) == 401:
                raise Hopeless(TOKEN) from None
            raise
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
        self._linked = True
        self._caught_up.clear()

    async def on_ready(self) -> None:
        session = self._sessions
        await self._catch_up()
        if session == self._sessions:
            self._caught_up.set()

    async def on_resumed(self) -> None:
        self._linked = True

    async def on_disconnect(self) -> None:
        self._linked = False
        self._put(Health(False, error=LOST))

    # --- what was written meanwhile ---

    async def _catch_up(self) -> None:
        for chat, cursor in self._places().items():
            after = max(cursor, self._kept.accepted.get(chat, 0))
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
            except (*OUTAGES, RuntimeError):  # the last: of a closed session
                await asyncio.sleep(_TRIES_APART)
        return []

    # --- events ---

    async def on_message(self, message: discord.Message) -> None:
        if message.author == self.user and message.nonce and str(message.nonce) not in self._kept.nonces:
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
        value = events.value_of(interaction)
        if interaction.type is discord.InteractionType.application_command:
            await self._typed(interaction)
        elif interaction.type is discord.InteractionType.component and value.endswith(events.ASK):
            await _answered(interaction.response.send_modal(_question(value)))
        elif interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            await _answered(interaction.response.defer())
            press = events.press_of(interaction)
            if press:
                self._kept.press(press.token, interaction)
                self._put(press)

    async def _typed(self, interaction: discord.Interaction) -> None:
        """Show the command as a line, to which its answer and receipts belong."""
        shown = await _answered(interaction.response.send_message(events.line_of(interaction)[:_LONGEST_LINE]))
        await self._caught_up.wait()
        came = events.command_of(interaction, (shown and shown.message_id) or interaction.id)
        if came:
            self._put(came)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        for channel in guild.channels:
            self._gone(channel.id, "the bot was removed from the server")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self._gone(channel.id, "the channel was deleted")

    def _gone(self, channel: int, reason: str) -> None:
        self._put(Left(f"dc:left:{channel}:{time.time_ns()}", str(channel), reason))

    def _unreadable(self, what: str, error: Exception) -> None:
        self._put(Unreadable(f"dc:unreadable:{time.time_ns()}", f"{what} ({type(error).__name__})"))


def _question(value: str) -> discord.ui.Modal:
    form = discord.ui.Modal(title="Ask more", custom_id=value)
    form.add_item(discord.ui.TextInput(label="Question to both peers", style=discord.TextStyle.long, custom_id="text"))
    return form


async def _answered(answer: Awaitable[T]) -> T | None:
    """Return what came of an answer to an interaction; it counts whether or not the person sees the answer."""
    try:
        return await answer
    except OUTAGES:
        return None
