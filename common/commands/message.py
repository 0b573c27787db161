"""A line for the peers: `a: why does test_login fail?`."""

from __future__ import annotations

import os
import re
import time

from cccc.common import facts as f
from cccc.common import settings
from cccc.common.commands.command import Asker, Reply, WrongUsage
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text.lines import Line
from cccc.common.text.redaction import Redactor

_ROUTE = re.compile(r"\s*(a|b|both|u)\s*[:：]\s*", re.IGNORECASE)  # noqa: RUF001  # full-width, from Asian keyboards
_LIKE_A_ROUTE = re.compile(r"\s*((?:[a-z]|all|peer[ _-]?[ab]|claude|codex)\s*[:：])(?=\s+\S|\w)", re.IGNORECASE)  # noqa: RUF001
_TO = {"a": "PeerA", "b": "PeerB", "both": "PeerA and PeerB"}


def parse(text: str) -> tuple[str, str]:
    """Return route and message of what a person typed; without a prefix it is for both, as with `u:`."""
    found = _ROUTE.match(text)
    if not found:
        return "both", text
    route = found[1].lower()
    return "both" if route == "u" else route, text[found.end() :]


def no_route(text: str) -> str:
    """Return the prefix that somebody seems to take for a route, such as `c:`, or ""."""
    found = None if _ROUTE.match(text) else _LIKE_A_ROUTE.match(text)
    return found[1] if found else ""


def typed(project: Project, text: str, asker: Asker) -> Reply:
    """Hand over what a person typed, and say so where its prefix is no route. Raises WrongUsage."""
    reply = wish(project, *parse(text), asker)
    odd = no_route(text)
    told = [Line(passed_on(odd, "both"), "yellow")] if odd else []
    return reply._replace(lines=[*reply.lines, *told])


def passed_on(odd: str, route: str) -> str:
    """Return what is told of a text with a prefix that is no route, which went to a, b or both."""
    return f"unknown recipient `{odd}` (use a: b: both:); sent to {_TO[route]} as it is"


def wish(project: Project, route: str, text: str, asker: Asker) -> Reply:
    """Hand a message to the peers of a route: a, b or both. Its id is its mid. Raises WrongUsage."""
    content, found = text.encode(), settings.load(project)
    limit = found.cli_profiles.mailbox.max_bytes
    if not text.strip():
        raise WrongUsage("nothing to send: the text is empty")
    if len(content) > limit:
        raise WrongUsage(f"the message has {len(content)} bytes (limit {limit}); send a path instead")
    now = time.time_ns() // 1000
    mid = f"cli-{now // 1_000_000}-{now % 1_000_000:05x}-{os.getpid()}"
    Blobs(project).put(content)
    redact = Redactor(found.telegram.redact_patterns).redact
    message = f.UserMessage(id=mid, mid=mid, via=asker.via, route=route, **f.body(content, redact))
    return Reply([Line(f"to {_TO[route]}: {mid}")], [message])
