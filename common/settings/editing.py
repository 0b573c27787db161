"""Changing one value of a settings file and nothing else in it: every comment, blank and quote stays.

No YAML library gives a file back byte for byte, but the tree of the one that reads it knows where each
value stands.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from cccc.common.errors import SettingsError
from cccc.common.settings.tree import Broken, parse, tree


def put(file: Path, key: str, value: str | Sequence[str]) -> None:
    """Set a key of a settings file, by its dotted path; a new one at the top gets the line below its commented example.

    The file is replaced whole, readable by its owner alone, as it can hold a token. Raises SettingsError, also for a
    new key that is not at the top.
    """
    text = _text(file)
    found = _entry(file, key)
    if found is None and "." in key:
        raise SettingsError(f"{file} has no {key}: write `{key.rpartition('.')[2]}: {_written(value)}` there")
    if found is None:
        at = _place(text, key)
        lead = "" if text[:at].endswith("\n") or not at else "\n"
        write(file, f"{text[:at]}{lead}{key}: {_written(value)}\n{text[at:]}")
        return
    write(file, _replaced(text, found[1], value))


def with_value(text: str, key: str, value: str | Sequence[str]) -> str:
    """Return the text of a settings file with another value at a dotted path that is there. Raises KeyError."""
    found = _below(parse(text), key)
    if found is None:
        raise KeyError(key)
    return _replaced(text, found[1], value)


def drop(file: Path, key: str) -> bool:
    """Remove the lines of a key at the top of a settings file; return whether it was there. Raises SettingsError."""
    text, found = _text(file), _entry(file, key)
    if found is None:
        return False
    start, (_, end) = found[0].start_mark.index, _span(found[1], text)
    write(file, text[:start] + text[end:].partition("\n")[2])
    return True


def write(file: Path, text: str) -> None:
    """Put a text in place of a settings file's, whole or not at all, for its owner alone."""
    file = file.resolve()  # a link stays one
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig") if file.exists() else ""


def _replaced(text: str, node: yaml.Node, value: str | Sequence[str]) -> str:
    start, end = _span(node, text)
    lead = " " if text[start - 1] == ":" else ""  # `token:`, with nothing behind it
    return f"{text[:start]}{lead}{_written(value)}{text[end:]}"


def _written(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=isinstance(value, str))


def _entry(file: Path, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    try:
        root = tree(file)
    except Broken as broken:
        raise SettingsError(f"{file}: {broken}") from None
    if isinstance(root, yaml.MappingNode) and root.flow_style:
        raise SettingsError(f"{file}: is written in braces; write each `key: value` on a line of its own")
    return _below(root, key)


def _below(root: yaml.Node | None, path: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the key and value nodes at a dotted path."""
    found, node = None, root
    for name in path.split("."):
        if not isinstance(node, yaml.MappingNode):
            return None
        found = next((entry for entry in node.value if entry[0].value == name), None)
        node = found[1] if found else None
    return found


def _span(node: yaml.Node, text: str) -> tuple[int, int]:
    """Return where a value stands, without the line's end that belongs to a block."""
    start, end = node.start_mark.index, node.end_mark.index
    return start, start + len(text[start:end].rstrip())


def _place(text: str, key: str) -> int:
    """Return where a new line goes: below the comment that shows the key, else at the end."""
    examples = [found.end() for found in re.finditer(rf"(?m)^#\s*{re.escape(key)}:.*\n", text)]
    return examples[-1] if examples else len(text)
