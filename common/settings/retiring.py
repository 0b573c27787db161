"""Turning keys of an older release that do nothing any more into comments; every other byte stays."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import NamedTuple

import yaml

from cccc.common.settings.merging import last_line
from cccc.common.settings.reading import Retired
from cccc.common.settings.tree import parse


class Gone(NamedTuple):
    """A key that was made a comment, and what there is instead."""

    path: str
    instead: str


def retire(text: str, retired: Mapping[str, Retired]) -> tuple[str, list[Gone]]:
    """Return the text with the retired keys made comments whose value asks for something that does not happen.

    What is written in braces is left as it is, and named by the reader. Raises tree.Broken.
    """
    lines, gone = list(StringIO(text)), []
    for path, first, last in _found(parse(text), "", retired, text):
        reasons = [known.instead for name, known in retired.items() if name == path or name.startswith(f"{path}.")]
        gone.append(Gone(path, reasons[-1]))
        for number in range(first, last + 1):
            lines[number] = f"# {lines[number]}" if lines[number].strip() else lines[number]
    return "".join(lines), gone


def _found(
    node: yaml.Node | None, prefix: str, retired: Mapping[str, Retired], text: str
) -> list[tuple[str, int, int]]:
    """Return path, first and last line of what has to go; a section of which nothing is left goes as a whole."""
    found = []
    for key, value in node.value if isinstance(node, yaml.MappingNode) and not node.flow_style else ():
        path = prefix + str(key.value)
        here = (path, int(key.start_mark.line), last_line(key, value, text))
        if path in retired and not (isinstance(value, yaml.ScalarNode) and value.value == retired[path].meant):
            found.append(here)
        elif isinstance(value, yaml.MappingNode):
            names = [f"{path}.{below.value}" for below, _ in value.value]
            below = _found(value, f"{path}.", retired, text)
            whole = bool(names) and all(name in retired for name in names)
            found += [here] if whole and (value.flow_style or len(below) == len(names)) else below
    return found
