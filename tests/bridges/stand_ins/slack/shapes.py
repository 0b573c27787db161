"""Who is in Slack's workspace and where they talk, and how it refuses something."""

from __future__ import annotations

from aiohttp import web

from cccc.scripts.stand_ins.server import Trouble

BOT_TOKEN = "xoxb-1111111111-stand-in-bot-token"
APP_TOKEN = "xapp-1-A111-2222222222-stand-in-app-token"
ALICE, BOB, ROBOT, BOT = "U0ALICE", "U0BOB", "U0ROBOT", "U0BOT"
NAMES = {ALICE: "Alice", BOB: "Bob", ROBOT: "Robot", BOT: "pair"}
TEAM, OTHER, DIRECT = "C0TEAM", "C0OTHER", "D0ALICE"


class Refusal(Exception):
    """An answer with `ok: false`."""


def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


def too_fast(seconds: int) -> Trouble:
    return Trouble(429, {"ok": False, "error": "ratelimited", "retry_after": seconds})
