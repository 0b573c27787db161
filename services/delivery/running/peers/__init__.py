"""What differs between the CLIs: one module each, with its `Kind`, and which of them a command starts."""

from __future__ import annotations

import pkgutil
import shlex
from importlib import import_module
from pathlib import PurePath

from cccc.services.delivery.running.peers.claude import CLAUDE, own_settings
from cccc.services.delivery.running.peers.codex import CODEX
from cccc.services.delivery.running.peers.generic import GENERIC
from cccc.services.delivery.running.peers.kind import Kind, Start
from cccc.services.delivery.running.peers.mock import MOCK

__all__ = ["CLAUDE", "CODEX", "GENERIC", "KINDS", "MOCK", "Kind", "Start", "bare", "of", "own_settings"]

_MODULES = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
KINDS = {kind.name: kind for module in _MODULES for kind in vars(module).values() if isinstance(kind, Kind)}
_IN_FRONT = ("env", "exec", "command")


def of(command: str, chosen: str = "") -> Kind:
    """Return the kind of CLI that a shell command starts; `chosen` is the setting, "" to look at the command.

    A path, an `env` or variables in front change nothing.
    """
    if chosen:
        return KINDS[chosen]
    words = _words(command)
    if any(word.endswith(("mock_agent", "mock-agent")) for word in words):
        return MOCK
    program = words[_program(words)] if words else ""
    return KINDS.get(PurePath(program).name, GENERIC)


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
