"""The ledger itself, and the services."""

from __future__ import annotations

from typing import Annotated, List

import msgspec

from cccc.common.facts.envelope import BAD, Fact
from cccc.common.text.plural import plural

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035


class LedgerRepaired(Fact, tag="ledger-repaired"):
    """The last line was torn; its bytes were cut off and kept in `kept`."""

    SAID_BY = ("ledger",)
    TONE = BAD

    bytes: int
    kept: str

    def line(self) -> str:
        return f"{plural(self.bytes, 'torn byte')} kept in {self.kept}"


class LedgerArchived(Fact, tag="ledger-archived"):
    """The segment with the facts `first` to `last` was closed."""

    SAID_BY = ("ledger",)

    first: int
    last: int

    def line(self) -> str:
        return f"facts {self.first} to {self.last}"


class LedgerRestored(Fact, tag="ledger-restored"):
    """The ledger's file was removed or replaced while up and was put back whole; `kept` is what stood there."""

    SAID_BY = ("ledger",)

    kept: str = ""

    def line(self) -> str:
        return f"kept the old one: {self.kept}" if self.kept else ""


class LedgerDiffers(Fact, tag="ledger-differs"):
    """The ledger is not the one that was acknowledged up to `old_seq`: the gate and the nudges wait for a person."""

    SAID_BY = ("ledger",)
    TONE = BAD

    old_seq: int  # 0: not known
    old_hash: str  # of that line
    reason: str

    def line(self) -> str:
        return self.reason

    def call(self) -> str:
        return self.reason


class LedgerAccepted(Fact, tag="ledger-accepted"):
    """A person said what became of the ledger that ended at `old_seq`: what is there now is the ledger."""

    SAID_BY = ("cli",)

    old_seq: int
    old_hash: str
    because: str
    who: str
    first: int = 1  # the oldest line that is there
    breaks: List[int] = msgspec.field(default_factory=list)  # lines that do not follow from the line before

    def line(self) -> str:
        return f"the one ending at {self.old_seq}, by {self.who}: {self.because}"


class BodyForgotten(Fact, tag="body-forgotten"):
    """A person had a body removed. The facts that name it stay, with their redacted previews."""

    SAID_BY = ("cli",)

    sha: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # nothing else: it becomes the path of what is removed
    who: str
    why: str = ""

    def line(self) -> str:
        return f"{self.sha:.12}, by {self.who}: {self.why}"


class FactSkipped(Fact, tag="fact-skipped"):
    """A service died twice on one fact and continues without it."""

    SAID_BY = ("orchestrator", "delivery", "evidence", "panel", "bridge")
    TONE = BAD

    service: str
    fact: int
    error: str

    def line(self) -> str:
        return f"fact {self.fact}: {self.error}"

    def call(self) -> str:
        return f"{self.service} skipped fact {self.fact}"


class SkipsCleared(Fact, tag="skips-cleared"):
    """A person saw the skipped facts; status is green again."""

    SAID_BY = ("cli",)

    def line(self) -> str:
        return "the skipped facts were seen"
