"""What was said while nobody listened: Slack sends an event to an open socket or to nobody.

The history of a channel shows no answers below its messages: threads with new ones are asked for one by one. A thread
whose first message is older than a day before the last message that is known is not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from cccc.services.bridges.slack.events import Said, in_history
from cccc.services.bridges.slack.web import done, pages

_THREADS_OF = 86400.0
KEY = "key"
EVENT_TYPE = "cccc_post"


async def missed(web: AsyncWebClient, chat: str, since: str, me: str) -> list[Said]:
    """Return what people said or changed in a chat since a message, oldest first. Raises Undone."""
    found: dict[str, Said] = {}

    def take(raw: Mapping[str, Any]) -> None:
        told = in_history(chat, raw, since, me)
        if told:
            found[told.id] = told

    oldest = f"{max(0.0, float(since) - _THREADS_OF):.6f}"
    threads = []
    async for raw in pages(web.conversations_history, channel=chat, oldest=oldest):
        take(raw)
        if raw.get("latest_reply", "") > since:
            threads.append(raw["ts"])
    for ts in threads:
        async for raw in pages(web.conversations_replies, channel=chat, ts=ts, oldest=since):
            take(raw)
    return sorted(found.values(), key=lambda told: told.edited or told.ts)


async def posted(web: AsyncWebClient, chat: str, thread: str, key: str) -> str:
    """Return the post that carries a key and is at most a day old, or "". Raises Undone."""
    asked = {"channel": chat, "oldest": f"{time.time() - _THREADS_OF:.6f}", "include_all_metadata": True}
    listed = (
        pages(web.conversations_replies, ts=thread, **asked) if thread else pages(web.conversations_history, **asked)
    )
    async for raw in listed:
        metadata = raw.get("metadata") or {}
        if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get(KEY) == key:
            return str(raw["ts"])
    return ""


async def shared(web: AsyncWebClient, chat: str, file: str) -> bool:
    """Return whether a file is in a chat. Raises Undone."""
    shares = (await done(web.files_info(file=file)))["file"].get("shares", {})
    return any(chat in shares.get(kind, {}) for kind in ("public", "private"))
