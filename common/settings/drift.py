"""How the settings on disk differ from those that each service was started with."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec

from cccc.common import settings
from cccc.common.errors import SettingsError
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.registry import is_bridge
from cccc.common.settings import Settings, readers
from cccc.common.settings.value_types import Section

_MOST_KEYS = 2  # so that what to do fits into the line


def note(project: Project, name: str, found: Settings) -> None:
    """Keep what a service, or readers.SESSION, starts with: the digest of each key, so that no token is in it."""
    project.make(project.snapshots)
    path = _noted(project, name)
    with contextlib.suppress(OSError):  # on a full disk nothing is known, which is better than what was before
        path.unlink(missing_ok=True)
        durable.show(path, msgspec.json.encode(digests(found)))


def digests(found: Settings) -> dict[str, str]:
    """Return `<file>.<key>` → digest of the value."""
    return {key: hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16] for key, value in _values(found, "")}


class Drift:
    """Looks at the files again when one of them, or what runs, has changed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._stamp: object = None
        self._lines: list[str] = []

    def lines(self, running: Collection[str]) -> list[str]:
        """Return what is broken, each with its line, or what a service of `running` has not read yet, by file."""
        files = [*self._project.settings.glob("*.y*ml"), *self._project.snapshots.glob("*.settings.json")]
        stamp = sorted(running), sorted((str(path), *_state(path)) for path in files)
        if stamp != self._stamp:
            self._stamp = stamp
            self._lines = self._compare(running)
        return self._lines

    def _compare(self, running: Collection[str]) -> list[str]:
        problems = settings.problems(self._project)
        if problems:
            return [f"{problem}; the old values stay in use, and a restart would fail" for problem in problems]
        try:
            now = digests(settings.load(self._project))
        except SettingsError as error:  # written to between the two
            return [str(error)]
        lines = []
        for file in Settings.__struct_fields__:
            mine = {key: digest for key, digest in now.items() if key.startswith(f"{file}.")}
            stale = {name: _stale(self._project, name, mine) for name in (*running, readers.SESSION)}
            lines += _told(file, {name: keys for name, keys in stale.items() if keys})
        return lines


def _told(file: str, stale: dict[str, list[str]]) -> list[str]:
    """Return what is said of one file. `stale`: by service, the keys that it has not read."""
    session = stale.pop(readers.SESSION, [])
    keys = _named(list(dict.fromkeys(key for found in stale.values() for key in found)))
    lines = []
    if keys:
        lines.append(f"{file}.yaml changed and is not applied yet: {keys}; run `{_restart(list(stale))}`")
    if session:
        lines.append(f"{file}.yaml changed: {_named(session)}; applies after `cccc down` and `cccc up`")
    return lines


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
    return ", ".join(keys[:_MOST_KEYS]) + more


def _restart(names: list[str]) -> str:
    only = names[0] if len(names) == 1 else ""
    return f"cccc bridge {only[7:]} restart" if is_bridge(only) else f"cccc restart {' '.join(names)}"


def _stale(project: Project, name: str, now: dict[str, str]) -> list[str]:
    """Return which keys of one file a service has read otherwise; none where it is not known what it has read."""
    try:
        then = msgspec.json.decode(_noted(project, name).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return []
    stale = [key for key, digest in now.items() if name in readers.of(key) and then.get(key) != digest]
    return [key.partition(".")[2] for key in stale]


def _noted(project: Project, name: str) -> Path:
    return project.snapshots / f"{name}.settings.json"


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:  # a link to nowhere, or gone since it was listed
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _values(section: msgspec.Struct, prefix: str) -> Iterator[tuple[str, Any]]:
    for known in msgspec.structs.fields(section):
        value = getattr(section, known.name)
        if isinstance(known.type, type) and issubclass(known.type, Section):
            yield from _values(value, f"{prefix}{known.name}.")
        else:
            yield f"{prefix}{known.name}", value
