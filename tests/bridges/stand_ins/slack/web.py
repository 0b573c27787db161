"""Slack's Web API as far as a bridge uses it: methods, the messages that they are about, and files.

`chat.update` keeps the old blocks; a file without its token is a page to log in, with 200.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.stand_ins.slack.shapes import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    DIRECT,
    NAMES,
    OTHER,
    ROBOT,
    TEAM,
    Refusal,
    hang_up,
)
from tests.bridges.stand_ins.slack.sockets import Sockets

_SECTION = 3000


class Web(Sockets):
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
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

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

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self._call),
            web.get("/link", self._socket),
            web.post("/upload/{id}", self._upload),
            web.get("/files/{id}", self._download),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        trouble = self.trouble(method) or Trouble()
        await asyncio.sleep(trouble.delay)
        if trouble.drop:
            return hang_up(request)
        if trouble.status:
            return _as_troubled(trouble)
        try:
            self._let_in(method, request.headers.get("Authorization", ""))
            result = await getattr(self, "_" + method.replace(".", "_"))(arguments)
        except Refusal as refusal:
            needed = {"needed": self.lacking[method]} if str(refusal) == "missing_scope" else {}
            return web.json_response({"ok": False, "error": str(refusal), **needed})
        return hang_up(request) if trouble.lost else web.json_response({"ok": True, **result})

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
            return hang_up(request)
        file, content = self.files[request.match_info["id"]], await request.read()
        file.update(content=content, size=len(content))
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.files[request.match_info["id"]]
        trouble = self.trouble("download")
        if trouble and trouble.drop:
            return hang_up(request)
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
