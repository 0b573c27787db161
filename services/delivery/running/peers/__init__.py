"""What differs between the CLIs: one module each, and which of them a command starts."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from cccc.services.delivery.running.peers.claude import CLAUDE, own_settings
from cccc.services.delivery.running.peers.codex import CODEX
from cccc.services.delivery.running.peers.generic import GENERIC
from cccc.services.delivery.running.peers.kind import Kind, Start
from cccc.services.delivery.running.peers.mock import MOCK

__all__ = ["CLAUDE", "CODEX", "GENERIC", "MOCK", "Kind", "Start", "bare", "of", "own_settings"]

_KINDS = {kind.name: kind for kind in (CLAUDE, CODEX, GENERIC, MOCK)}
_IN_FRONT = ("env", "exec", "command")


def of(command: str, chosen: str = "") -> Kind:
    """Return the kind of CLI that a shell command starts; `chosen` is the setting, "" to look at the command.

    A path, an `env` or variables in front change nothing.
    """
    if chosen:
        return _KINDS[chosen]
    words = _words(command)
    if any(word.endswith(("mock_agent", "mock-agent")) for word in words):
        return MOCK
    program = words[_program(words)] if words else ""
    return _KINDS.get(PurePath(program).name, GENERIC)


def bare(command: str) -> str:
    """Return a command without the arguments of its program."""
    words = _words(command)
    return shlex.join(words[: _program(words) + 1])


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an open quote
        return []


def _program(words: list[str]) -> int:
    """Return the place of the program among the words of a command."""
    return next((at for at, word in enumerate(words) if word not in _IN_FRONT and "=" not in word), 0)
