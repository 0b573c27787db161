"""The settings of a project: every file, typed, with the product's defaults where a file or key is missing.

The defaults stand in the structs and nowhere else; `conf/settings/*.yaml` says the same values with
comments for people, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cccc.common.errors import SettingsError
from cccc.common.paths import Project
from cccc.common.settings import chat, cli_profiles, policies, reading
from cccc.common.settings.chat import Discord, Slack, Telegram
from cccc.common.settings.cli_profiles import CliProfiles
from cccc.common.settings.policies import Policies
from cccc.common.settings.roles import Roles
from cccc.common.settings.value_types import Section


class Settings(msgspec.Struct, frozen=True):
    """All settings files, by their names."""

    cli_profiles: CliProfiles = CliProfiles()
    policies: Policies = Policies()
    roles: Roles = Roles()
    telegram: Telegram = Telegram()
    slack: Slack = Slack()
    discord: Discord = Discord()


MOVED: Mapping[str, Mapping[str, str]] = {"telegram": chat.TELEGRAM_MOVED}  # a key's old place -> its place, per file
RETIRED: Mapping[str, Mapping[str, reading.Retired]] = {
    "cli_profiles": cli_profiles.RETIRED,
    "policies": policies.RETIRED,
    **dict.fromkeys(("telegram", "slack", "discord"), chat.RETIRED),
}


def load(project: Project) -> Settings:
    """Return the project's settings. Raises SettingsError for the first problem, in one line."""
    found = _read(project)
    for problem in found.problems:
        raise SettingsError(problem)
    return Settings(**{name: read.value for name, read in found.files.items()})


def problems(project: Project) -> list[str]:
    """Return every problem of every file, one line each: `<file>:<line>: <key>: <what>; <what is allowed>`."""
    return _read(project).problems


def at(section: Section, path: str) -> Any:
    """Return what stands at a dotted path. Raises AttributeError when there is no such key."""
    value: Any = section
    for name in path.split("."):
        value = getattr(value, name)
    return value


@dataclass(frozen=True)
class _Found:
    files: dict[str, reading.Reading[Any]]
    problems: list[str]


def _read(project: Project) -> _Found:
    files = {}
    for name in Settings.__struct_fields__:
        path = project.settings / f"{name}.yaml"
        default = getattr(Settings(), name)
        old = MOVED.get(name, {}), RETIRED.get(name, {})
        files[name] = reading.read(path, _shown(project, path.name), default, *old)
    wrong = [problem for read in files.values() for problem in read.problems]
    return _Found(files, wrong + _strangers(project))


def _strangers(project: Project) -> list[str]:
    """Name the YAML files that nothing reads: most are a slip of the pen in a file's name."""
    known = [f"{name}.yaml" for name in Settings.__struct_fields__]
    there = sorted(path.name for path in project.settings.glob("*.y*ml"))
    return [
        reading.one_line(f"{_shown(project, name)}: unknown settings file; allowed: {', '.join(known)}")
        for name in there
        if name not in known
    ]


def _shown(project: Project, file: str) -> str:
    return str((project.settings / file).relative_to(project.root))
