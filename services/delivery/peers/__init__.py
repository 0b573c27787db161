"""What differs between the CLIs: one module each, and which of them a command starts."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from cccc.services.delivery.peers.claude import CLAUDE
from cccc.services.delivery.peers.codex import CODEX
from cccc.services.delivery.peers.generic import GENERIC
from cccc.services.delivery.peers.kind import Kind, Start
from cccc.services.delivery.peers.mock import MOCK

__all__ = ["CLAUDE", "CODEX", "GENERIC", "MOCK", "Kind", "Start", "of"]

_KINDS = {kind.name: kind for kind in (CLAUDE, CODEX, GENERIC, MOCK)}
_IN_FRONT = ("env", "exec", "command")


def of(command: str, chosen: str = "") -> Kind:
    """Return the kind of CLI that a shell command starts; `chosen` is the setting, "" to look at the command.

    A path, an `env` or variables in front change nothing.
    """
    if chosen:
        return _KINDS[chosen]
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote
        return GENERIC
    if any(word.endswith(("mock_agent", "mock-agent")) for word in words):
        return MOCK
    program = next((word for word in words if word not in _IN_FRONT and "=" not in word), "")
    return _KINDS.get(PurePath(program).name, GENERIC)
