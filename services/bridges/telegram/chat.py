"""Telegram, by python-telegram-bot.

The library's own Updater confirms updates before anybody has them, spins on one it cannot read, and ends in silence
when the token is revoked; so getUpdates is asked here, and the offset is raised when every update is accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import warnings
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBUserWarning

from cccc.common.text import redaction
from cccc.services.bridges.platform import (
    ChatIs,
    FileRef,
    Gone,
    Health,
    Incoming,
    Later,
    Limits,
    Pace,
    Post,
    Put,
    Refused,
    Undone,
    Unreachable,
    Unsure,
)
from cccc.services.bridges.telegram import dress, updates

# get_updates itself cannot be asked for raw updates.
warnings.filterwarnings("ignore", "Please use 'Bot.getUpdates'", PTBUserWarning)

_ANSWER_WITHIN = 10.0
_UPLOAD_WITHIN = 120.0
_POLL_ANSWERED_WITHIN = 5.0  # beyond what was asked for
_CONFLICTS = 3
_BACK_OFF = (0.5, 1.0, 2.0, 5.0)
_WITHOUT_HOPE = 20.0  # seconds between looks whether a person has mended it
_NEVER_AGAIN = ("chat not found", "not enough rights", "have no rights", "chat_write_forbidden", "user is deactivated")
_MARKS = {"stored": "👀", "accepted": "👌"}

_REVOKED = "Telegram rejects the token; `cccc token set telegram`, then `cccc bridge telegram restart`"
_TWO = "another program polls with this token; stop it, or use another bot for it"

T = TypeVar("T")


async def _look(response: httpx.Response) -> None:
    """Take what Telegram did not answer, such as the page of a proxy, for an outage, whatever its status is.

    The library takes a page with 200 for an error that no rule knows, and one with 401 or 403 for Telegram's own word.
    """
    if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:  # a page of the server before Telegram's own
        raise BadRequest("the file is too large")
    if response.request.method == "POST" and not _is_answer(response.status_code, await response.aread()):
        raise httpx.RemoteProtocolError(f"what answers is not Telegram (status {response.status_code})")


def _is_answer(code: int, payload: bytes) -> bool:
    try:
        answer = json.loads(payload)
    except ValueError:
        return False
    return isinstance(answer, dict) and ("result" in answer if code < 300 else answer.get("ok") is False)


class Chats:
    """The chats of one bot."""

    limits = Limits(text=4096, caption=1024, press=200, download=20 << 20)
    plain_words = False

    def __init__(self, token: str, api: str, poll_seconds: int) -> None:
        self.me = ""
        self._poll_seconds = poll_seconds
        looking = {"event_hooks": {"response": [_look]}}
        self._bot = Bot(
            token,
            base_url=f"{api.rstrip('/')}/bot",
            base_file_url=f"{api.rstrip('/')}/file/bot",
            request=HTTPXRequest(connection_pool_size=16, read_timeout=_ANSWER_WITHIN, httpx_kwargs=looking),
            get_updates_request=HTTPXRequest(connection_pool_size=1, httpx_kwargs=looking),
        )
        self._failures = 0  # in a row
        self._open: set[str] = set()  # ids of updates that are not accepted yet
        self._all_accepted: asyncio.Event

    # --- receiving ---

    async def run(self, put: Put) -> None:
        self._all_accepted = asyncio.Event()  # here: on Python 3.9 it belongs to the loop in which it is made
        offset, seconds = 0, 0
        try:
            while True:
                try:
                    await self._bot.initialize()  # up to 22.5 it knows the name only when its first try succeeds
                    self.me = self.me or (await self._bot.get_me()).username or ""
                    offset = await self._poll(put, offset, seconds)
                    self._failures, seconds = 0, self._poll_seconds
                except TelegramError as error:
                    self._failures += 1
                    words, wait = self._trouble(error)
                    if words:
                        put(Health(False, error=words))
                    await asyncio.sleep(wait)
                    seconds = 0  # the next question asks for no wait: its answer is the proof of being back
        finally:
            with contextlib.suppress(TelegramError, RuntimeError):
                await self._bot.shutdown()

    def _trouble(self, error: TelegramError) -> tuple[str, float]:
        """Return what is wrong, "" while it may be nothing, and the seconds until the next question."""
        if isinstance(error, (InvalidToken, EndPointNotFound)):
            return _REVOKED, _WITHOUT_HOPE
        if isinstance(error, Conflict):  # the last question of this process can still be open there
            return (_TWO, _WITHOUT_HOPE) if self._failures >= _CONFLICTS else ("", 0.5)
        if isinstance(error, RetryAfter):
            return f"Telegram asks to wait {_seconds(error):.0f} s", _seconds(error)
        wait = _BACK_OFF[min(self._failures, len(_BACK_OFF)) - 1]
        return f"Telegram cannot be reached: {_words(error)}", wait

    async def _poll(self, put: Put, offset: int, seconds: int) -> int:
        """Ask once; return the next offset when everything that came is accepted."""
        asked = {"offset": offset, "timeout": seconds, "allowed_updates": updates.WANTED}
        came: Any = await self._bot.do_api_request(
            "getUpdates", api_kwargs=asked, read_timeout=seconds + _POLL_ANSWERED_WITHIN
        )
        put(Health(True, "poll answered"))
        for raw in came:
            incoming = updates.read(raw, self._bot)
            if incoming:
                self._open.add(incoming.id)
                put(incoming)
        self._all_accepted.clear()
        if self._open:
            await self._all_accepted.wait()
        return max((int(raw["update_id"]) + 1 for raw in came), default=offset)

    async def accept(self, incoming: Incoming) -> None:
        self._open.discard(incoming.id)
        if not self._open:
            self._all_accepted.set()

    # --- posting ---

    def pace(self, chat: str) -> Pace:
        """Bots FAQ of Telegram: a message a second, in a group 20 a minute. It says nothing of marks: two for each."""
        messages = 20 if chat.startswith("-") else 60
        return Pace(every=1.0, per_minute=messages, marks=2 * messages)

    async def post(self, chat: str, post: Post, key: str, doubt: bool) -> str:
        """Post or edit. Telegram has no way to see whether a post in doubt is there: it may come twice."""
        if post.edit:
            return await self._edit(chat, post)
        if post.file:
            return await self._send_file(chat, post, post.file)
        try:
            return await self._send(chat, post, dress.html(post.text), ParseMode.HTML)
        except Refused as error:
            if "parse entities" not in str(error):
                raise
            return await self._send(chat, post, post.text, None)

    async def _send(self, chat: str, post: Post, text: str, mode: str | None) -> str:
        message = await _done(
            self._bot.send_message(
                chat_id=int(chat),
                text=text,
                parse_mode=mode,
                message_thread_id=int(post.thread) if post.thread else None,
                reply_parameters=_reply(post),
                reply_markup=_keyboard(post),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )
        return str(message.message_id)

    async def _edit(self, chat: str, post: Post) -> str:
        try:
            await _done(
                self._bot.edit_message_text(
                    dress.html(post.text),
                    chat_id=int(chat),
                    message_id=int(post.edit),
                    parse_mode=ParseMode.HTML,
                    reply_markup=_keyboard(post),
                )
            )
        except Refused as error:
            if "not modified" not in str(error):
                raise
        return post.edit

    async def _send_file(self, chat: str, post: Post, path: Path) -> str:
        more: dict[str, Any] = {
            "chat_id": int(chat),
            "caption": dress.html(post.text) or None,
            "parse_mode": ParseMode.HTML,
            "message_thread_id": int(post.thread) if post.thread else None,
            "reply_parameters": _reply(post),
            "filename": post.name,
            "write_timeout": _UPLOAD_WITHIN,
            "read_timeout": _UPLOAD_WITHIN,
        }
        with path.open("rb") as content:
            if post.photo:
                message = await _done(self._bot.send_photo(photo=content, **more))
            else:
                message = await _done(self._bot.send_document(document=content, **more))
        return str(message.message_id)

    async def answer(self, press: str, text: str) -> None:
        await _done(self._bot.answer_callback_query(press, text, show_alert=True))

    async def mark(self, chat: str, message: str, mark: str) -> None:
        await _done(self._bot.set_message_reaction(int(chat), int(message), _MARKS[mark]))

    async def fetch(self, file: FileRef, to: Path) -> None:
        found = await _done(self._bot.get_file(file.id))
        await _done(found.download_to_drive(to, read_timeout=_UPLOAD_WITHIN))


async def _done(call: Awaitable[T]) -> T:
    """Return what a call of the library gives. Raises an Undone for every way in which it can fail."""
    try:
        return await call
    except TelegramError as error:
        raise _undone(error) from None


def _undone(error: TelegramError) -> Undone:
    words = _words(error)
    if isinstance(error, RetryAfter):
        return Later(_seconds(error))
    if isinstance(error, ChatMigrated):
        return ChatIs(str(error.new_chat_id))
    if isinstance(error, Forbidden):
        return Gone(words)
    if isinstance(error, BadRequest):
        return Gone(words) if any(mark in words.lower() for mark in _NEVER_AGAIN) else Refused(words)
    if isinstance(error, (InvalidToken, EndPointNotFound)):
        return Unreachable("Telegram rejects the token")
    if isinstance(error, (TimedOut, NetworkError)):
        never_sent = isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        return Unreachable(words) if never_sent else Unsure(words)
    return Refused(words)


def _words(error: TelegramError) -> str:
    """Return what went wrong in one line without the token, which some of the library's errors hold."""
    return redaction.default.redact(" ".join(str(error).split())) or type(error).__name__


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _reply(post: Post) -> ReplyParameters | None:
    return ReplyParameters(int(post.reply_to), allow_sending_without_reply=True) if post.reply_to else None


def _keyboard(post: Post) -> InlineKeyboardMarkup | None:
    buttons = [InlineKeyboardButton(button.label, callback_data=button.value) for button in post.buttons]
    return InlineKeyboardMarkup([buttons[at : at + 3] for at in range(0, len(buttons), 3)]) if buttons else None
