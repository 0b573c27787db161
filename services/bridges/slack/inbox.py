"""What comes on the line, one after the other: understood, put, and acknowledged when it is accepted.

After every hello the history is read before anything newer is: Slack gives an event to an open socket or to nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Callable, Union

from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from cccc.services.bridges.platform import Gone, Incoming, Later, Put, Refused, Undone, Unreadable
from cccc.services.bridges.slack import events, history, web
from cccc.services.bridges.slack.directory import Directory
from cccc.services.bridges.slack.events import Said

_AGAIN = 2.0
_KEPT = 5000


class Hello:
    """A socket is open."""


Came = Union[SocketModeRequest, Hello]


class Inbox:
    """Reads until cancelled."""

    def __init__(
        self,
        api: AsyncWebClient,
        let_in: Callable[[], Mapping[str, str]],
        acknowledge: Callable[[SocketModeResponse], Awaitable[None]],
    ) -> None:
        self.user = ""  # the bot's own id
        self.trouble = ""  # with the history
        self._api = api
        self._directory = Directory(api)
        self._let_in = let_in
        self._acknowledge = acknowledge
        self._came: asyncio.Queue[Came] = asyncio.Queue()
        self._open: dict[str, list[SocketModeResponse]] = {}  # what is put and not accepted, with what to send then
        self._accepted: dict[str, None] = {}
        self._read_to: dict[str, str] = {}  # chat -> the newest message that the history showed

    def add(self, came: Came) -> None:
        self._came.put_nowait(came)

    async def accept(self, incoming: Incoming) -> None:
        self._accepted[incoming.id] = None
        if len(self._accepted) > _KEPT:
            del self._accepted[next(iter(self._accepted))]
        for response in self._open.pop(incoming.id, []):
            await self._acknowledge(response)

    async def read(self, put: Put) -> None:
        """One after the other, in the order in which it came."""
        while True:
            came = await self._came.get()
            if isinstance(came, Hello):
                await self._catch_up(put)
                continue
            response = SocketModeResponse(came.envelope_id)
            incoming = await _readable(came.envelope_id, self._understood(came))
            if came.type == "slash_commands" and came.accepts_response_payload:
                response.payload = {"response_type": "in_channel"}  # so that the others see what was asked
            await self._offer(incoming, response, put)

    async def _offer(self, incoming: Incoming | None, response: SocketModeResponse | None, put: Put) -> None:
        """Put what is new; acknowledge at once what concerns nobody or was accepted before."""
        responses = [response] if response else []
        if incoming is None or incoming.id in self._accepted:
            for each in responses:
                await self._acknowledge(each)
        elif incoming.id in self._open:
            self._open[incoming.id] += responses
        else:
            self._open[incoming.id] = responses
            put(incoming)

    async def _understood(self, came: SocketModeRequest) -> Incoming | None:
        payload = came.payload
        if came.type == "events_api":
            event = payload["event"]
            told = events.said(event, self.user)
            id_ = f"slack:{payload['event_id']}"
            return await self._message(told) if told else events.moved_or_left(id_, event, self.user)
        if came.type == "slash_commands":
            person = await self._directory.person(payload["user_id"])
            return events.typed(payload, person.name, await self._directory.title(payload["channel_id"]))
        if came.type == "interactive":
            return events.press(payload, (await self._directory.person(payload["user"]["id"])).name)
        return None

    async def _message(self, told: Said) -> Incoming | None:
        if (await self._directory.person(told.user)).bot:
            return None
        names = await self._directory.names(events.people(told.raw))
        title = await self._directory.title(told.chat) or names[told.user]
        return events.message(told, self.user, names, title, await self._directory.root(told))

    # --- what was missed ---

    async def _catch_up(self, put: Put) -> None:
        """Put what was said while there was no socket, before anything that is said from now on."""
        self.trouble = ""
        for chat, cursor in self._let_in().items():
            since = max(cursor, self._read_to.get(chat, ""))
            if since:
                for told in await self._missed(chat, since):
                    self._read_to[chat] = max(self._read_to.get(chat, since), told.ts)
                    await self._offer(await _readable(told.id, self._message(told)), None, put)

    async def _missed(self, chat: str, since: str) -> list[Said]:
        while True:
            try:
                return await history.missed(self._api, chat, since, self.user)
            except (web.NoScope, Refused, Gone) as error:
                self.trouble = f"what {chat} said during an outage cannot be read: {error}"
                return []
            except Undone as error:
                self.trouble = f"what {chat} said during an outage is still to be read: {error}"
                await asyncio.sleep(error.seconds if isinstance(error, Later) else _AGAIN)


async def _readable(id_: str, reading: Awaitable[Incoming | None]) -> Incoming | None:
    """Return what was read; a thing of an unknown shape must not stop the others."""
    try:
        return await reading
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        return Unreadable(
            f"slack:{id_}", f"an event without its {error}" if isinstance(error, KeyError) else str(error)
        )
