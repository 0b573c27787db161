"""What a chat platform says of a token."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cccc.common.settings import Settings
from cccc.common.settings.chat import Discord, Slack, Telegram
from cccc.scripts.cli import platforms
from cccc.scripts.cli.platforms import GOOD, REFUSED, UNREACHABLE, Answer

TELEGRAM = {"ok": True, "result": {"id": 1, "is_bot": True, "username": "pair_bot"}}
SLACK = {"ok": True, "user": "pair", "team": "Shop"}
DISCORD = {"id": "1", "username": "pair", "bot": True}


class Platform(ThreadingHTTPServer):
    """Answers everything with one status and one object, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status = 200
        self.body: Any = {}
        self.asked: list[tuple[str, str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def says(self, status: int, body: Any) -> None:
        self.status, self.body = status, body

    @property
    def settings(self) -> Settings:
        base = f"http://127.0.0.1:{self.server_port}"
        return Settings(
            telegram=Telegram(api_base_url=base),
            slack=Slack(api_base_url=f"{base}/api/"),
            discord=Discord(api_base_url=f"{base}/api/v10"),
        )


class _Answers(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        raw = self.server.body if isinstance(self.server.body, bytes) else json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv("no_proxy", "*")
    server = Platform()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "key", "says", "asked", "words"),
    [
        ("telegram", "token", TELEGRAM, ("GET", "/bott-1/getMe", ""), "@pair_bot"),
        ("slack", "bot_token", SLACK, ("POST", "/api/auth.test", "Bearer t-1"), "@pair in Shop"),
        ("slack", "app_token", {"ok": True}, ("POST", "/api/apps.connections.open", "Bearer t-1"), "valid"),
        ("discord", "bot_token", DISCORD, ("GET", "/api/v10/users/@me", "Bot t-1"), "@pair"),
    ],
)
def test_a_token_that_is_known_says_whose_it_is(
    platform: Platform, name: str, key: str, says: Any, asked: tuple[str, str, str], words: str
) -> None:
    platform.says(200, says)
    assert platforms.ask(platform.settings, name, key, "t-1") == Answer(GOOD, words)
    assert platform.asked == [asked]


@pytest.mark.parametrize(
    ("name", "key", "status", "says", "words"),
    [
        ("telegram", "token", 401, {"ok": False, "description": "Unauthorized"}, "Unauthorized"),
        ("slack", "bot_token", 200, {"ok": False, "error": "invalid_auth"}, "invalid_auth"),
        ("discord", "bot_token", 401, {"message": "401: Unauthorized", "code": 0}, "401: Unauthorized"),
    ],
)
def test_a_token_that_is_refused_says_why(
    platform: Platform, name: str, key: str, status: int, says: Any, words: str
) -> None:
    platform.says(status, says)
    assert platforms.ask(platform.settings, name, key, "t-1") == Answer(REFUSED, words)


def test_what_is_no_token_is_never_sent(platform: Platform) -> None:
    assert platforms.ask(platform.settings, "telegram", "token", "two words\n").verdict == REFUSED
    assert platform.asked == []


def test_a_platform_that_answers_nonsense_or_nothing_is_unreachable(platform: Platform) -> None:
    platform.says(502, b"<html>")
    assert platforms.ask(platform.settings, "slack", "bot_token", "t-1") == Answer(UNREACHABLE, "it answers 502")
    nobody = Settings(discord=Discord(api_base_url="http://127.0.0.1:9"))
    answer = platforms.ask(nobody, "discord", "bot_token", "t-1")
    assert (
        answer.verdict == UNREACHABLE and os.strerror(errno.ECONNREFUSED) in answer.words and "t-1" not in answer.words
    )


@pytest.mark.parametrize(("token", "shown"), [("123456789:abcdefgh", "1234…efgh"), ("short-one", "…")])
def test_a_token_is_shown_by_its_ends_only_when_it_is_long(token: str, shown: str) -> None:
    assert platforms.masked(token) == shown
