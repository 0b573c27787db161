"""Changing one value of a settings file and nothing else in it: every comment, blank and quote stays.

No YAML library gives a file back byte for byte, but the tree of the one that reads it knows where each
value stands.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import yaml

from cccc.common.errors import SettingsError
from cccc.common.settings.tree import Broken, tree


def put(file: Path, key: str, value: str) -> None:
    """Set a key at the top of a settings file to a text; a new one gets the line below its commented example.

    The file is replaced whole, readable by its owner alone, as it can hold a token. Raises SettingsError.
    """
    text = _text(file)
    found = _entry(file, key)
    written = json.dumps(value)
    if found is None:
        at = _place(text, key)
        lead = "" if text[:at].endswith("\n") or not at else "\n"
        write(file, f"{text[:at]}{lead}{key}: {written}\n{text[at:]}")
        return
    start, end = _span(found[1], text)
    lead = " " if text[start - 1] == ":" else ""  # `token:`, with nothing behind it
    write(file, f"{text[:start]}{lead}{written}{text[end:]}")


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


def _entry(file: Path, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    try:
        root = tree(file)
    except Broken as broken:
        raise SettingsError(f"{file}: {broken}") from None
    if not isinstance(root, yaml.MappingNode):
        return None
    if root.flow_style:
        raise SettingsError(f"{file}: is written in braces; write each `key: value` on a line of its own")
    return next((entry for entry in root.value if entry[0].value == key), None)


def _span(node: yaml.Node, text: str) -> tuple[int, int]:
    """Return where a value stands, without the line's end that belongs to a block."""
    start, end = node.start_mark.index, node.end_mark.index
    return start, start + len(text[start:end].rstrip())


def _place(text: str, key: str) -> int:
    """Return where a new line goes: below the comment that shows the key, else at the end."""
    examples = [found.end() for found in re.finditer(rf"(?m)^#\s*{re.escape(key)}:.*\n", text)]
    return examples[-1] if examples else len(text)
