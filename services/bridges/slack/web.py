"""Slack's Web API by slack_sdk, with every failure as an `Undone`.

The client has none of the library's retries: by default it sends a post again whose answer got lost.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Callable

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from cccc.common.text import redaction
from cccc.services.bridges.platform import Gone, Later, Refused, Undone, Unreachable, Unsure

ANSWER_WITHIN = 20
_PAGE = 200
_WAIT = 30.0  # when Slack does not say how long
_TOO_FAST = ("ratelimited", "rate_limited")
_UNSURE = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
_TOKEN = (
    *("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"),
    *("not_allowed_token_type", "access_denied", "org_login_required", "team_access_not_granted"),
)
_GONE = {
    "channel_not_found": "Slack knows no such channel, or the app is not in it: `/invite` it there",
    "not_in_channel": "the app is not in the channel: `/invite` it there",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace does not let the app post there",
    "messages_tab_disabled": "the app's settings (App Home) do not allow messages",
    "cannot_dm_bot": "it is another bot's chat",
}
_TICKET = re.compile(r"(?i)\b(ticket|token)=[^&\s'\"]+")


class Rejected(Unreachable):
    """Slack does not take the token; nothing works until a person mends that."""


class NoScope(Unreachable):
    """The app is not allowed this; a person can mend it."""


def client(token: str, base_url: str) -> AsyncWebClient:
    """Return a client whose calls go through `done`."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=ANSWER_WITHIN, retry_handlers=[], logger=log())


async def done(call: Awaitable[AsyncSlackResponse]) -> Mapping[str, Any]:
    """Return the answer to a call. Raises an Undone for every way in which it can fail."""
    try:
        answer = (await call).data
    except SlackApiError as error:
        raise undone(error) from None
    except (aiohttp.ClientConnectorError, SlackRequestError) as error:
        raise Unreachable(clean(error)) from None
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise Unsure(clean(error)) from None
    assert isinstance(answer, dict)
    return answer


async def pages(
    ask: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any
) -> AsyncIterator[Mapping[str, Any]]:
    """Yield every message of a history, page after page."""
    cursor = ""
    while True:
        answer = await done(ask(limit=_PAGE, cursor=cursor or None, **arguments))
        for each in answer["messages"]:
            yield each
        cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return


def undone(error: SlackApiError) -> Undone:
    """Return what an answer means that is not `ok`: Slack refuses with 200, and with 5xx or garbage when it is ill."""
    response = error.response
    body = getattr(response, "data", None)
    word = str(body.get("error", "")) if isinstance(body, dict) else ""
    status = getattr(response, "status_code", 0)
    if status == 429 or word in _TOO_FAST:
        return Later(_seconds(response.headers))
    if word in _TOKEN:
        return Rejected(f"Slack rejects the token ({word})")
    if word in _GONE:
        return Gone(f"{_GONE[word]} ({word})")
    if not word or word in _UNSURE or status >= 500:
        return Unsure(f"Slack has a problem ({word or f'an answer with status {status}'})")
    if word == "missing_scope" and isinstance(body, dict):
        return NoScope(f"the app lacks the scope {body.get('needed')}: add it, and install the app again")
    return Refused(f"Slack says {word}")


def _seconds(headers: Mapping[str, str]) -> float:
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(asked) if asked.isdigit() else _WAIT


def clean(error: BaseException) -> str:
    """Return an error in one line without secrets; addresses of sockets hold a ticket."""
    words = " ".join(str(error).split()) or type(error).__name__
    return redaction.default.redact(_TICKET.sub(r"\1=[REDACTED]", words))


class _Clean(logging.Filter):
    """Takes secrets, and the tracebacks that repeat them, out of what the library logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args, record.exc_info = clean(Exception(record.getMessage())), (), None
        return True


def log() -> logging.Logger:
    """Return the logger that the library gets: what it says below WARNING holds texts and addresses."""
    logger = logging.getLogger("bridge-slack.sdk")
    if not logger.filters:
        logger.addFilter(_Clean())
    logger.setLevel(logging.WARNING)
    return logger
