"""YAML that somebody else wrote, refused before anything is built of it, in the same words with every PyYAML."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import yaml

DEEPEST = 16

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AsWritten: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError)  # the last two: of half a sign and of escapes
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_WHY = {  # by the character at which YAML gives up
    ":": "unexpected `: `; quote the text, or close what is open before it",
    "\t": "a tab where only spaces are allowed",
    "@": "a text that begins with @ needs quotes",
    "`": "a text that begins with ` needs quotes",
    "%": "a text that begins with % needs quotes",
}


class BadYAML(Exception):
    """The text is refused: why, and in which line (0 when it is not known)."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


class NotYAML(BadYAML):
    """It cannot be read at all."""


def check(text: str, tags: bool = False, deepest: int = DEEPEST) -> None:
    """Raise BadYAML for what is no YAML, grows (aliases), sinks (nesting) or, unless `tags`, is made into anything."""
    try:
        _walk(text, Loader, tags, deepest)
    except _UNREADABLE as error:
        with contextlib.suppress(*_UNREADABLE):
            _walk(_as_deep(text, deepest + 1), yaml.SafeLoader, tags, deepest)
        raise broken(text, error) from None


def as_written(text: str, deepest: int = DEEPEST) -> object:
    """Return the text's value in which every scalar is the string that was written. Raises BadYAML; tags do nothing."""
    check(text, tags=True, deepest=deepest)
    try:
        return yaml.load(text, _AsWritten)
    except yaml.YAMLError as error:
        raise broken(text, error) from None


def broken(text: str, error: Exception) -> NotYAML:
    """Return where a library could not go on, in our words."""
    if isinstance(error, (yaml.reader.ReaderError, UnicodeEncodeError)):
        return NotYAML("it contains a character that YAML does not allow")
    if isinstance(error, yaml.constructor.ConstructorError):
        return NotYAML("this kind of key or value is not allowed here", _line(error))
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return NotYAML("invalid number, date or escape; quote the text")
    mark = error.problem_mark
    lines = _BREAK.split(text)
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    if not rest.strip():
        return NotYAML(
            "something is not closed, or a value is missing", min(mark.line + 1, len(_BREAK.split(text.rstrip())))
        )
    return NotYAML(_WHY.get(rest[0]) or f"it cannot be read from column {mark.column + 1} on", mark.line + 1)


def _as_deep(text: str, levels: int) -> str:
    """Return the text up to so many open brackets: libyaml may give up on nesting before it shows any of it."""
    depth = 0
    for bracket in re.finditer(r"[][{}]", text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth == levels:
            return text[: bracket.end()]
    return ""


def _line(error: yaml.MarkedYAMLError) -> int:
    return error.problem_mark.line + 1 if error.problem_mark else 0


def _walk(text: str, loader: Any, tags: bool, deepest: int) -> None:
    """Read the events, which does not recurse."""
    depth = documents = 0
    for event in yaml.parse(text, loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise BadYAML("uses a YAML alias (*name); write the value out", line)
        if not tags and getattr(event, "tag", None):
            raise BadYAML("uses a YAML tag (!name); quote a text that begins with !", line)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise NotYAML("a second document begins (---)", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            raise BadYAML(f"is nested more than {deepest} deep", line)
        if isinstance(event, yaml.ScalarEvent):
            event.value.encode()  # half a sign, written as an escape, is no text
