"""Telegram's Bot API as far as a bridge uses it, and the people in its chats."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from cccc.scripts.stand_ins.server import Server, Trouble

TOKEN = "123456789:AAstandin-standin-standin-standin-00"
ALICE = {"id": 42, "is_bot": False, "first_name": "Alice"}
BOB = {"id": 43, "is_bot": False, "first_name": "Bob"}
BOT = {"id": 123456789, "is_bot": True, "first_name": "Pair", "username": "pair_bot"}
DIRECT = 42  # the chat of Alice and the bot
GROUP = -100200300


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, text: str, **parameters: Any) -> None:
        super().__init__(text)
        self.code = code
        self.parameters = parameters


class Telegram(Server):
    """One bot's view of Telegram. Update ids go on after a kill, as the real ones do.

    `written` gets a JSON line for each message: `{"said": …}` by a person, `{"posted": …}` by the bot.
    """

    def __init__(self, *chats: int, token: str = TOKEN, written: Path | None = None) -> None:
        self.token = token
        self._written = written
        self.chats = set(chats or (DIRECT, GROUP))
        self.updates: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []  # what the bot posted, with what became of it: message_id, chat_id, text
        self.answers: list[dict[str, Any]] = []  # to presses
        self.reactions: dict[tuple[int, int], list[str]] = {}
        self.files: dict[str, bytes] = {}
        self.old_presses: set[str] = set()
        self._ids = itertools.count(1000)
        self._message_ids = itertools.count(1)
        self._polls: list[asyncio.Event] = []
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- people ---

    def say(self, text: str, chat: int = GROUP, user: dict[str, Any] = ALICE, **more: Any) -> int:
        """A person writes; returns the message's id."""
        return self.message({"text": text, "entities": _entities(text), **more}, chat, user)

    def message(self, content: dict[str, Any], chat: int = GROUP, user: dict[str, Any] = ALICE) -> int:
        number = content.get("message_id") or next(self._message_ids)
        message = {"message_id": number, "date": int(time.time()), "from": user, "chat": _chat(chat), **content}
        self.update("edited_message" if "edit_date" in content else "message", message)
        return int(number)

    def press(self, post: dict[str, Any], label: str, user: dict[str, Any] = ALICE) -> str:
        """A person presses a button of a post; returns the press's id."""
        rows = json.loads(post["reply_markup"])["inline_keyboard"]
        value = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
        message = {
            "message_id": post["message_id"],
            "date": 1,
            "chat": _chat(post["chat_id"]),
            "from": BOT,
            "text": post["text"],
        }
        id_ = f"press-{next(self._ids)}"
        self.update(
            "callback_query", {"id": id_, "from": user, "chat_instance": "1", "message": message, "data": value}
        )
        return id_

    def update(self, kind: str, content: Any) -> None:
        self.run(self._add({"update_id": next(self._ids), kind: content}))

    async def _add(self, update: dict[str, Any]) -> None:
        if "text" in update.get("message", {}):
            self._write_down({"said": update["message"]["text"]})
        self.updates.append(update)
        for poll in self._polls:
            poll.set()

    def in_chat(self, chat: int = GROUP) -> list[str]:
        """The texts of what the bot posted into a chat, as they stand now."""
        return [post["text"] for post in list(self.posts) if post["chat_id"] == chat]

    # --- the Bot API ---

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.*}", self._download),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            arguments = await _arguments(request)
        except ConnectionResetError:  # the bridge died in the middle of it
            return web.Response()
        self.calls.append((method, arguments))
        if request.match_info["token"] != self.token:
            return _error(Refusal(401, "Unauthorized"))
        trouble = self.trouble(method) or Trouble()
        await asyncio.sleep(trouble.delay)
        if trouble.drop:
            return _hang_up(request)
        if trouble.status and isinstance(trouble.body, str):
            return web.Response(text=trouble.body, status=trouble.status, content_type="text/html")
        if trouble.status:
            return web.json_response(trouble.body, status=trouble.status)
        try:
            result = await getattr(self, f"_{method}")(arguments)
        except Refusal as refusal:
            return _error(refusal)
        return _hang_up(request) if trouble.lost else web.json_response({"ok": True, "result": result})

    async def _getMe(self, arguments: dict[str, Any]) -> Any:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def _getUpdates(self, arguments: dict[str, Any]) -> Any:
        for poll in self._polls:  # whoever asks now ends the question of another
            poll.conflict = True  # type: ignore[attr-defined]
            poll.set()
        token = self.token
        offset, until = int(arguments.get("offset", 0)), time.monotonic() + float(arguments.get("timeout", 0))
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        mine = asyncio.Event()
        self._polls.append(mine)
        try:
            while not self.updates and time.monotonic() < until:
                try:
                    await asyncio.wait_for(mine.wait(), until - time.monotonic())
                except asyncio.TimeoutError:
                    break
                if getattr(mine, "conflict", False):
                    raise Refusal(409, "Conflict: terminated by other getUpdates request")
                if self.token != token:
                    raise Refusal(401, "Unauthorized")
                mine.clear()
        finally:
            self._polls.remove(mine)
        return self.updates[:100]

    async def _sendMessage(self, arguments: dict[str, Any]) -> Any:
        return self._posted({**arguments, "text": _text(arguments)})

    async def _sendDocument(self, arguments: dict[str, Any]) -> Any:
        return self._posted({**arguments, "text": arguments.get("caption", "")})

    _sendPhoto = _sendDocument

    def _posted(self, arguments: dict[str, Any]) -> Any:
        chat = int(arguments["chat_id"])
        if chat not in self.chats:
            raise Refusal(400, "Bad Request: chat not found")
        try:
            self._write_down({"posted": arguments["text"]})
        except OSError as error:
            raise Refusal(500, str(error)) from None
        post = {**arguments, "chat_id": chat, "message_id": next(self._message_ids), "at": time.time()}
        self.posts.append(post)
        return {"message_id": post["message_id"], "date": 1, "chat": _chat(chat), "from": BOT, "text": post["text"]}

    def _write_down(self, message: dict[str, str]) -> None:
        """Append a line, whole or not at all. Raises OSError when the disk is full."""
        if self._written is None:
            return
        with self._written.open("ab", buffering=0) as file:
            before, line = file.seek(0, os.SEEK_END), json.dumps(message).encode() + b"\n"
            if file.write(line) < len(line):
                file.truncate(before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def _editMessageText(self, arguments: dict[str, Any]) -> Any:
        text, number = _text(arguments), int(arguments["message_id"])
        post = next((post for post in self.posts if post["message_id"] == number), None)
        if post is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        markup = arguments.get("reply_markup")
        if post["text"] == text and post.get("reply_markup") == markup:
            raise Refusal(400, "Bad Request: message is not modified")
        post.update(text=text, reply_markup=markup)
        return {"message_id": number, "date": 1, "chat": _chat(post["chat_id"]), "from": BOT, "text": text}

    async def _answerCallbackQuery(self, arguments: dict[str, Any]) -> Any:
        if arguments["callback_query_id"] in self.old_presses:
            raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.answers.append(arguments)
        return True

    async def _setMessageReaction(self, arguments: dict[str, Any]) -> Any:
        emoji = [reaction["emoji"] for reaction in json.loads(arguments["reaction"])]
        self.reactions.setdefault((int(arguments["chat_id"]), int(arguments["message_id"])), []).extend(emoji)
        return True

    async def _getFile(self, arguments: dict[str, Any]) -> Any:
        id_ = arguments["file_id"]
        if id_ not in self.files:
            raise Refusal(400, "Bad Request: invalid file_id")
        if len(self.files[id_]) > 20 << 20:
            raise Refusal(400, "Bad Request: file is too big")
        return {
            "file_id": id_,
            "file_unique_id": id_,
            "file_size": len(self.files[id_]),
            "file_path": f"documents/{id_}",
        }

    async def _download(self, request: web.Request) -> web.StreamResponse:
        trouble = self.trouble("download")
        if trouble and trouble.drop:
            return _hang_up(request)
        return web.Response(body=self.files[request.match_info["path"].rpartition("/")[2]])


async def _arguments(request: web.Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        found[name] = value
        if isinstance(value, web.FileField):
            with value.file as file:
                found[name], found["filename"] = file.read(), value.filename
    return found


def _text(arguments: dict[str, Any]) -> str:
    text = str(arguments.get("text", ""))
    if not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096 and "<" not in text:
        raise Refusal(400, "Bad Request: message is too long")
    return text


def _chat(chat: int) -> dict[str, Any]:
    return (
        {"id": chat, "type": "private", "first_name": "Alice"}
        if chat > 0
        else {
            "id": chat,
            "type": "supergroup",
            "title": "The team",
        }
    )


def _entities(text: str) -> list[dict[str, Any]]:
    at = text.find("@pair_bot")
    return [{"type": "mention", "offset": at, "length": 9}] if at >= 0 else []


def _error(refusal: Refusal) -> web.Response:
    body = {"ok": False, "error_code": refusal.code, "description": str(refusal)}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport:  # else whoever asked has gone
        request.transport.abort()
    return web.Response()


def too_fast(seconds: int) -> Trouble:
    body = {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
    return Trouble(429, body)
