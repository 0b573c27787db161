"""Socket Mode: an event goes to one of the open sockets or to nobody, and comes again when it is not acknowledged.

A ticket opens one socket.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from aiohttp import WSMsgType, web

from cccc.scripts.stand_ins.server import Server


class Sockets(Server):
    """The sockets of one app, and what is under way in them."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.strangers = 0  # sockets of another program of the same app
        self.mute = False  # sockets stay open, and nothing comes from them any more
        self.bad_tickets = 0  # so many of the next sockets do not open
        self.again_after = 1.0  # seconds after which an envelope is sent again
        self.repeats = 0  # envelopes that were sent again
        self.acknowledged: list[dict[str, Any]] = []  # what came back for envelopes
        self._waiting: dict[str, dict[str, Any]] = {}  # envelopes that are not acknowledged
        self._tickets: set[str] = set()
        self._numbers = itertools.count(1)
        self._last_ts = 0.0
        super().__init__()

    def refresh(self) -> None:
        """Ask every socket to be replaced by another."""
        self.run(self._to_all({"type": "disconnect", "reason": "refresh_requested"}))

    def drop_sockets(self) -> None:
        self.run(self._drop())

    def send_raw(self, text: str) -> None:
        async def send() -> None:
            for socket in self.sockets:
                await socket.send_str(text)

        self.run(send())

    async def _to_all(self, frame: dict[str, Any]) -> None:
        for socket in list(self.sockets):
            await socket.send_json(frame)

    async def _drop(self) -> None:
        for socket in list(self.sockets):
            transport = socket._req.transport if socket._req else None
            if transport:
                transport.abort()
        self.sockets.clear()

    async def _kill(self) -> None:
        self.sockets.clear()
        await super()._kill()

    def _ts(self) -> str:
        self._last_ts = max(time.time(), self._last_ts + 0.00001)
        return f"{self._last_ts:.6f}"

    async def _event(self, event: dict[str, Any]) -> None:
        payload = {"type": "event_callback", "event_id": f"Ev{next(self._numbers)}", "event": event}
        await self._send("events_api", payload)

    async def _send(self, kind: str, payload: dict[str, Any], attempt: int = 0) -> None:
        if not self.sockets or self.mute:
            return  # to nobody: it is lost
        envelope: dict[str, Any] = {"envelope_id": f"env-{next(self._numbers)}", "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind == "slash_commands"
        if attempt:
            envelope.update(retry_attempt=attempt, retry_reason="timeout")
        self._waiting[str(envelope["envelope_id"])] = envelope
        try:
            await self.sockets[next(self._numbers) % len(self.sockets)].send_json(envelope)
        except ConnectionError:  # its other end died a moment ago: lost as well
            del self._waiting[str(envelope["envelope_id"])]
            return
        if kind == "events_api" and attempt < 3:
            asyncio.get_running_loop().call_later(
                self.again_after, lambda: asyncio.ensure_future(self._again(envelope, attempt))
            )

    async def _again(self, envelope: dict[str, Any], attempt: int) -> None:
        if self._waiting.pop(envelope["envelope_id"], None):
            self.repeats += 1
            await self._send(envelope["type"], envelope["payload"], attempt + 1)

    def unacknowledged(self) -> int:
        return len(self._waiting)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.bad_tickets or request.query["ticket"] not in self._tickets:
            self.bad_tickets = max(0, self.bad_tickets - 1)
            return web.Response(status=404)
        self._tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        open_now = len(self.sockets) + self.strangers
        await socket.send_json({"type": "hello", "num_connections": open_now, "connection_info": {"app_id": "A1"}})
        async for frame in socket:
            if self.mute:
                continue
            if frame.type == WSMsgType.PING:
                await socket.pong(frame.data)
            elif frame.type == WSMsgType.TEXT:
                answer = json.loads(frame.data)
                if self._waiting.pop(answer["envelope_id"], None):
                    self.acknowledged.append(answer)
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket
