"""How the settings on disk differ from those that the services run with."""

from __future__ import annotations

from typing import Any

from cccc.common import settings
from cccc.common.errors import SettingsError
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.common.settings import Settings
from cccc.common.settings.kinds import Section

# The others are read when a service starts; conf/settings/*.yaml says the same.
_NEXT_SESSION = ("cli_profiles.commands", "cli_profiles.tmux")
_AT_ONCE = ("cli_profiles.console_echo", "cli_profiles.delivery.inbox_startup")  # by what a person types next


class Drift:
    """Looks at the files again when one of them has changed. `running` is what the services have read."""

    def __init__(self, project: Project, running: Settings) -> None:
        self._project, self._running = project, running
        self._stamp: object = None
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        """Return what is broken, each with its line, or what is changed and not in force yet, a line per file."""
        stamp = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in self._files()}
        if stamp != self._stamp:
            self._stamp = stamp
            self._lines = self._compare()
        return self._lines

    def _files(self) -> list[Any]:
        return sorted(self._project.settings.glob("*.y*ml")) if self._project.settings.is_dir() else []

    def _compare(self) -> list[str]:
        problems = settings.problems(self._project)
        if problems:
            return [f"{problem}; what was read before goes on, and a restart would fail" for problem in problems]
        try:
            now = settings.load(self._project)
        except SettingsError as error:  # written to between the two
            return [str(error)]
        return told(self._running, now)


def told(running: Settings, now: Settings) -> list[str]:
    """Return which keys differ, a line per file, and when they count. A chat's are read when its bridge starts."""
    lines = []
    for name in (name for name in Settings.__struct_fields__ if name not in PLATFORMS):
        keys = _differ(getattr(running, name), getattr(now, name), "")
        later = [key for key in keys if not f"{name}.{key}".startswith(_AT_ONCE)]
        restart = [key for key in later if not f"{name}.{key}".startswith(_NEXT_SESSION)]
        if restart:
            lines.append(f"{name}.yaml changed and is not in force: {', '.join(restart)}; `cccc restart` takes it over")
        elif later:
            lines.append(f"{name}.yaml changed: {', '.join(later)}; counts after `cccc down` and `cccc up`")
    return lines


def _differ(one: Section, other: Section, prefix: str) -> list[str]:
    found = []
    for name in one.__struct_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, Section) and isinstance(theirs, Section) and type(mine) is type(theirs):
            found += _differ(mine, theirs, f"{prefix}{name}.")
        elif mine != theirs:
            found.append(f"{prefix}{name}")
    return found
