"""A settings file's YAML as a tree of nodes, which know their lines. What cannot be read has one reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 256 * 1024
DEEPEST = 16
NULL = "tag:yaml.org,2002:null"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Broken(Exception):
    """The file cannot be read as YAML at all. `line` is 0 when it is not known."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


def tree(path: Path) -> yaml.Node | None:
    """Return the file's root node; None when the file is missing or empty. Raises Broken."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Broken(f"cannot be read ({error.strerror}); mend its type or permissions") from None
    if len(raw) > LARGEST_FILE:
        raise Broken(f"has {len(raw)} bytes; allowed: at most {LARGEST_FILE}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken("is not UTF-8; save it as UTF-8", raw[: error.start].count(b"\n") + 1) from None
    return parse(text)


def parse(text: str) -> yaml.Node | None:
    """Return the root node of a file's text; None when it is empty. Raises Broken."""
    try:
        _refuse_bombs(text)
        root: yaml.Node | None = yaml.compose(text, _Loader)
        return root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "cannot be read"
        raise Broken(f"broken YAML: {what}; allowed: `key: value` lines", mark.line + 1 if mark else 0) from None
    except yaml.YAMLError as error:
        what = getattr(error, "reason", "cannot be read")
        raise Broken(f"broken YAML: {what}; allowed: `key: value` lines") from None


def line(node: yaml.Node) -> int:
    """Return the line a node starts in, from 1."""
    return int(node.start_mark.line) + 1


def _refuse_bombs(text: str) -> None:
    """Raise Broken for what grows (aliases) or sinks (nesting no setting has). Reading events does not recurse."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        at = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise Broken("uses a YAML alias (*name); write the value out", at)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise Broken(f"is nested more than {DEEPEST} deep; settings have three levels", at)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
