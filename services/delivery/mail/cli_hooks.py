"""What the hooks of the CLIs leave in the spool, and what follows from it."""

from __future__ import annotations

import json
import logging
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cccc.common import facts as f
from cccc.common.paths import PEERS, Project
from cccc.common.text import redaction
from cccc.services.delivery import nudge
from cccc.services.delivery.memory import Peer

_LOG = logging.getLogger(__name__)
_RESETS = re.compile(r"(?:resets?|try again)(?: at| in)?[: ]+(?!later)([^.·|]{2,40})", re.I)
_LIMITS = ("rate_limit", "usage_limit", "billing")
_LOGINS = ("authentication", "oauth", "login", "unauthorized", "401")


class Told(NamedTuple):
    """One call of a hook. `id` is the same when it is read again."""

    id: str
    path: Path
    event: str
    fields: Mapping[str, Any]


def prepare(project: Project) -> None:
    for peer in PEERS:
        project.make(project.hooks(peer))


def spooled(project: Project, peer: str) -> list[Told]:
    """Return what was left and not removed yet, oldest first. What cannot be read is removed."""
    found = []
    for path in project.hooks(peer).iterdir():
        if path.name.startswith("."):
            continue
        event, _, pid = path.name.partition(".")
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):  # no hook left it, and a pipe would never end
            continue
        at = status.st_mtime_ns
        try:
            fields = read(path.read_bytes())
        except ValueError as error:
            _LOG.warning("%s: a hook left what is no event: %s", path, error)
            path.unlink()
            continue
        found.append((at, Told(f"{path.parent.name}.hook.{at}.{pid}", path, event, fields)))
    return [told for _, told in sorted(found, key=lambda each: each[0])]


def read(raw: bytes) -> dict[str, Any]:
    """Return the fields of an event. Raises ValueError.

    Half a sign, which JSON may escape (a text cut by its UTF-16 units) and no fact can hold, becomes a `?`.
    """
    try:
        fields = json.loads(raw)
        fields = json.loads(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(fields, dict):
        raise ValueError("it is no mapping")
    return fields


def follows(peer: str, known: Peer, told: Told) -> list[f.Fact]:
    """Return what is to be said. Pure."""
    fields, flight = told.fields, known.flight
    if told.event == "SessionStart":
        session = _short(fields, "session_id")
        return [f.PeerSession(peer=peer, session=session, source=_short(fields, "source"))] if session else []
    if told.event == "UserPromptSubmit":
        token = nudge.ours("".join(str(fields.get("prompt", "")).split()))
        ours = token and token in (flight.token, flight.sent, flight.beside) and token != flight.accepted
        return [f.NudgeAccepted(to=peer, token=token)] if ours else []
    if told.event == "Nudged":
        return _taken(peer, known, str(fields.get("reason", "")))
    if told.event == "PostToolUse":
        return _accepted(peer, known, fields)
    if told.event == "Stop":
        return [f.TurnEnd(peer=peer, outcome="done")]
    if told.event == "PostCompact":
        return [f.ContextCompact(peer=peer, outcome="done", of=_compaction(known))]
    if told.event == "Interrupt":
        return [f.TurnEnd(peer=peer, outcome="interrupted")]
    if told.event == "StopFailure":
        return failed(peer, _short(fields, "error"), str(fields.get("last_assistant_message", "")))
    return []


def _short(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name, ""))[: f.PREVIEW]


def _taken(peer: str, known: Peer, line: str) -> list[f.Fact]:
    """The Stop hook gave the CLI a line, and the CLI goes on with it."""
    flight = known.flight
    if nudge.ours("".join(line.split())) != flight.beside:
        return []
    sent = f.Nudge(to=peer, token=flight.beside, attempt=flight.attempt + 1, waiting=len(known.waiting))
    return [sent, f.NudgeAccepted(to=peer, token=flight.beside)]


def _compaction(known: Peer) -> int:
    """Return the wish that a compaction fulfils, or 0."""
    typing = next((wish.seq for wish in known.wishes if wish.seq == known.typing and not wish.sha), 0)
    return known.compacting or typing


def failed(peer: str, kind: str, words: str) -> list[f.Fact]:
    """Return what is to be said of a turn that failed with an error of a kind."""
    words = redaction.default.redact(" ".join(words.split()))[: f.PREVIEW]
    said: list[f.Fact] = [f.TurnEnd(peer=peer, outcome="failed", reason=words or kind)]
    if any(sign in kind for sign in _LIMITS):
        resets = _RESETS.search(words)
        said.append(f.PeerLimit(peer=peer, text=words or kind, resets=resets[1].strip() if resets else ""))
    elif any(sign in kind for sign in _LOGINS):
        said.append(f.PeerLogin(peer=peer, text=words or kind))
    return said


def _accepted(peer: str, known: Peer, fields: Mapping[str, Any]) -> list[f.Fact]:
    """The tool gave the model the line that stands in each message with its mid."""
    shown = json.dumps(fields.get("tool_response", ""), ensure_ascii=False)
    tool = _short(fields, "tool_name")
    return [
        f.HandoffAccepted(author=peer, mid=mid, inbox_seq=number, tool=tool)
        for mid, number in known.unproved.items()
        if f"[MID: {mid}]" in shown
    ]
