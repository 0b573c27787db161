"""Slack, by slack_sdk: what the bridge asks of its chats. Receiving is in `line.py`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import aiohttp

from cccc.services.bridges.platform import (
    Button,
    FileRef,
    Gone,
    Incoming,
    Limits,
    Pace,
    Post,
    Put,
    Refused,
    Unreachable,
)
from cccc.services.bridges.slack import dress, history, web
from cccc.services.bridges.slack.line import Line

_FILE_WITHIN = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
_CHUNK = 1 << 16
_MARKS = {"stored": "eyes", "accepted": "ok_hand"}


class Chats:
    """The channels of one app."""

    limits = Limits(text=3000, caption=1000, press=3000, download=1 << 30)
    plain_words = True  # Slack's own clients take every line that begins with a slash

    def __init__(
        self,
        bot_token: str,
        app_token: str,
        base_url: str,
        let_in: Callable[[], Mapping[str, str]],
        origin: Callable[[], str],
    ) -> None:
        self.me = ""
        self._web = web.client(bot_token, base_url)
        self._line = Line(self._web, app_token, let_in, self._named)
        self._origin = origin
        self._uploaded: dict[str, str] = {}  # key -> the file that is on Slack, and perhaps not in its chat

    def _named(self, name: str) -> None:
        self.me = name

    async def run(self, put: Put) -> None:
        await self._line.run(put)

    async def accept(self, incoming: Incoming) -> None:
        await self._line.accept(incoming)

    # --- posting ---

    def pace(self, chat: str) -> Pace:
        """A channel takes one message a second; `reactions.add` is of tier 3, 50 calls a minute."""
        return Pace(every=1.0, per_minute=60, marks=50)

    async def post(self, chat: str, post: Post, key: str, doubt: bool) -> str:
        """Post or edit. A post carries its key as metadata, by which one in doubt is found in the history."""
        if post.edit:
            return await self._edit(chat, post)
        if post.file:
            return await self._send_file(chat, post, post.file, key, doubt)
        key = f"{self._origin()}.{key}"
        thread = _thread(chat, post)
        if doubt:
            with contextlib.suppress(web.NoScope, Refused, Gone):  # it cannot be looked for: it may come twice
                there = await history.posted(self._web, chat, thread, key)
                if there:
                    return there
        text = dress.mrkdwn(post.text)
        answer = await web.done(
            self._web.chat_postMessage(
                channel=chat,
                text=text,
                blocks=_blocks(text, post.buttons) or None,
                thread_ts=thread or None,
                metadata={"event_type": history.EVENT_TYPE, "event_payload": {history.KEY: key}},
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def _edit(self, chat: str, post: Post) -> str:
        """Change a post; without `blocks` the old buttons would stay."""
        text = dress.mrkdwn(post.text)
        await web.done(self._web.chat_update(channel=chat, ts=post.edit, text=text, blocks=_blocks(text, post.buttons)))
        return post.edit

    async def _send_file(self, chat: str, post: Post, path: Path, key: str, doubt: bool) -> str:
        """Upload a file, and then share it, which shows it: only the second step can be in doubt."""
        file = self._uploaded.get(key, "")
        if not file:
            file = self._uploaded[key] = await self._upload(path, post.name or path.name)
        elif doubt and await history.shared(self._web, chat, file):
            del self._uploaded[key]
            return ""
        await web.done(
            self._web.files_completeUploadExternal(
                files=[{"id": file, "title": post.name or path.name}],
                channel_id=chat,
                initial_comment=dress.mrkdwn(post.text) or None,
                thread_ts=_thread(chat, post) or None,
            )
        )
        del self._uploaded[key]
        return ""

    async def _upload(self, path: Path, name: str) -> str:
        place = await web.done(self._web.files_getUploadURLExternal(filename=name, length=path.stat().st_size))
        try:
            session = aiohttp.ClientSession(timeout=_FILE_WITHIN)
            with path.open("rb") as content:
                async with session, session.post(place["upload_url"], data=content, proxy=self._web.proxy) as answer:
                    if answer.status != 200:
                        raise Unreachable(f"Slack did not take the file (status {answer.status})")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise Unreachable(web.clean(error)) from None
        return str(place["file_id"])

    async def answer(self, press: str, text: str) -> None:
        """Show a person a message that nobody else sees; this works for ever, unlike the address in a press."""
        chat, user, thread = press.split(" ")
        await web.done(
            self._web.chat_postEphemeral(channel=chat, user=user, text=dress.mrkdwn(text), thread_ts=thread or None)
        )

    async def mark(self, chat: str, message: str, mark: str) -> None:
        try:
            await web.done(self._web.reactions_add(channel=chat, timestamp=message, name=_MARKS[mark]))
        except web.NoScope as error:
            raise Refused(str(error)) from None
        except Refused as error:
            if "already_reacted" not in str(error):
                raise

    # --- files of people ---

    async def fetch(self, file: FileRef, to: Path) -> None:
        try:
            found = (await web.done(self._web.files_info(file=file.id)))["file"]
        except web.NoScope as error:
            raise Refused(str(error)) from None
        url = found.get("url_private_download") or found.get("url_private")
        if not url:
            raise Refused("Slack does not hold this file")
        try:
            await self._download(url, found.get("mimetype", ""), to)
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise Unreachable(web.clean(error)) from None
        if found.get("size") not in (None, to.stat().st_size):
            raise Unreachable(f"only {to.stat().st_size} bytes of {found['size']} came")

    async def _download(self, url: str, mime: str, to: Path) -> None:
        headers = {"Authorization": f"Bearer {self._web.token}"}
        session = aiohttp.ClientSession(timeout=_FILE_WITHIN)
        async with session, session.get(url, headers=headers, proxy=self._web.proxy) as answer:
            if answer.status >= 500:
                raise Unreachable(f"Slack does not give the file (status {answer.status})")
            if answer.status != 200:
                raise Refused(f"Slack does not give the file (status {answer.status})")
            if answer.content_type == "text/html" and mime != "text/html":  # the page to log in, with status 200
                raise Refused("Slack does not let the app have the file: it needs the scope files:read")
            with to.open("wb") as content:
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    content.write(chunk)


def _thread(chat: str, post: Post) -> str:
    """Answers stand below what they answer, but for a direct chat, where nobody else talks."""
    return post.thread or ("" if chat.startswith("D") else post.reply_to)


def _blocks(text: str, buttons: tuple[Button, ...]) -> list[dict[str, Any]]:
    """Return the blocks of a post with buttons; one without them has none."""
    if not buttons:
        return []
    shown = [{"type": "section", "text": {"type": "mrkdwn", "text": part}} for part in dress.sections(text)]
    elements = [
        {
            "type": "button",
            "action_id": f"cccc:{number}",
            "text": {"type": "plain_text", "text": button.label},
            "value": button.value,
        }
        for number, button in enumerate(buttons)
    ]
    return [*shown, {"type": "actions", "elements": elements}]
