"""What finders rest on, and what they say. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Callable, Protocol

import yaml


@dataclass(frozen=True)
class Found:
    """A check that the repository has."""

    kind: str  # "lint" or "test"
    command: str  # for sh, run in `folder`
    marker: str  # the file (and key) that shows it, for people
    folder: str = ""  # below the project's folder, "" or "web/"
    missing: str = ""  # the program that is not installed here
    ecosystem: str = ""  # the finder's name


@dataclass(frozen=True)
class Tracked:
    """The files of a folder, as git tracks them, and the programs that are installed."""

    files: list[str]  # from the folder
    read: Callable[[str], str]  # content of a file, "" when missing
    on_path: Callable[[str], bool]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.files)

    def first(self, names: Iterable[str]) -> str:
        """Return the first of `names` that is here, "" when none is."""
        return next((name for name in names if name in self.names), "")

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        return [name for name in self.files if pattern.search(name)]

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self.files)

    def below(self, folder: str) -> Tracked:
        """Return a folder of this one; `folder` ends with a slash."""
        start, end = (bisect_left(self._ordered, edge) for edge in (folder, folder[:-1] + "0"))  # 0 comes after /
        files = [name[len(folder) :] for name in self._ordered[start:end]]
        return Tracked(files, lambda name: self.read(folder + name), self.on_path)

    @cached_property
    def ci(self) -> str:
        """What the workflows for continuous integration say, as one text."""
        return "\n".join(map(self.read, self.matching(CI_FILE)))


CI_FILE = re.compile(
    r"^(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml|\.travis\.ya?ml|azure-pipelines\.ya?ml"
    r"|appveyor\.ya?ml|\.appveyor\.ya?ml|\.cirrus\.ya?ml|Jenkinsfile)$"
)


@dataclass(frozen=True)
class Row:
    """A line of the table for people: what shows a check, and what then runs."""

    marker: str
    lint: str = ""
    tests: str = ""


class Ecosystem(Protocol):
    """What a module of this package gives."""

    NAME: str
    MANIFEST: re.Pattern[str]  # name of a file that makes its folder a project of its own
    ROWS: tuple[Row, ...]

    def find(self, tracked: Tracked) -> list[Found]:
        """Return the checks of a folder, members of its workspaces included."""

    def is_apart(self, tracked: Tracked, folder: str, kind: str) -> bool:
        """Whether the checks of a kind of `tracked` do not reach the project in its `folder`."""


def from_yaml(text: str) -> object:
    """Return what a YAML text says, every scalar as text; None when it cannot be read."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return None


def section(text: str, name: str) -> str:
    """Return the lines under `[name]` of an INI or TOML text, "" when there is none."""
    found = re.search(rf"(?ms)^\[{re.escape(name)}\][^\n]*\n(.*?)(?=^\[|\Z)", text + "\n")
    return found[1] or "\n" if found else ""
