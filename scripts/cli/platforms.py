"""Asking a chat platform whether it knows a token, by one plain request; the bridge's library is not needed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import NamedTuple

from cccc.common.settings import Settings

GOOD, REFUSED, UNREACHABLE = "good", "refused", "unreachable"
# Of each token: its form, and how a person finds it.
FORMS = {
    ("telegram", "token"): (r"\d{6,12}:[\w-]{30,}", "123456789:AA…, as BotFather gives it"),
    ("slack", "bot_token"): (r"xoxb-[\w-]+", "xoxb-…, under OAuth & Permissions"),
    ("slack", "app_token"): (r"xapp-[\w-]+", "xapp-…, under Basic Information, App-Level Tokens"),
    ("discord", "bot_token"): (r"[\w-]+\.[\w-]+\.[\w-]+", "three parts with dots between, under Bot"),
}
_WITHIN = 5.0


class Answer(NamedTuple):
    """`words` is whose token it is, why it is refused, or why nothing answers. The token is never in it."""

    verdict: str
    words: str


def ask(settings: Settings, platform: str, key: str, token: str) -> Answer:
    """Ask a platform, at the address that its bridge uses, about the token of a settings key; at most some seconds."""
    if not token.isascii() or not token.isprintable() or " " in token:
        return Answer(REFUSED, "a token is one word of letters, digits and symbols")
    request = _request(getattr(settings, platform).api_base_url, platform, key, token)
    try:
        with urllib.request.urlopen(request, timeout=_WITHIN) as response:
            said = _object(response.read())
    except urllib.error.HTTPError as error:
        with error:
            said = _object(error.read())
        if error.code in (401, 403, 404):
            return Answer(REFUSED, str(said.get("description") or said.get("message") or error.reason))
        return Answer(UNREACHABLE, f"it answers {error.code}")
    except (urllib.error.URLError, OSError) as error:
        return Answer(UNREACHABLE, str(getattr(error, "reason", error)))
    if platform == "slack" and not said.get("ok"):
        return Answer(REFUSED, str(said.get("error", "no reason given")))
    return Answer(GOOD, _name(platform, said))


def masked(token: str) -> str:
    """Return a token as people may see it."""
    return f"{token[:4]}…{token[-4:]}" if len(token) > 16 else "…"


def _request(base: str, platform: str, key: str, token: str) -> urllib.request.Request:
    base = base.rstrip("/")
    if platform == "telegram":
        return urllib.request.Request(f"{base}/bot{token}/getMe")
    if platform == "discord":
        # Without a name of this form Discord's edge refuses the request.
        headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (cccc-supervised, 1)"}
        return urllib.request.Request(f"{base}/users/@me", headers=headers)
    method = "apps.connections.open" if key == "app_token" else "auth.test"
    return urllib.request.Request(f"{base}/{method}", b"", {"Authorization": f"Bearer {token}"})


def _object(raw: bytes) -> dict[str, object]:
    try:
        said = json.loads(raw)
    except ValueError:  # a proxy's page
        return {}
    return said if isinstance(said, dict) else {}


def _name(platform: str, said: dict[str, object]) -> str:
    me = said.get("result") if platform == "telegram" else said
    known = me if isinstance(me, dict) else {}
    name = known.get("username") or known.get("user")
    place = f" in {known['team']}" if known.get("team") else ""
    return f"@{name}{place}" if name else "valid"
