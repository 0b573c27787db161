"""The environment and umask of the terminal that typed `cccc up`, kept for panes, git and checks.

The services run with umask 077 and with what supervisord adds; what works for the user must not
notice. What of it stays behind, inherited.py says; tokens of the bridges never reach the file, nor a peer.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from cccc.common import settings
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.common.terminal import inherited, typed_by
from cccc.common.terminal.alive import alive


class Terminal(msgspec.Struct, frozen=True):
    """What `state/terminal.json` holds."""

    env: dict[str, str]
    umask: int
    saved: str  # UTC, ISO 8601


def save(project: Project) -> None:
    """Keep this process's environment and umask as the terminal's. Raises SettingsError."""
    _keep(project, _here(project))


def renew(project: Project) -> list[str]:
    """Keep what this terminal has of agents and screens, where it is alive, in place of the same of the last one.

    Returns the names of what is other now; none when this runs in a pane or a check. Raises SettingsError.
    """
    if typed_by.pane_of_environment(project) or typed_by.program(project):
        return []
    known = load(project)
    other = {name: value for name, value in alive(os.environ).items() if known.env.get(name) != value}
    if other:
        _keep(project, Terminal({**known.env, **other}, known.umask, _now()))
    return sorted(other)


def stamp(project: Project) -> object:
    """Return a value that changes when `save` or `renew` has kept something else."""
    try:
        found = project.terminal.stat()
    except FileNotFoundError:
        return ""
    return found.st_mtime_ns, found.st_ino


def _keep(project: Project, terminal: Terminal) -> None:
    durable.write(project.terminal, json.dumps(msgspec.to_builtins(terminal), indent=1).encode())


def load(project: Project) -> Terminal:
    """Return what was saved last; where nothing can be read, what this process has. Raises SettingsError."""
    try:
        return msgspec.convert(json.loads(project.terminal.read_text()), Terminal)
    except (OSError, ValueError):  # it is made again by the next `cccc up`
        return _here(project)


def environment(project: Project) -> dict[str, str]:
    """Return the terminal's environment without bridge tokens and what inherited.py leaves out."""
    return dict(load(project).env)


def umask(project: Project) -> int:
    """Return the terminal's umask."""
    return load(project).umask


def _here(project: Project) -> Terminal:
    mask = os.umask(0o077)
    os.umask(mask)
    env = inherited.of(os.environ, project.root, Path(sys.executable).parent, _tokens(project))
    return Terminal(env=env, umask=mask, saved=_now())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _tokens(project: Project) -> frozenset[str]:
    """Return the names of the variables that hold tokens: those of the settings, and the defaults."""
    loaded, default = settings.load(project), settings.Settings()
    chats = [getattr(each, name) for each in (loaded, default) for name in PLATFORMS]
    return frozenset(getattr(c, field) for c in chats for field in c.__struct_fields__ if field.endswith("_env"))
