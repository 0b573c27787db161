"""Every subcommand of `cccc`, as its own file declares it.

The file is scripts/cli/NAME.py or, for what is also typed with a `/`, common/commands/NAME.py. `SECTION` says under
which heading of the help it stands, and in which place; the docstring of `command` or `run` says what it does. Both are
read as text, so that the help and Tab import none of these files.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

HEADINGS = (
    "Get started",
    "Start and stop",
    "Talk to the peers",
    "Watch",
    "Decide",
    "Chats",
    "Maintain",
    "Test",
)
PACKAGES = ("scripts.cli", "common.commands")
_ROOT = Path(__file__).parents[1]
_SECTION = re.compile(r'(?m)^SECTION = "([^"]+)"(?:, (\d+))?$')
_SUMMARY = re.compile(r'(?ms)^def (?:command|run)\(.*?^    """(.+?)$')
_LAST = 1000


class Subcommand(NamedTuple):
    """`module` is the full name of the file that has it; `place` counts from 1 under its heading."""

    name: str
    heading: str
    place: int
    summary: str
    module: str


@functools.cache
def every() -> Mapping[str, Subcommand]:
    """Return all by their names, in the order of the help: by heading, place and name."""
    found = [each for each in map(_declared, _files()) if each]
    return {each.name: each for each in sorted(found, key=lambda e: (HEADINGS.index(e.heading), e.place, e.name))}


def find(name: str) -> Subcommand | None:
    """Return a subcommand by its name, from its own file alone."""
    found = [_declared(path) for path in _files() if path.stem.replace("_", "-") == name]
    return next((each for each in found if each), None)


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from _ROOT.joinpath(*package.split(".")).glob("*.py")


def _declared(path: Path) -> Subcommand | None:
    text = path.read_text(encoding="utf-8")
    section, summary = _SECTION.search(text), _SUMMARY.search(text)
    if not section or not summary:
        return None
    place = int(section[2] or _LAST)
    module = ".".join(("cccc", *path.relative_to(_ROOT).with_suffix("").parts))
    return Subcommand(path.stem.replace("_", "-"), section[1], place, summary[1], module)
