"""The envelope of every message, and how a fact names a body."""

from __future__ import annotations

import hashlib
from typing import Callable, Optional, TypedDict

import msgspec

from cccc.common import redaction

# msgspec evaluates annotations at run time: Optional[...] here, for Python 3.9.
# ruff: noqa: UP045

PREVIEW = 400
LONGEST_TEXT = 4096  # characters
LONGEST_FACT = 512 << 10  # bytes; what comes near it is a list of paths


class Fact(msgspec.Struct, kw_only=True, tag_field="kind", omit_defaults=True):
    """The envelope. Who says a fact sets `id` and `cause`; the ledger sets the rest."""

    seq: int = 0  # gapless from 1
    ts: str = ""  # UTC, ISO 8601, microseconds, "Z"
    by: str = ""  # the service that says it
    id: str = ""  # from the source; a second fact with the same id is dropped
    cause: Optional[int] = None  # seq of the fact that led to this one
    prev: str = ""  # SHA-256 of the line before

    @property
    def kind(self) -> str:
        return tag(type(self))


class Signal(msgspec.Struct, kw_only=True, tag_field="signal"):
    """Published through the ledger's hub and never stored."""

    by: str = ""


def tag(cls: type[Fact] | type[Signal]) -> str:
    """Return the name of a kind, as it stands in the ledger or on the wire."""
    return str(cls.__struct_config__.tag)


class Body(TypedDict):
    """The three fields by which a fact names its body."""

    sha: str
    size: int
    text: str


Redact = Callable[[str], str]


def body(content: bytes, redact: Redact) -> Body:
    """Return the fields that describe `content`, whose bytes belong in `state/blobs`."""
    begin = content[: 4 * PREVIEW].decode("utf-8", "replace")
    whole = len(content) <= 4 * PREVIEW
    text = redact(begin if whole else redaction.without_part(begin))
    preview = text if whole and len(text) <= PREVIEW else text[: PREVIEW - 1] + "…"
    return Body(sha=hashlib.sha256(content).hexdigest(), size=len(content), text=preview)
