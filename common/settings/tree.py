"""A settings file's YAML as a tree of nodes, which know their lines. What cannot be read has one reason."""

from __future__ import annotations

from pathlib import Path

import yaml

from cccc.common.text import strict_yaml

LARGEST_FILE = 256 * 1024
NULL = "tag:yaml.org,2002:null"


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
        raise Broken(f"cannot be read ({error.strerror}); fix its type or permissions") from None
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
        strict_yaml.check(text, tags=True)
        root: yaml.Node | None = yaml.compose(text, strict_yaml.Loader)
        return root
    except strict_yaml.NotYAML as error:
        raise Broken(f"broken YAML: {error}; allowed: `key: value` lines", error.line) from None
    except strict_yaml.BadYAML as error:
        raise Broken(str(error), error.line) from None


def line(node: yaml.Node) -> int:
    """Return the line a node starts in, from 1."""
    return int(node.start_mark.line) + 1
