"""Discord's API and gateway as far as a bridge uses them, and the people in its channels."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from aiohttp import WSMsgType, web

from cccc.scripts.stand_ins.server import Server, Trouble

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gstand.standin-standin-standin-standin-00"
ALICE: dict[str, Any] = {"id": "42", "username": "alice", "global_name": "Alice", "discriminator": "0", "avatar": None}
BOB: dict[str, Any] = {"id": "43", "username": "bob", "global_name": "Bob", "discriminator": "0", "avatar": None}
BOT: dict[str, Any] = {
    "id": "99",
    "username": "pair",
    "global_name": None,
    "discriminator": "0",
    "avatar": None,
    "bot": True,
}
GUILD, CHANNEL, OTHER, THREAD, DIRECT = 500, 1001, 1002, 3001, 2001
_EPOCH_MS = 1420070400000
_EPHEMERAL = 64
_CONTENT_INTENT = 1 << 15


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


@dataclass
class Session:
    """What the gateway keeps of a client, also while it is not connected."""

    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Discord(Server):
    """One bot's view of Discord. Sessions and messages stay over a kill, as the real ones may."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.intents_allowed = True
        self.heartbeat_seconds = 0.5
        self.answers_heartbeats = True
        self.logins_left = 1000
        self.limit = (50, 1.0)  # requests per seconds, for each route
        self.shows_nonce = True  # in what was written before
        self.sessions: dict[str, Session] = {}
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[str] = []
        self.commands: list[dict[str, Any]] = []
        self.messages: dict[int, list[dict[str, Any]]] = {CHANNEL: [], OTHER: [], THREAD: [], DIRECT: []}
        self.reactions: dict[int, list[str]] = {}
        self.callbacks: list[dict[str, Any]] = []  # first answers to interactions: type, and what it holds
        self.private: list[tuple[str, str]] = []  # interaction, and what its person alone was shown
        self.forbidden: set[int] = set()  # channels without access
        self.files: dict[str, bytes] = {}
        self.nonces: dict[str, dict[str, Any]] = {}
        self._interactions: dict[str, dict[str, Any]] = {}  # by token
        self._buckets: dict[str, list[float]] = {}
        self._counter = itertools.count(1)
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    def snowflake(self) -> int:
        return (int(time.time() * 1000) - _EPOCH_MS << 22) + next(self._counter) % 4096

    # --- people ---

    def say(self, text: str, channel: int = CHANNEL, user: dict[str, Any] = ALICE, **more: Any) -> int:
        """A person writes; returns the message's id."""
        return self.run(self._say(text, channel, user, more))

    async def _say(self, text: str, channel: int, user: dict[str, Any], more: dict[str, Any]) -> int:
        message = self._message(channel, user, text, **more)
        message["mentions"] = [who for who in (ALICE, BOB, BOT) if re.search(f"<@!?{who['id']}>", text)]
        self.messages[channel].append(message)
        await self._dispatch("MESSAGE_CREATE", self._as_event(message))
        return int(message["id"])

    def change(self, number: int, text: str, channel: int = CHANNEL) -> None:
        """A person edits their message."""
        message = self.find(channel, number)
        message.update(content=text, edited_timestamp=_now())
        self.run(self._dispatch("MESSAGE_UPDATE", self._as_event(message)))

    def attach(self, name: str, content: bytes, channel: int = CHANNEL) -> list[dict[str, Any]]:
        """Return attachments for a message of a person."""
        id_ = str(self.snowflake())
        self.files[id_] = content
        return [self._attachment(id_, name, len(content))]

    def press(self, message: dict[str, Any], label: str, user: dict[str, Any] = ALICE) -> str:
        """A person presses a button of a post; returns the interaction's id."""
        buttons = [button for row in message.get("components", []) for button in row["components"]]
        value = next(button["custom_id"] for button in buttons if button["label"] == label)
        content = {"custom_id": value, "component_type": 2}
        return self.interact(3, content, int(message["channel_id"]), user, message=message)

    def fill(self, form: dict[str, Any], text: str, message: dict[str, Any], user: dict[str, Any] = ALICE) -> str:
        """A person fills in a form that the bot has shown."""
        own = form["components"][0]["components"][0]["custom_id"]
        rows = [{"type": 1, "components": [{"type": 4, "custom_id": own, "value": text}]}]
        content = {"custom_id": form["custom_id"], "components": rows}
        return self.interact(5, content, int(message["channel_id"]), user, message=message)

    def command(self, name: str, text: str = "", channel: int = CHANNEL, user: dict[str, Any] = ALICE) -> str:
        """A person uses an application command."""
        options = [{"type": 3, "name": "text", "value": text}] if text else []
        content = {"id": "1", "name": name, "type": 1, "options": options}
        return self.interact(2, content, channel, user)

    def interact(
        self, kind: int, content: dict[str, Any], channel: int, user: dict[str, Any], message: Any = None
    ) -> str:
        id_ = str(self.snowflake())
        interaction = {
            **{"id": id_, "application_id": BOT["id"], "type": kind, "token": f"interaction-token-{id_}", "version": 1},
            **{"data": content, "channel_id": str(channel), "channel": _channel(channel), "locale": "en-US"},
            **{"entitlements": [], "attachment_size_limit": 10 << 20, "app_permissions": "0", "context": 0},
        }
        if channel == DIRECT:
            interaction["user"] = user
        else:
            interaction.update(guild_id=str(GUILD), guild={"id": str(GUILD)}, member=_member(user))
        if message:
            interaction["message"] = message
        self._interactions[interaction["token"]] = {**interaction, "at": time.monotonic()}
        self.run(self._dispatch("INTERACTION_CREATE", interaction))
        return id_

    def remove_channel(self, channel: int) -> None:
        del self.messages[channel]
        self.run(self._dispatch("CHANNEL_DELETE", {**_channel(channel), "guild_id": str(GUILD)}))

    # --- what a test looks at ---

    def posts(self, channel: int = CHANNEL) -> list[dict[str, Any]]:
        return [message for message in list(self.messages.get(channel, ())) if message["author"] == BOT]

    def in_chat(self, channel: int = CHANNEL) -> list[str]:
        """The texts of what the bot posted into a channel, as they stand now."""
        return [str(message["content"]) for message in self.posts(channel)]

    def find(self, channel: int, number: int) -> dict[str, Any]:
        found = next((each for each in self.messages.get(channel, ()) if int(each["id"]) == int(number)), None)
        if found is None:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    # --- the gateway's moods ---

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

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/gateway/", self._gateway),
            web.get("/files/{id}/{name}", self._file),
            web.route("*", "/api/v10/{path:.*}", self._call),
        ]

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        trouble = self.trouble("gateway")
        if trouble:
            return _hang_up(request)
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
        for kind, content in (("READY", ready), ("GUILD_CREATE", _guild())):
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

    # --- the API ---

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        name = next((name for name, form in _METHODS.items() if re.fullmatch(form, f"{request.method} {path}")), "")
        arguments = await _arguments(request)
        self.calls.append((name or f"{request.method} {path}", {**arguments, "path": path}))
        if not name.startswith("interaction") and request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        trouble = self.trouble(name) or Trouble()
        await asyncio.sleep(trouble.delay)
        if trouble.drop:
            return _hang_up(request)
        if trouble.status and not trouble.lost:
            return _json(trouble.body, trouble.status)
        try:
            wait = self._too_fast(f"{request.method} {path}")
            if wait:
                return _json({"message": "You are being rate limited.", "retry_after": wait, "global": False}, 429)
            result = await getattr(self, f"_{name}")(arguments, *path.split("/"))
        except Refusal as refusal:
            return _json({"message": str(refusal), "code": refusal.code}, refusal.status)
        if trouble.lost:
            return _json(trouble.body, trouble.status) if trouble.status else _hang_up(request)
        return (
            _json(result, 200, self._bucket(f"{request.method} {path}"))
            if result is not None
            else web.Response(status=204)
        )

    def _too_fast(self, route: str) -> float:
        count, seconds = self.limit
        now = time.monotonic()
        bucket = [at for at in self._buckets.get(route, []) if at > now - seconds]
        self._buckets[route] = [*bucket, now]
        return bucket[0] + seconds - now if len(bucket) >= count else 0.0

    def _bucket(self, route: str) -> dict[str, str]:
        count, seconds = self.limit
        bucket = self._buckets[route]
        left = max(0, count - len(bucket))
        wait = max(0.0, bucket[0] + seconds - time.monotonic())
        return {
            **{"X-RateLimit-Limit": str(count), "X-RateLimit-Remaining": str(left)},
            **{"X-RateLimit-Reset": f"{time.time() + wait:.3f}", "X-RateLimit-Reset-After": f"{wait:.3f}"},
        }

    async def _me(self, arguments: dict[str, Any], *path: str) -> Any:
        return BOT

    async def _application(self, arguments: dict[str, Any], *path: str) -> Any:
        return {
            **{"id": BOT["id"], "name": "pair", "description": "", "icon": None, "bot_public": False},
            **{"bot_require_code_grant": False, "owner": ALICE, "verify_key": "", "flags": 0},
        }

    async def _gateway_bot(self, arguments: dict[str, Any], *path: str) -> Any:
        limit = {"total": 1000, "remaining": self.logins_left, "reset_after": 3600000, "max_concurrency": 1}
        return {"url": self.gateway, "shards": 1, "session_start_limit": limit}

    async def _commands(self, arguments: dict[str, Any], *path: str) -> Any:
        return self.commands

    async def _set_commands(self, arguments: dict[str, Any], *path: str) -> Any:
        self.commands = [
            {**command, "id": str(number), "application_id": BOT["id"], "version": "1"}
            for number, command in enumerate(arguments["json"], 1)
        ]
        return self.commands

    async def _channel(self, arguments: dict[str, Any], *path: str) -> Any:
        return _channel(self._reach(path[1]))

    async def _history(self, arguments: dict[str, Any], *path: str) -> Any:
        after, before = int(arguments.get("after", 0)), int(arguments.get("before", 1 << 63))
        found = [each for each in self.messages[self._reach(path[1])] if after < int(each["id"]) < before]
        most = int(arguments.get("limit", 50))
        chosen = found[:most] if after else found[-most:]
        return [self._as_history(each) for each in reversed(chosen)]

    async def _one(self, arguments: dict[str, Any], *path: str) -> Any:
        return self._as_history(self.find(self._reach(path[1]), int(path[3])))

    async def _post(self, arguments: dict[str, Any], *path: str) -> Any:
        channel = self._reach(path[1])
        sent = arguments["json"]
        if sent.get("enforce_nonce") and sent["nonce"] in self.nonces:
            return self.nonces[sent["nonce"]]
        content = str(sent.get("content") or "")
        _check(content, sent, arguments)
        message = self._message(channel, BOT, content, components=sent.get("components", []))
        message.update(nonce=sent.get("nonce"), sent=sent, attachments=self._uploads(arguments))
        reference = sent.get("message_reference")
        if reference:
            message.update(message_reference=reference, type=19)
        self.messages[channel].append(message)
        if sent.get("nonce"):
            self.nonces[sent["nonce"]] = message
        await self._dispatch("MESSAGE_CREATE", self._as_event(message))
        return message

    async def _edit(self, arguments: dict[str, Any], *path: str) -> Any:
        message = self.find(self._reach(path[1]), int(path[3]))
        if message["author"] != BOT:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        _check(str(arguments["json"].get("content") or ""), arguments["json"], arguments)
        message.update(arguments["json"], edited_timestamp=_now())
        return message

    async def _react(self, arguments: dict[str, Any], *path: str) -> Any:
        message = self.find(self._reach(path[1]), int(path[3]))
        self.reactions.setdefault(int(message["id"]), []).append(path[5])

    async def _interaction_answer(self, arguments: dict[str, Any], *path: str) -> Any:
        interaction = self._interactions.get(path[2])
        if interaction is None or interaction.get("answered") or time.monotonic() - interaction["at"] > 3:
            raise Refusal(404, 10062, "Unknown interaction")
        interaction["answered"] = True
        answer = arguments["json"]
        self.callbacks.append({**answer, "interaction": interaction["id"]})
        told: dict[str, Any] = {"interaction": {"id": interaction["id"], "type": interaction["type"]}}
        if answer["type"] == 4:
            channel = int(interaction["channel_id"])
            message = self._message(channel, BOT, answer["data"]["content"])
            self.messages[channel].append(message)
            told["interaction"]["response_message_id"] = message["id"]
            told["resource"] = {"type": 4, "message": message}
            await self._dispatch("MESSAGE_CREATE", self._as_event(message))
        return told

    async def _interaction_more(self, arguments: dict[str, Any], *path: str) -> Any:
        interaction = self._interactions.get(path[2])
        if interaction is None:
            raise Refusal(404, 10015, "Unknown Webhook")
        sent = arguments["json"]
        assert sent["flags"] & _EPHEMERAL
        self.private.append((interaction["id"], sent["content"]))
        return self._message(int(interaction["channel_id"]), BOT, sent["content"])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        trouble = self.trouble("file")
        if trouble:
            return _hang_up(request)
        return web.Response(body=self.files[request.match_info["id"]])

    def _reach(self, channel: str) -> int:
        if int(channel) not in self.messages:
            raise Refusal(404, 10003, "Unknown Channel")
        if int(channel) in self.forbidden:
            raise Refusal(403, 50001, "Missing Access")
        return int(channel)

    def _message(self, channel: int, user: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
        message = {
            **{"id": str(self.snowflake()), "channel_id": str(channel), "author": user, "content": text, "type": 0},
            **{"timestamp": _now(), "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": []},
            **{"mention_roles": [], "attachments": [], "embeds": [], "pinned": False, "components": [], **more},
        }
        reply_to = message.pop("reply_to", None)
        if reply_to:
            message.update(
                type=19,
                message_reference={"message_id": str(reply_to), "channel_id": str(channel)},
                referenced_message=self.find(channel, reply_to),
            )
        return message

    def _as_event(self, message: dict[str, Any]) -> dict[str, Any]:
        if int(message["channel_id"]) == DIRECT:
            return message
        return {
            **message,
            "guild_id": str(GUILD),
            "member": {"roles": [], "joined_at": None, "deaf": False, "mute": False},
        }

    def _as_history(self, message: dict[str, Any]) -> dict[str, Any]:
        return message if self.shows_nonce else {key: value for key, value in message.items() if key != "nonce"}

    def _uploads(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for name, content in arguments["files"]:
            id_ = str(self.snowflake())
            self.files[id_] = content
            found.append(self._attachment(id_, name, len(content)))
        return found

    def _attachment(self, id_: str, name: str, size: int) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/files/{id_}/{name}"
        return {"id": id_, "filename": name, "size": size, "url": url, "proxy_url": url, "content_type": "text/plain"}


_METHODS = {
    "me": "GET users/@me",
    "application": "GET oauth2/applications/@me",
    "gateway_bot": "GET gateway/bot",
    "commands": r"GET applications/\d+/commands",
    "set_commands": r"PUT applications/\d+/commands",
    "channel": r"GET channels/\d+",
    "history": r"GET channels/\d+/messages",
    "one": r"GET channels/\d+/messages/\d+",
    "post": r"POST channels/\d+/messages",
    "edit": r"PATCH channels/\d+/messages/\d+",
    "react": r"PUT channels/\d+/messages/\d+/reactions/[^/]+/@me",
    "interaction_answer": r"POST interactions/\d+/[^/]+/callback",
    "interaction_more": r"POST webhooks/\d+/[^/]+",
}


async def _arguments(request: web.Request) -> dict[str, Any]:
    found: dict[str, Any] = {**request.query, "files": []}
    if request.content_type == "application/json":
        found["json"] = await request.json()
    elif request.content_type.startswith("multipart/"):
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                found["files"].append((value.filename, value.file.read()))
            elif name == "payload_json":
                found["json"] = json.loads(str(value))
    return found


def _check(content: str, sent: dict[str, Any], arguments: dict[str, Any]) -> None:
    if len(content) > 2000:
        raise Refusal(400, 50035, "Invalid Form Body")
    if not content.strip() and not arguments["files"] and "content" in sent:
        raise Refusal(400, 50006, "Cannot send an empty message")
    if any(len(content) > 10 << 20 for _, content in arguments["files"]):
        raise Refusal(413, 40005, "Request entity too large")
    for row in sent.get("components") or []:
        if any(len(button.get("custom_id", "")) > 100 for button in row["components"]):
            raise Refusal(400, 50035, "Invalid Form Body")


def _guild() -> dict[str, Any]:
    return {
        **{"id": str(GUILD), "name": "The team's server", "owner_id": ALICE["id"], "unavailable": False},
        **{"member_count": 3, "large": False, "roles": [_role()], "emojis": [], "stickers": [], "features": []},
        **{"channels": [_channel(CHANNEL), _channel(OTHER)], "threads": [_channel(THREAD)], "members": [_member(BOT)]},
        **{"presences": [], "voice_states": [], "stage_instances": [], "guild_scheduled_events": []},
        **{"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0},
        **{"nsfw_level": 0, "premium_tier": 0, "preferred_locale": "en-US", "system_channel_flags": 0, "icon": None},
    }


def _role() -> dict[str, Any]:
    more = {"color": 0, "hoist": False, "position": 0, "managed": False, "mentionable": False, "flags": 0}
    return {"id": str(GUILD), "name": "@everyone", "permissions": "0", **more}


def _member(user: dict[str, Any]) -> dict[str, Any]:
    return {"user": user, "roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0, "permissions": "0"}


def _channel(channel: int) -> dict[str, Any]:
    if channel == DIRECT:
        return {"id": str(DIRECT), "type": 1, "recipients": [ALICE], "last_message_id": None}
    if channel == THREAD:
        archived = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": _now(), "locked": False}
        return {
            **{"id": str(THREAD), "type": 11, "guild_id": str(GUILD), "parent_id": str(CHANNEL), "name": "details"},
            **{"owner_id": ALICE["id"], "thread_metadata": archived, "message_count": 0, "member_count": 1},
        }
    return {
        **{"id": str(channel), "type": 0, "guild_id": str(GUILD), "name": f"team-{channel}", "position": 0},
        **{"permission_overwrites": [], "parent_id": None, "nsfw": False, "topic": None, "last_message_id": None},
    }


def _json(content: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """Discord's clients want exactly this type, and take a 429 without `Via` for a ban."""
    told = {"Content-Type": "application/json", "Via": "1.1 google", **(headers or {})}
    return web.Response(body=json.dumps(content, default=str).encode(), status=status, headers=told)


def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def too_fast(seconds: float) -> Trouble:
    return Trouble(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False})
