"""The insight block at the end of a message between the peers.

Fields are `name: value`, one a line or several on a line with bars between them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

RAISES_DEBT = frozenset({"counter", "question", "risk"})
PAYS_DEBT = frozenset({"revise", "rev", "polish"})

_OPENING = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*insight[ \t]*", re.IGNORECASE)
_FIELD = re.compile(r"\s*([a-z]+)\s*:(.*)", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9_/-]{3,}")
_MOST_WORDS = 5000


class Message(NamedTuple):
    """A message taken apart: what it says, and the fields of its insight (None: there is none at its end)."""

    body: str
    fields: dict[str, str] | None

    @property
    def kind(self) -> str:
        return (self.fields or {}).get("kind", "").lower()


def read(text: str) -> Message:
    """Return the message and its last insight block, which counts only at the very end."""
    lines = text.replace("\r\n", "\n").rstrip().split("\n")
    mark = lines.pop().strip(" \t")
    for at in reversed(range(len(lines))):
        opening = _OPENING.fullmatch(lines[at])
        if opening and opening[1] == mark:
            return Message("\n".join(lines[:at]).rstrip(), _fields(lines[at + 1 :]))
        if lines[at].strip(" \t") == mark:
            break  # the last line opens a block of its own
    return Message(text, None)


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in re.split(r"\n|\s\|\s", "\n".join(lines)):
        match = _FIELD.match(part)
        if match:
            name = match[1].lower()
            fields["refs" if name == "ref" else name] = match[2].strip()
    return fields


def words(text: str) -> frozenset[str]:
    """Return the words by which two texts are compared."""
    return frozenset(_WORD.findall(text.lower())[:_MOST_WORDS])


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the share of words in common, 0 to 1."""
    return len(one & two) / len(one | two) if one or two else 0.0
