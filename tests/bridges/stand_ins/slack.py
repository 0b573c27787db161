"""Slack as far as a bridge uses it, with Socket Mode, and the people in its channels.

As the real one: an event goes to one of the open sockets or to nobody, and comes again when it is not acknowledged; a
ticket opens one socket; `chat.update` keeps the old blocks; a file without its token is a page to log in, with 200.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from aiohttp import WSMsgType, web

from cccc.scripts.stand_ins.server import Server, Trouble

BOT_TOKEN = "xoxb-1111111111-stand-in-bot-token"
APP_TOKEN = "xapp-1-A111-2222222222-stand-in-app-token"
ALICE, BOB, ROBOT, BOT = "U0ALICE", "U0BOB", "U0ROBOT", "U0BOT"
NAMES = {ALICE: "Alice", BOB: "Bob", ROBOT: "Robot", BOT: "pair"}
TEAM, OTHER, DIRECT = "C0TEAM", "C0OTHER", "D0ALICE"
_SECTION = 3000


class Refusal(Exception):
    """An answer with `ok: false`."""


class Slack(Server):
    """One app in one workspace."""

    def __init__(self) -> None:
        self.bot_token, self.app_token = BOT_TOKEN, APP_TOKEN
        self.channels = {TEAM: "team", OTHER: "other", DIRECT: ""}
        self.archived: set[str] = set()
        self.lacking: dict[str, str] = {}  # method -> the scope that the app does not have
        self.messages: dict[str, list[dict[str, Any]]] = {chat: [] for chat in self.channels}  # oldest first
        self.whispers: list[dict[str, Any]] = []  # messages that one person sees
        self.reactions: dict[tuple[str, str], list[str]] = {}
        self.files: dict[str, dict[str, Any]] = {}
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    # --- people ---

    def say(self, text: str, chat: str = TEAM, user: str = ALICE, thread: str = "", **more: Any) -> str:
        """A person writes; returns the message's ts."""
        return self.run(self._say({"user": user, "text": text, **more}, chat, thread))

    def edit(self, ts: str, text: str, chat: str = TEAM) -> None:
        self.run(self._change(ts, {"text": text, "edited": {"user": ALICE, "ts": self._ts()}}, chat))

    def unfurl(self, ts: str, chat: str = TEAM) -> None:
        """Slack adds the preview of a link: a change that nobody made."""
        self.run(self._change(ts, {"attachments": [{"title": "a page"}]}, chat))

    def give(self, name: str, content: bytes, text: str = "", mime: str = "text/plain", chat: str = TEAM) -> str:
        """A person sends a file; returns its id."""
        file = self._file(name, content, mime)
        self.say(text, chat, subtype="file_share", files=[file])
        return str(file["id"])

    def press(self, post: dict[str, Any], label: str, user: str = ALICE) -> None:
        """A person presses a button of a post."""
        elements = [element for block in post["blocks"] if block["type"] == "actions" for element in block["elements"]]
        button = next(element for element in elements if element["text"]["text"] == label)
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": NAMES[user].lower()},
            "container": {"type": "message", "message_ts": post["ts"], "channel_id": post["channel"]},
            "channel": {"id": post["channel"]},
            "actions": [{**button, "action_ts": self._ts()}],
        }
        self.run(self._send("interactive", payload))

    def slash(self, text: str, chat: str = TEAM, user: str = ALICE, command: str = "/cccc") -> None:
        payload = {
            "command": command,
            "text": text,
            "channel_id": chat,
            "user_id": user,
            "trigger_id": f"{next(self._numbers)}.1.x",
        }
        self.run(self._send("slash_commands", payload))

    def event(self, event: dict[str, Any]) -> None:
        self.run(self._event(event))

    def in_chat(self, chat: str = TEAM) -> list[str]:
        """The texts of what the bot posted into a channel, as they stand now."""
        return [post["text"] for post in self.posts(chat)]

    def posts(self, chat: str = TEAM) -> list[dict[str, Any]]:
        return [raw for raw in list(self.messages[chat]) if raw["user"] == BOT]

    # --- Slack itself ---

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

    async def _say(self, raw: dict[str, Any], chat: str, thread: str = "") -> str:
        raw = {"type": "message", "ts": self._ts(), **raw}
        if thread:
            raw["thread_ts"] = thread
            root = self._at(chat, thread)
            root.update(thread_ts=thread, latest_reply=raw["ts"])
        self.messages[chat].append(raw)
        await self._event({**raw, "channel": chat})
        return str(raw["ts"])

    async def _change(self, ts: str, change: dict[str, Any], chat: str) -> None:
        raw = self._at(chat, ts)
        before = dict(raw)
        raw.update(change)
        event = {"type": "message", "subtype": "message_changed", "channel": chat, "ts": self._ts(), "hidden": True}
        await self._event({**event, "message": dict(raw), "previous_message": before})

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

    def _at(self, chat: str, ts: str) -> dict[str, Any]:
        found = next((raw for raw in self.messages[chat] if raw["ts"] == ts), None)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def _file(self, name: str, content: bytes, mime: str) -> dict[str, Any]:
        id_ = f"F{next(self._numbers)}"
        file = {"id": id_, "name": name, "size": len(content), "mimetype": mime, "mode": "hosted", "shares": {}}
        self.files[id_] = {**file, "content": content}
        return file

    # --- its web ---

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self._call),
            web.get("/link", self._socket),
            web.post("/upload/{id}", self._upload),
            web.get("/files/{id}", self._download),
        ]

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

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        trouble = self.trouble(method) or Trouble()
        await asyncio.sleep(trouble.delay)
        if trouble.drop:
            return _hang_up(request)
        if trouble.status:
            return _as_troubled(trouble)
        try:
            self._let_in(method, request.headers.get("Authorization", ""))
            result = await getattr(self, "_" + method.replace(".", "_"))(arguments)
        except Refusal as refusal:
            needed = {"needed": self.lacking[method]} if str(refusal) == "missing_scope" else {}
            return web.json_response({"ok": False, "error": str(refusal), **needed})
        return _hang_up(request) if trouble.lost else web.json_response({"ok": True, **result})

    def _let_in(self, method: str, given: str) -> None:
        wanted = self.app_token if method == "apps.connections.open" else self.bot_token
        if given.startswith("Bearer xoxb-") and wanted == self.app_token:
            raise Refusal("not_allowed_token_type")
        if given != f"Bearer {wanted}":
            raise Refusal("invalid_auth")
        if method in self.lacking:
            raise Refusal("missing_scope")

    def _channel(self, arguments: dict[str, Any], key: str = "channel") -> str:
        chat = str(arguments[key])
        if chat not in self.channels:
            raise Refusal("channel_not_found")
        if chat in self.archived:
            raise Refusal("is_archived")
        return chat

    async def _auth_test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"user_id": BOT, "user": "pair", "team": "Team", "bot_id": "B1"}

    async def _apps_connections_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        ticket = f"ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={ticket}&app_id=A1"}

    async def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = arguments["user"]
        if user not in NAMES:
            raise Refusal("user_not_found")
        profile = {"display_name": NAMES[user]}
        return {"user": {"id": user, "name": NAMES[user].lower(), "profile": profile, "is_bot": user in (ROBOT, BOT)}}

    async def _conversations_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": arguments["channel"], "name": self.channels[self._channel(arguments)]}}

    async def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        told = [raw for raw in self.messages[self._channel(arguments)] if raw.get("thread_ts", raw["ts"]) == raw["ts"]]
        return _page(told[::-1], arguments)

    async def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        chat = self._channel(arguments)
        root = self._at(chat, arguments["ts"])
        replies = [raw for raw in self.messages[chat] if raw.get("thread_ts") == root["ts"] and raw is not root]
        return _page([root, *replies], arguments, always=root)

    async def _chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:
        chat = self._channel(arguments)
        _check(arguments)
        posted = {name: value for name, value in arguments.items() if name in ("text", "blocks", "metadata")}
        posted = {"user": BOT, "bot_id": "B1", "channel": chat, **posted}
        return {"channel": chat, "ts": await self._say(posted, chat, arguments.get("thread_ts", ""))}

    async def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        chat = self._channel(arguments)
        _check(arguments)
        change: dict[str, Any] = {name: arguments[name] for name in ("text", "blocks") if name in arguments}
        self._at(chat, arguments["ts"]).update(change)
        return {"channel": chat, "ts": arguments["ts"], "text": arguments["text"]}

    async def _chat_postEphemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._channel(arguments)
        self.whispers.append(arguments)
        return {"message_ts": self._ts()}

    async def _reactions_add(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._at(self._channel(arguments), arguments["timestamp"])
        there = self.reactions.setdefault((arguments["channel"], arguments["timestamp"]), [])
        if arguments["name"] in there:
            raise Refusal("already_reacted")
        there.append(arguments["name"])
        return {}

    # --- files ---

    async def _files_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments["file"] not in self.files:
            raise Refusal("file_not_found")
        file = {name: value for name, value in self.files[arguments["file"]].items() if name != "content"}
        return {"file": {**file, "url_private_download": f"http://127.0.0.1:{self.port}/files/{file['id']}"}}

    async def _files_getUploadURLExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:
        file = self._file(arguments["filename"], b"", "application/octet-stream")
        return {"file_id": file["id"], "upload_url": f"http://127.0.0.1:{self.port}/upload/{file['id']}"}

    async def _files_completeUploadExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:
        chat = self._channel(arguments, "channel_id")
        files = [self.files[each["id"]] for each in json.loads(arguments["files"])]
        shown = [{name: value for name, value in file.items() if name != "content"} for file in files]
        raw = {"user": BOT, "subtype": "file_share", "text": arguments.get("initial_comment", ""), "files": shown}
        ts = await self._say(raw, chat, arguments.get("thread_ts", ""))
        for file in files:
            file["shares"] = {"public": {chat: [{"ts": ts}]}}
        return {"files": shown}

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        trouble = self.trouble("upload")
        if trouble and trouble.drop:
            return _hang_up(request)
        file, content = self.files[request.match_info["id"]], await request.read()
        file.update(content=content, size=len(content))
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.files[request.match_info["id"]]
        trouble = self.trouble("download")
        if trouble and trouble.drop:
            return _hang_up(request)
        if request.headers.get("Authorization") != f"Bearer {self.bot_token}" or "download" in self.lacking:
            return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
        return web.Response(body=file["content"], content_type=file["mimetype"])


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    return {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}


def _page(told: list[dict[str, Any]], arguments: dict[str, Any], always: Any = None) -> dict[str, Any]:
    told = [raw for raw in told if raw is always or raw["ts"] > arguments.get("oldest", "0")]
    begin, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit", 100))
    shown = [dict(raw) for raw in told[begin : begin + limit]]
    if arguments.get("include_all_metadata") != "1":
        shown = [{name: value for name, value in raw.items() if name != "metadata"} for raw in shown]
    more = str(begin + limit) if begin + limit < len(told) else ""
    return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _check(arguments: dict[str, Any]) -> None:
    if not arguments.get("text"):
        raise Refusal("no_text")
    for block in arguments.get("blocks") or ():
        if len(block.get("text", {}).get("text", "")) > _SECTION:
            raise Refusal("invalid_blocks")


def _as_troubled(trouble: Trouble) -> web.Response:
    if isinstance(trouble.body, str):
        return web.Response(status=trouble.status, text=trouble.body, content_type="text/html")
    headers = {"Retry-After": str(trouble.body["retry_after"])} if trouble.status == 429 else {}
    return web.json_response(trouble.body, status=trouble.status, headers=headers)


def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


def too_fast(seconds: int) -> Trouble:
    return Trouble(429, {"ok": False, "error": "ratelimited", "retry_after": seconds})
