"""The envelope of every message, and how a fact names a body."""

from __future__ import annotations

import hashlib
from typing import Callable, ClassVar, Optional, TypedDict

import msgspec

from cccc.common.text import redaction

# msgspec evaluates annotations at run time: Optional[...] here, for Python 3.9.
# ruff: noqa: UP045

PREVIEW = 400
LONGEST_TEXT = 4096  # characters
PLAIN, GOOD, BAD, ASKS, TALK = "", "good", "bad", "asks", "talk"
_OF_VERDICT = {"green": GOOD, "pass": GOOD, "skipped": PLAIN}
LONGEST_FACT = 512 << 10  # bytes; what comes near it is a list of paths


class Fact(msgspec.Struct, kw_only=True, tag_field="kind", omit_defaults=True):
    """The envelope. Who says a fact sets `id` and `cause`; the ledger sets the rest."""

    seq: int = 0  # gapless from 1
    ts: str = ""  # UTC, ISO 8601, microseconds, "Z"
    by: str = ""  # the service that says it
    id: str = ""  # from the source; a second fact with the same id is dropped
    cause: Optional[int] = None  # seq of the fact that led to this one
    prev: str = ""  # SHA-256 of the line before

    TONE: ClassVar[str] = PLAIN  # of all facts of the kind
    SAID_BY: ClassVar[tuple[str, ...]] = ()  # services, `bridge` for each; `cli` is the person at the command line

    @property
    def kind(self) -> str:
        return tag(type(self))

    @property
    def tone(self) -> str:
        """What it is for a person: PLAIN, GOOD, BAD, what ASKS for something, or TALK; of a verdict, as that is."""
        verdict: str = getattr(self, "verdict", "")
        return _OF_VERDICT.get(verdict, BAD) if verdict else self.TONE

    def line(self) -> str:
        """Return what it says to a person, on one line or more; what shows it cuts it."""
        return getattr(self, "text", "") or getattr(self, "reason", "")

    def call(self) -> str:
        """Return what a person is called for, in a few words; "" for all that calls nobody."""
        return ""

    def advice(self) -> str:
        """Return what a person who is called can do, or has to know besides."""
        return ""


class Signal(msgspec.Struct, kw_only=True, tag_field="signal"):
    """Published through the ledger's hub and never stored."""

    by: str = ""


def tag(cls: type[Fact] | type[Signal]) -> str:
    """Return the name of a kind, as it stands in the ledger or on the wire."""
    return str(cls.__struct_config__.tag)


def family(cls: type[Fact]) -> str:
    """Return the name of the module in which a kind stands beside its kin."""
    return cls.__module__.rpartition(".")[2]


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
