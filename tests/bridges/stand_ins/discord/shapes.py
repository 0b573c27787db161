"""What Discord's people, channels and answers look like."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from cccc.scripts.stand_ins.server import Trouble

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


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def guild() -> dict[str, Any]:
    return {
        **{"id": str(GUILD), "name": "The team's server", "owner_id": ALICE["id"], "unavailable": False},
        **{"member_count": 3, "large": False, "roles": [role()], "emojis": [], "stickers": [], "features": []},
        **{"channels": [channel(CHANNEL), channel(OTHER)], "threads": [channel(THREAD)], "members": [member(BOT)]},
        **{"presences": [], "voice_states": [], "stage_instances": [], "guild_scheduled_events": []},
        **{"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0},
        **{"nsfw_level": 0, "premium_tier": 0, "preferred_locale": "en-US", "system_channel_flags": 0, "icon": None},
    }


def role() -> dict[str, Any]:
    more = {"color": 0, "hoist": False, "position": 0, "managed": False, "mentionable": False, "flags": 0}
    return {"id": str(GUILD), "name": "@everyone", "permissions": "0", **more}


def member(user: dict[str, Any]) -> dict[str, Any]:
    return {"user": user, "roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0, "permissions": "0"}


def channel(channel: int) -> dict[str, Any]:
    if channel == DIRECT:
        return {"id": str(DIRECT), "type": 1, "recipients": [ALICE], "last_message_id": None}
    if channel == THREAD:
        archived = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": now(), "locked": False}
        return {
            **{"id": str(THREAD), "type": 11, "guild_id": str(GUILD), "parent_id": str(CHANNEL), "name": "details"},
            **{"owner_id": ALICE["id"], "thread_metadata": archived, "message_count": 0, "member_count": 1},
        }
    return {
        **{"id": str(channel), "type": 0, "guild_id": str(GUILD), "name": f"team-{channel}", "position": 0},
        **{"permission_overwrites": [], "parent_id": None, "nsfw": False, "topic": None, "last_message_id": None},
    }


def answer(content: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """Discord's clients want exactly this type, and take a 429 without `Via` for a ban."""
    told = {"Content-Type": "application/json", "Via": "1.1 google", **(headers or {})}
    return web.Response(body=json.dumps(content, default=str).encode(), status=status, headers=told)


def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def too_fast(seconds: float) -> Trouble:
    return Trouble(429, {"message": "You are being rate limited.", "retry_after": seconds, "global": False})
