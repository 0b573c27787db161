"""Discord's API as far as a bridge uses it, over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

from aiohttp import web

from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.stand_ins.discord import shapes
from tests.bridges.stand_ins.discord.gateway import Gateway
from tests.bridges.stand_ins.discord.shapes import ALICE, BOT, CHANNEL, DIRECT, GUILD, OTHER, THREAD, Refusal, now

_EPOCH_MS = 1420070400000
_EPHEMERAL = 64


class Api(Gateway):
    """One bot's view of it. Messages stay over a kill."""

    def __init__(self) -> None:
        self.limit = (50, 1.0)  # requests per seconds, for each route
        self.shows_nonce = True  # in what was written before
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
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    def snowflake(self) -> int:
        return (int(time.time() * 1000) - _EPOCH_MS << 22) + next(self._counter) % 4096

    def find(self, channel: int, number: int) -> dict[str, Any]:
        found = next((each for each in self.messages.get(channel, ()) if int(each["id"]) == int(number)), None)
        if found is None:
            raise Refusal(404, 10008, "Unknown Message")
        return found

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/gateway/", self._gateway),
            web.get("/files/{id}/{name}", self._file),
            web.route("*", "/api/v10/{path:.*}", self._call),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        name = next((name for name, form in _METHODS.items() if re.fullmatch(form, f"{request.method} {path}")), "")
        arguments = await _arguments(request)
        self.calls.append((name or f"{request.method} {path}", {**arguments, "path": path}))
        if not name.startswith("interaction") and request.headers.get("Authorization") != f"Bot {self.token}":
            return shapes.answer({"message": "401: Unauthorized", "code": 0}, 401)
        trouble = self.trouble(name) or Trouble()
        await asyncio.sleep(trouble.delay)
        if trouble.drop:
            return shapes.hang_up(request)
        if trouble.status and not trouble.lost:
            return shapes.answer(trouble.body, trouble.status)
        try:
            wait = self._too_fast(f"{request.method} {path}")
            if wait:
                return shapes.answer(
                    {"message": "You are being rate limited.", "retry_after": wait, "global": False}, 429
                )
            result = await getattr(self, f"_{name}")(arguments, *path.split("/"))
        except Refusal as refusal:
            return shapes.answer({"message": str(refusal), "code": refusal.code}, refusal.status)
        if trouble.lost:
            return shapes.answer(trouble.body, trouble.status) if trouble.status else shapes.hang_up(request)
        return (
            shapes.answer(result, 200, self._bucket(f"{request.method} {path}"))
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
        return shapes.channel(self._reach(path[1]))

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
        message.update(arguments["json"], edited_timestamp=now())
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
            return shapes.hang_up(request)
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
            **{"timestamp": now(), "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": []},
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
