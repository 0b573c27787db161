"""The facts sorted into threads: what follows from one message, one patch, one request.

A fact belongs where its cause belongs, else to its request or message; what has none of these
is the system's, a thread a day. Only the place of each line is kept, so that a ledger of any
length fits.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.ledger import Line
from cccc.common.ledger.index import Row

_ENDS: dict[type[Fact], str] = {
    f.PatchCommit: "landed",
    f.SettingsApplied: "applied",
    f.PatchReject: "rejected",
    f.PatchPrecheckFail: "rejected",
    f.PatchDrop: "dropped",
    f.PatchHeld: "waits",
    f.PatchNeedsDecision: "waits for a decision",
}


@dataclass
class Patch:
    """One patch and what became of it."""

    fact: f.PatchQueued
    outcome: str = "waits"
    commit: str = ""
    reason: str = ""
    lint: str = ""
    test: str = ""
    requests: list[str] = field(default_factory=list)


@dataclass
class Request:
    """One request for decision and who answered it."""

    fact: f.Rfd
    outcome: str = "open"
    answers: list[f.Decision] = field(default_factory=list)


@dataclass
class Receipt:
    """When a handoff was in the inbox, nudged and read; "" where it was not."""

    inbox: str = ""
    nudged: str = ""
    read: str = ""


@dataclass
class Thread:
    """The facts that belong together. `first` is None where no known fact is among them."""

    day: str = ""  # of a thread of the system's
    first: Fact | None = None
    patch: Patch | None = None
    request: Request | None = None
    places: array[int] = field(default_factory=lambda: array("Q"))

    def rows(self) -> list[Row]:
        """Return where the lines lie."""
        three = iter(self.places)
        return [Row(seq, segment, offset, "", None, None) for seq, segment, offset in zip(three, three, three)]


class Threads:
    """All threads, in the order of their first facts."""

    def __init__(self) -> None:
        self.all: list[Thread] = []
        self.patches: dict[str, Patch] = {}  # by mid
        self.requests: dict[str, Request] = {}  # by rfd_id
        self.receipts: dict[tuple[str, str], Receipt] = {}  # by mid and receiver
        self.kinds: dict[str, int] = {}
        self.first_ts = self.last_ts = ""
        self._first_seq = 0
        self._owners = array("L")  # the thread of each seq from the first on
        self._by_name: dict[str, int] = {}
        self._unread: dict[str, list[Receipt]] = {}  # by receiver

    def add(self, line: Line, ts: str, cause: int, names: list[str], fact: Fact | None) -> None:
        """Take in the next line. `names` are its rfd_id and mid, where it has them."""
        self._first_seq = self._first_seq or line.seq
        self.first_ts, self.last_ts = self.first_ts or ts, ts
        number = self._thread_of(cause, names, ts)
        self._owners.append(number)
        for name in names:
            self._by_name.setdefault(name, number)
        thread = self.all[number]
        thread.places.extend((line.seq, line.segment, line.offset))
        if fact:
            self.kinds[fact.kind] = self.kinds.get(fact.kind, 0) + 1
            thread.first = thread.first or fact
            self._patch(thread, fact)
            self._request(thread, fact)
            self._receipt(fact)

    def thread_of(self, seq: int) -> int:
        """Return the number of the thread that a fact belongs to."""
        return self._owners[seq - self._first_seq]

    def _thread_of(self, cause: int, names: list[str], ts: str) -> int:
        if self._first_seq <= cause < self._first_seq + len(self._owners):
            return self._owners[cause - self._first_seq]
        day = "" if names else ts[:10]
        for name in names or [day]:
            if name in self._by_name:
                return self._by_name[name]
        self.all.append(Thread(day=day))
        if day:
            self._by_name[day] = len(self.all) - 1
        return len(self.all) - 1

    def _patch(self, thread: Thread, fact: Fact) -> None:
        if isinstance(fact, f.PatchQueued):
            self.patches[fact.mid] = Patch(fact)
            thread.patch = thread.patch or self.patches[fact.mid]
            return
        patch = self.patches.get(getattr(fact, "mid", ""))
        if patch is None:
            return
        if isinstance(fact, f.Lint):
            patch.lint = fact.verdict
        elif isinstance(fact, f.Test):
            patch.test = fact.verdict
        elif isinstance(fact, f.Rfd):
            patch.requests.append(fact.rfd_id)
        elif isinstance(fact, f.PatchReverted):
            patch.outcome = "reverted"
            if patch.fact.reverts in self.patches:  # what the reverted one took back is there again
                self.patches[patch.fact.reverts].outcome = "landed"
        elif type(fact) in _ENDS:
            patch.outcome, patch.reason = _ENDS[type(fact)], str(getattr(fact, "reason", ""))
            patch.commit = fact.commit if isinstance(fact, f.PatchCommit) else ""

    def _request(self, thread: Thread, fact: Fact) -> None:
        if isinstance(fact, f.Rfd):
            self.requests[fact.rfd_id] = Request(fact)
            thread.request = thread.request or self.requests[fact.rfd_id]
            return
        request = self.requests.get(getattr(fact, "rfd_id", ""))
        if request and isinstance(fact, f.Decision):
            request.answers.append(fact)
        elif request and isinstance(fact, f.RfdSettled):
            request.outcome = f"{fact.outcome} {fact.choice}".strip()

    def _receipt(self, fact: Fact) -> None:
        if isinstance(fact, f.HandoffDelivered):
            receipt = self.receipts.setdefault((fact.mid, fact.to), Receipt())
            receipt.inbox = fact.ts
            self._unread.setdefault(fact.to, []).append(receipt)
        elif isinstance(fact, f.Nudge):
            for receipt in self._unread.get(fact.to, ()):
                receipt.nudged = receipt.nudged or fact.ts
        elif isinstance(fact, f.AckFile):
            receipt = self.receipts.setdefault((fact.mid, fact.author), Receipt())
            receipt.read = "" if fact.unread else fact.ts
            unread = self._unread.get(fact.author, [])
            self._unread[fact.author] = [other for other in unread if other is not receipt]
