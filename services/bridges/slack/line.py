"""The line on which Slack calls: one Socket Mode connection after the other.

The library's own `connect` never fails: with a bad token, or with a ticket that is used up, it tries for ever. So each
connection here gets a client and a ticket of its own, and is watched.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any, Callable

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from cccc.services.bridges.platform import Health, Incoming, Later, Put, Refused, Undone, Unreachable
from cccc.services.bridges.slack import web
from cccc.services.bridges.slack.inbox import Hello, Inbox

_PING_EVERY = 5.0
_OPEN_WITHIN = 10.0
_GONE_FOR = 2.0  # when the library goes to another socket, as Slack asks now and then, there is none for a moment
_TOKEN_EVERY = 20.0
_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0)
_WITHOUT_HOPE = 20.0  # seconds between looks whether a person has mended it
_SOON, _OFTEN = 5.0, 3  # at first more often: a socket of our own that is dead may be counted for a while

_REJECTED = "Slack rejects the {} token ({}); `cccc token set slack`, then `cccc bridge slack restart`"
_TWO = "another program is connected as this app, and Slack would split the messages; stop it, or use another app"


class Crowded(Undone):
    """Slack has more than one socket of this app open."""


class Line:
    """Receives until cancelled."""

    def __init__(
        self,
        api: AsyncWebClient,
        app_token: str,
        let_in: Callable[[], Mapping[str, str]],
        named: Callable[[str], None],
    ) -> None:
        self._api = api
        self._app_token = app_token
        self._let_in = let_in
        self._named = named
        self._client: SocketModeClient | None = None
        self._sockets = 0

    async def run(self, put: Put) -> None:
        self._hello = asyncio.Event()  # here: Python 3.9 binds such things to the loop in which they are made
        self._inbox = Inbox(self._api, self._let_in, self._acknowledge)
        both = [asyncio.ensure_future(self._connect(put)), asyncio.ensure_future(self._inbox.read(put))]
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in ended:
                each.result()  # only a bug ends one
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def accept(self, incoming: Incoming) -> None:
        await self._inbox.accept(incoming)

    async def _connect(self, put: Put) -> None:
        failures = 0
        while True:
            try:
                if self._app_token:
                    await self._connection(put)
                else:
                    await self._only_send(put)
                failures, wait = 0, _BACK_OFF[0]
                put(Health(False, error="the connection to Slack was lost"))
            except (web.Rejected, web.NoScope, Refused, Crowded) as error:
                wait = _SOON if failures < _OFTEN else _WITHOUT_HOPE
                failures += 1
                put(Health(False, error=str(error)))
            except Undone as error:
                wait = error.seconds if isinstance(error, Later) else _BACK_OFF[min(failures, len(_BACK_OFF) - 1)]
                failures += 1
                put(Health(False, error=f"Slack cannot be reached: {error}"))
            await asyncio.sleep(wait)

    async def _only_send(self, put: Put) -> None:
        while True:
            await self._who_am_i()
            put(Health(True, "auth.test answered; without an app token nothing is received"))
            await asyncio.sleep(_TOKEN_EVERY)

    async def _who_am_i(self) -> None:
        try:
            me = await web.done(self._api.auth_test())
        except web.Rejected as error:
            raise web.Rejected(_REJECTED.format("bot", error)) from None
        self._inbox.user = me["user_id"]
        self._named(me["user"])

    async def _connection(self, put: Put) -> None:
        """Open one and return when it is lost. Raises Undone when it does not open, or a token is no good."""
        await self._who_am_i()
        try:
            ticket = await web.done(self._api.apps_connections_open(app_token=self._app_token))
        except web.Rejected as error:
            raise web.Rejected(_REJECTED.format("app", error)) from None
        client = SocketModeClient(
            self._app_token, web.log(), self._api, auto_reconnect_enabled=False, ping_interval=_PING_EVERY
        )
        client.wss_uri = ticket["url"]
        client.message_listeners.append(self._on_message)
        client.socket_mode_request_listeners.append(self._on_request)
        self._hello.clear()
        self._client = client
        try:
            await asyncio.wait_for(client.connect(), _OPEN_WITHIN)  # type: ignore[no-untyped-call]
            await asyncio.wait_for(self._hello.wait(), _OPEN_WITHIN)
            self._alone()
            put(Health(True, "hello"))
            await self._watch(client, put)
        except asyncio.TimeoutError:
            raise Unreachable("its socket cannot be opened") from None
        finally:
            self._client = None
            await _close(client)

    def _alone(self) -> None:
        if self._sockets > 1:
            raise Crowded(_TWO)

    async def _watch(self, client: SocketModeClient, put: Put) -> None:
        """Return when a connection is lost. Raises Undone when a token is no good any more."""
        seen = told = asked = time.monotonic()
        shown = ""
        while (now := time.monotonic()) - seen < _GONE_FOR:
            self._alone()
            if await client.is_connected():
                seen = now
            error = self._inbox.trouble
            if now - asked >= _TOKEN_EVERY:
                asked = now
                try:
                    await self._who_am_i()
                except web.Rejected:
                    raise
                except Undone as undone:
                    error = f"Slack's Web API does not answer: {undone}"
            if seen == now and (error != shown or now - told >= _PING_EVERY):
                told, shown = now, error
                put(Health(True, "ping answered", error))
            await asyncio.sleep(0.25)

    # --- what comes ---

    async def _on_message(self, client: AsyncBaseSocketModeClient, message: dict[str, Any], raw: str | None) -> None:
        if message.get("type") == "hello":
            self._sockets = message.get("num_connections", 1)
            self._hello.set()
            if self._sockets == 1:
                self._inbox.add(Hello())

    async def _on_request(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if self._sockets == 1:  # else it is for the other program: Slack sends it again
            self._inbox.add(request)

    async def _acknowledge(self, response: SocketModeResponse) -> None:
        """Confirm an envelope; when that fails Slack sends it again, and it is known then."""
        if self._client:
            with contextlib.suppress(aiohttp.ClientError, OSError, AttributeError):
                await self._client.send_socket_mode_response(response)


async def _close(client: SocketModeClient) -> None:
    """Close a client and all its tasks, even when the other end says nothing any more."""
    with contextlib.suppress(asyncio.TimeoutError, aiohttp.ClientError, OSError):
        await asyncio.wait_for(client.close(), 1)  # type: ignore[no-untyped-call]
    for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
        if task is not None:
            task.cancel()
    await client.aiohttp_client_session.close()
