"""The insight block at the end of a message between the peers.

Fields are `name: value`, one a line or several on a line with bars between them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

RAISES_DEBT = frozenset({"counter", "question", "risk"})
PAYS_DEBT = frozenset({"revise", "rev", "polish"})

_BLOCK = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*insight[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
_FIELD = re.compile(r"^\s*([a-z]+)\s*:\s*(.*?)\s*$", re.IGNORECASE)
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
    stripped = text.replace("\r\n", "\n").rstrip()
    blocks = list(_BLOCK.finditer(stripped))
    if not blocks or blocks[-1].end() < len(stripped):
        return Message(text, None)
    found = blocks[-1]
    return Message(stripped[: found.start()].rstrip(), _fields(found.group(2)))


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in re.split(r"\n|\s\|\s", block):
        match = _FIELD.match(part)
        if match:
            name = match.group(1).lower()
            fields["refs" if name == "ref" else name] = match.group(2)
    return fields


def words(text: str) -> frozenset[str]:
    """Return the words by which two texts are compared."""
    return frozenset(_WORD.findall(text.lower())[:_MOST_WORDS])


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """Return the share of words in common, 0 to 1."""
    return len(one & two) / len(one | two) if one or two else 0.0
