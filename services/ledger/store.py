"""The ledger file and its one writer: numbering, chain, group commit, repair, segments.

Only bytes after the last newline are ever cut. A batch is one `write` and one `fsync`; where
the disk fills up in the middle, the whole lines that got through count and the rest is
refused, because a reader may have seen them already. All facts of one decision are in one
batch, and who said it says it again until it is answered: so it ends up whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from cccc.common import ledger
from cccc.common.errors import LedgerBroken
from cccc.common.facts import BodyForgotten, Fact, LedgerAccepted
from cccc.common.ledger.anchor import Head
from cccc.common.ledger.blobs import Blobs
from cccc.common.ledger.index import Index, Row
from cccc.common.machine.durable import sync_folder
from cccc.common.machine.faults import fault
from cccc.common.paths import Project
from cccc.services.ledger.keeper import Keeper
from cccc.services.ledger.segment import Segment

_INDEX_BATCH = 2000


class Store:
    """The open segment. The caller holds the ledger's lock."""

    def __init__(self, project: Project) -> None:
        self._project = project
        project.make(project.segments)
        self._index = Index(project)
        self._blobs = Blobs(project)
        self._unindexed: list[Row] = []
        self._recent: dict[str, int] = {}  # ids of the facts not indexed yet
        self.trouble = ""
        self._open()
        self._cut_torn_tail()
        self._catch_up()
        self.keeper = Keeper(project)

    def _open(self) -> None:
        self._segment = Segment(self._project.ledger, self._project.segments)

    def _cut_torn_tail(self) -> None:
        """Cut what follows the last newline and keep it aside, as `torn-*.bin` beside the closed segments."""
        size = self._segment.size
        whole = ledger.end_of_last_line(self._segment.fd, size)
        if whole < size:
            self._segment.set_aside(whole, "torn")

    def _catch_up(self) -> None:
        """Bring the index to the end of the ledger and learn the last seq and hash."""
        last = self._index.last()
        if last and not ledger.holds(self._project, last):
            self._index.clear()
            last = None
        closed = ledger.segments(self._project)
        first = next(iter(_lines_of(self._project.ledger)), None)
        newest = ledger.last_line(self._project.ledger) or (ledger.last_line(closed[-1][1]) if closed else None)
        self.seq = ledger.envelope(newest).seq if newest else 0
        self._hash = ledger.hash_of(newest) if newest else ""
        self._segment.wrote(newest + b"\n" if newest and first else b"")
        self.first = ledger.envelope(first).seq if first else self.seq + 1
        with closing(ledger.Reader(self._project, last.seq if last else 0)) as reader:
            for line in reader.read():
                envelope = ledger.envelope(line.raw)
                if envelope.kind == "body-forgotten":  # a crash may have come before the removal
                    self._forget(ledger.decode(line.raw))
                self._note(Row(line.seq, line.segment, line.offset, envelope.id, envelope.mid, envelope.rfd_id))
        self.index_now()

    def seq_of(self, id_: str) -> int | None:
        """Return the seq under which a fact with this id was written, ever."""
        return self._recent.get(id_) or self._index.seq_of(id_)

    def append(self, facts: Sequence[Fact]) -> int:
        """Number, chain, write and fsync facts; return how many are on disk.

        Fewer than asked means that the disk is full: the others left no trace. The facts
        written have their `seq`, `ts` and `prev` set.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        offset, seq, previous = self._segment.size, self.seq, self._hash
        rows: list[Row] = []
        lines: list[bytes] = []
        hashes: list[str] = []
        for fact in facts:
            seq += 1
            fact.seq, fact.ts, fact.prev = seq, now, previous
            raw = msgspec.json.encode(fact)
            previous = ledger.hash_of(raw)
            mid, rfd_id = getattr(fact, "mid", None), getattr(fact, "rfd_id", None)
            rows.append(Row(seq, self.first, offset, fact.id, mid, rfd_id))
            lines.append(raw + b"\n")
            hashes.append(previous)
            offset += len(raw) + 1
        written = self._write(lines)
        if written:
            self.seq, self._hash = self.seq + written, hashes[written - 1]
            self._segment.wrote(lines[written - 1])
            for fact, row in zip(facts, rows[:written]):
                self._forget(fact)  # before the index knows the fact: what it does not know is done again at start
                self._note(row)
                if isinstance(fact, LedgerAccepted):
                    self.keeper.loss = None
                    self.keeper.move(Head(self.seq, self._hash))
        return written

    def keep(self) -> None:
        """Let the anchor follow."""
        self.keeper.follow(self.seq, self._hash)

    def look(self) -> Fact | None:
        """Mend what others did to the open file; return the fact that tells of it.

        Raises LedgerBroken when lines are gone from it. What was acknowledged is remembered then.
        """
        try:
            return self._segment.look()
        except LedgerBroken:
            self.keeper.move(Head(self.seq, self._hash))
            raise

    def _forget(self, fact: Fact | None) -> None:
        if isinstance(fact, BodyForgotten):
            self._blobs.remove(fact.sha)

    def _write(self, lines: Sequence[bytes]) -> int:
        before = os.fstat(self._segment.fd).st_size
        try:
            _write_all(self._segment.fd, b"".join(lines))
        except OSError:
            size = os.fstat(self._segment.fd).st_size
            whole = max(before, ledger.end_of_last_line(self._segment.fd, size))
            os.truncate(self._segment.fd, whole)
            done, room = 0, whole - before
            while room > 0:
                room -= len(lines[done])
                done += 1
            lines = lines[:done]
        fault("ledger.written")
        os.fsync(self._segment.fd)
        fault("ledger.synced")
        return len(lines)

    def archive(self) -> Path | None:
        """Close the open segment as `ledger/<first seq>.jsonl`; None when it is empty."""
        if self.seq < self.first:
            return None
        path = self._project.segments / f"{self.first}.jsonl"
        self.keeper.look(self._segment.edited)
        self._project.ledger.rename(path)
        sync_folder(self._project.segments)
        self.keeper.archived()
        self._segment.close()
        self.first = self.seq + 1
        self._open()
        return path

    def index_now(self) -> None:
        """Write the index rows that wait. On a full disk they wait on: `trouble` says so, and they are known still."""
        if not self._unindexed:
            return
        try:
            self._index.add(self._unindexed)
        except sqlite3.OperationalError as error:
            self.trouble = f"the index cannot be written: {error}"
            return
        self.trouble = ""
        self._unindexed, self._recent = [], {}

    def close(self) -> None:
        self.index_now()
        self._index.close()
        self._segment.close()
        self.keeper.look(self._segment.edited)
        self.keeper.stop(self.seq, self._hash)

    def _note(self, row: Row) -> None:
        self._unindexed.append(row)
        self._recent[row.id] = row.seq
        if len(self._unindexed) % _INDEX_BATCH == 0:
            self.index_now()


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _lines_of(path: Path) -> list[bytes]:
    """Return the first whole line of a file in a list, or an empty list."""
    with path.open("rb") as file:
        line = file.readline()
    return [line] if line.endswith(b"\n") else []
