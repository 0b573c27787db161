"""Discord's gateway: the sessions of its clients, and the events that they get."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from cccc.scripts.stand_ins.server import Server
from tests.bridges.stand_ins.discord import shapes
from tests.bridges.stand_ins.discord.shapes import BOT, GUILD, TOKEN

_CONTENT_INTENT = 1 << 15


@dataclass
class Session:
    """What the gateway keeps of a client, also while it is not connected."""

    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway(Server):
    """One bot's view of it. Sessions stay over a kill, as the real ones may."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.intents_allowed = True
        self.heartbeat_seconds = 0.5
        self.answers_heartbeats = True
        self.logins_left = 1000
        self.sessions: dict[str, Session] = {}
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[str] = []
        self._counter = itertools.count(1)
        super().__init__()

    @property
    def gateway(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    def send_op(self, op: int, content: Any = None) -> None:
        """Send an operation to every connected client: 7 reconnect, 9 the session is invalid."""
        if op == 9 and not content:
            self.sessions_kept([])
        for session in list(self.sessions.values()) or self._last:
            if session.socket is not None and not session.socket.closed:
                self.run(session.socket.send_json({"op": op, "d": content}))

    def sessions_kept(self, kept: list[str]) -> None:
        """Forget sessions, as a restarted gateway does."""
        self._last = list(self.sessions.values())
        self.sessions = {id_: session for id_, session in self.sessions.items() if id_ in kept}

    def close_sockets(self, code: int) -> None:
        for session in list(self.sessions.values()):
            if session.socket is not None and not session.socket.closed:
                self.run(session.socket.close(code=code))

    async def _dispatch(self, kind: str, content: Any) -> None:
        for session in list(self.sessions.values()):
            event = {"op": 0, "t": kind, "s": len(session.events) + 1, "d": content}
            session.events.append(event)
            if session.socket is not None and not session.socket.closed:
                with contextlib.suppress(ConnectionError):
                    await session.socket.send_json(event)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        trouble = self.trouble("gateway")
        if trouble:
            return shapes.hang_up(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            sent = json.loads(frame.data)
            if sent["op"] == 1 and self.answers_heartbeats:
                await socket.send_json({"op": 11})
            elif sent["op"] == 2:
                await self._identify(socket, sent["d"])
            elif sent["op"] == 6:
                await self._resume(socket, sent["d"])
        return socket

    async def _identify(self, socket: web.WebSocketResponse, told: dict[str, Any]) -> None:
        self.identified.append(told)
        self.logins_left -= 1
        if told["token"] != self.token:
            await socket.close(code=4004)
            return
        if told["intents"] & _CONTENT_INTENT and not self.intents_allowed:
            await socket.close(code=4014)
            return
        session = Session(f"session-{next(self._counter)}", socket=socket)
        self.sessions[session.id] = session
        ready = {
            **{"v": 10, "user": BOT, "session_id": session.id, "resume_gateway_url": self.gateway},
            **{"guilds": [{"id": str(GUILD), "unavailable": True}], "application": {"id": BOT["id"], "flags": 0}},
        }
        for kind, content in (("READY", ready), ("GUILD_CREATE", shapes.guild())):
            event = {"op": 0, "t": kind, "s": len(session.events) + 1, "d": content}
            session.events.append(event)
            await socket.send_json(event)

    async def _resume(self, socket: web.WebSocketResponse, told: dict[str, Any]) -> None:
        session = self.sessions.get(told["session_id"])
        if session is None or told["token"] != self.token:
            await socket.send_json({"op": 9, "d": False})
            return
        self.resumed.append(session.id)
        session.socket = socket
        for event in session.events[told["seq"] :]:
            await socket.send_json(event)
        resumed = {"op": 0, "t": "RESUMED", "s": len(session.events) + 1, "d": {}}
        session.events.append(resumed)
        await socket.send_json(resumed)
