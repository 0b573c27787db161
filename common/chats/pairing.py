"""One-time codes that let a chat in: shown by `cccc bridge pair`, typed as `/subscribe CODE`.

The file keeps their SHA-256 and when they end, never the codes.
"""

from __future__ import annotations

import hashlib
import json
import secrets

import msgspec

from cccc.common.machine import durable
from cccc.common.paths import Project

GOOD_FOR = 600.0  # seconds
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
_LENGTH = 10


def new(project: Project, now: float) -> str:
    """Return a new code, good until `now` + GOOD_FOR (Unix seconds)."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    _write(project, {**_read(project, now), digest(code): now + GOOD_FOR})
    return code


def good(project: Project, now: float) -> frozenset[str]:
    """Return the digests of the codes that are good at `now`."""
    return frozenset(_read(project, now))


def use_up(project: Project, used: str, now: float) -> None:
    """Let a code be good no more."""
    _write(project, {each: end for each, end in _read(project, now).items() if each != used})


def digest(code: str) -> str:
    """Return the SHA-256 of a code as people type it."""
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def _read(project: Project, now: float) -> dict[str, float]:
    try:
        kept = msgspec.json.decode((project.state / "pairing.json").read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):  # a person can have another code
        return {}
    return {each: end for each, end in kept.items() if now < end <= now + GOOD_FOR}  # later: the clock was set back


def _write(project: Project, codes: dict[str, float]) -> None:
    durable.write(project.state / "pairing.json", json.dumps(codes).encode())
