"""Reading the ledger: the open segment `ledger.jsonl` and the closed ones before it.

Any process may read; only the ledger service writes. A line counts when its newline is
there. Lines are handled as bytes: `str.splitlines` would break JSON at U+2028.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NamedTuple, Optional

import msgspec

from cccc.common.errors import LedgerBroken
from cccc.common.facts import KINDS, AnyFact, Fact
from cccc.common.ledger import index
from cccc.common.paths import Project

_CHUNK = 1 << 20


class Envelope(msgspec.Struct):
    """What every line has, and the two names by which lines are looked for."""

    seq: int
    ts: str = ""
    kind: str = ""
    by: str = ""
    cause: Optional[int] = None  # noqa: UP045  # msgspec evaluates it, on 3.9 too
    prev: str = ""
    mid: Optional[str] = None  # noqa: UP045
    rfd_id: Optional[str] = None  # noqa: UP045
    id: str = ""


class Line(NamedTuple):
    """One line as it lies in the file, without its newline."""

    seq: int
    segment: int  # first seq of the file it lies in
    offset: int
    raw: bytes


_envelope = msgspec.json.Decoder(Envelope)
_fact = msgspec.json.Decoder(AnyFact)


def envelope(raw: bytes) -> Envelope:
    """Return the envelope of a line. Raises LedgerBroken when it is none."""
    try:
        return _envelope.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LedgerBroken(f"not a ledger line: {raw[:80]!r}: {error}") from None


def decode(raw: bytes) -> Fact | None:
    """Return the fact of a line, or None for a kind that a newer cccc wrote. Raises LedgerBroken."""
    try:
        fact: Fact = _fact.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if envelope(raw).kind in KINDS:
            raise LedgerBroken(f"line {envelope(raw).seq} does not fit its kind: {raw[:200]!r}") from None
        return None
    return fact


def hash_of(raw: bytes) -> str:
    """Return what the next line's `prev` must be."""
    return hashlib.sha256(raw).hexdigest()


def segments(project: Project) -> list[tuple[int, Path]]:
    """Return the closed segments as (first seq, path), oldest first."""
    if not project.segments.is_dir():
        return []
    return sorted((int(path.stem), path) for path in project.segments.glob("*.jsonl") if path.stem.isdigit())


class Reader:
    """Follows the ledger line by line from one seq on, across segments."""

    def __init__(self, project: Project, after: int = 0) -> None:
        self._project = project
        self._file: BinaryIO | None = None
        self._segment = 0
        self._offset = 0
        self.seq = after

    def read(self) -> Iterator[Line]:
        """Yield the lines after `seq` that are in the file now. Raises LedgerBroken on a gap."""
        while self._find():
            yield from self._rest()
            if not self._closed():
                return
            yield from self._rest()  # lines written between the last read and the archiving
            self.close()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _find(self) -> bool:
        """Open the segment that holds the next line; False when there is none yet."""
        if self._file:
            return True
        wanted = self.seq + 1
        file, first = self._open_segment()
        if file is None or not 0 < first <= wanted:
            if file:
                file.close()
            # Looked at after the open segment, so that one archived in between is seen here.
            closed = segments(self._project)
            earlier = [(start, path) for start, path in closed if start <= wanted]
            if not earlier or not self._reaches(earlier[-1][1], wanted):
                later = min([start for start, _ in closed if start > wanted], default=first)
                if later and self.seq == 0 and oldest(self._project) > 1:
                    self.seq = oldest(self._project) - 1
                    return self._find()
                if later:
                    raise LedgerBroken(f"lines {wanted} to {later - 1} are missing in {self._project.segments}")
                return False
            first, path = earlier[-1]
            file = path.open("rb")
        self._segment, self._file = first, file
        near = index.nearest(self._project, self.seq)
        self._offset = near.offset if near and near.segment == first and _stands_at(file, near) else 0
        return True

    def _open_segment(self) -> tuple[BinaryIO | None, int]:
        """Return the open segment and its first seq, 0 when it has no line yet."""
        try:
            file = self._project.ledger.open("rb")
        except FileNotFoundError:
            return None, 0
        line = file.readline()
        return file, envelope(line).seq if line.endswith(b"\n") else 0

    @staticmethod
    def _reaches(path: Path, wanted: int) -> bool:
        line = last_line(path)
        return line is not None and envelope(line).seq >= wanted

    def _rest(self) -> Iterator[Line]:
        assert self._file
        while True:
            chunk = os.pread(self._file.fileno(), _CHUNK, self._offset)
            end = chunk.rfind(b"\n") + 1
            if not end:
                if os.fstat(self._file.fileno()).st_size < self._offset:
                    raise LedgerBroken(f"{self._file.name} was cut: it ended at {self._offset}")
                if len(chunk) == _CHUNK:
                    raise LedgerBroken(f"a line of more than {_CHUNK} bytes at {self._offset} in {self._file.name}")
                return
            for raw in chunk[: end - 1].split(b"\n"):
                offset, self._offset = self._offset, self._offset + len(raw) + 1
                seq = envelope(raw).seq
                if seq <= self.seq:
                    continue
                if seq != self.seq + 1:
                    raise LedgerBroken(f"{self._file.name}: line {self.seq + 1} is missing, {seq} follows {self.seq}")
                self.seq = seq
                yield Line(seq, self._segment, offset, raw)

    def _closed(self) -> bool:
        assert self._file
        try:
            return self._project.ledger.stat().st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return False


def _stands_at(file: BinaryIO, row: index.Row) -> bool:
    """Return whether the line of an index row is where the row says."""
    file.seek(row.offset)
    try:
        found = envelope(file.readline().rstrip(b"\n"))
    except LedgerBroken:
        return False
    return (found.seq, found.id) == (row.seq, row.id)


def oldest(project: Project) -> int:
    """Return the seq of the oldest line that is there; 0 for an empty ledger. Raises LedgerBroken."""
    for _, path in [*segments(project), (0, project.ledger)]:
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            line = file.readline()
            if line.endswith(b"\n"):
                return envelope(line).seq
    return 0


def end_of_last_line(fd: int, size: int) -> int:
    """Return the offset after the last newline in the first `size` bytes of a file; 0 when there is none."""
    end = size
    while end > 0:
        start = max(0, end - 65536)
        at = os.pread(fd, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def last_line(path: Path) -> bytes | None:
    """Return the last whole line of a segment, or None when it has none."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            tail = file.read(end - start) + tail
            end = start
            lines = tail.split(b"\n")
            if len(lines) > 2 or (end == 0 and len(lines) == 2):
                return lines[-2]
    return None


def read(project: Project, after: int = 0) -> Iterator[Fact]:
    """Yield every known fact after seq `after`, oldest first."""
    with closing(Reader(project, after)) as reader:
        for line in reader.read():
            fact = decode(line.raw)
            if fact:
                yield fact


def end(project: Project) -> int:
    """Return the seq of the last line; 0 for an empty ledger."""
    newest = index.newest(project)
    after = newest.seq if newest and holds(project, newest) else 0
    with closing(Reader(project, after)) as reader:
        for _ in reader.read():
            pass
        return reader.seq


def holds(project: Project, row: index.Row) -> bool:
    """Return whether the ledger has the line that an index row tells of."""
    try:
        raw = line_at(project, row.seq)
    except LedgerBroken:
        return False
    return raw is not None and envelope(raw).id == row.id


def tail(project: Project, count: int) -> list[Fact]:
    """Return the last `count` facts, oldest first."""
    return list(read(project, max(0, end(project) - count)))


def line_at(project: Project, seq: int) -> bytes | None:
    """Return one line by its seq, or None when the ledger does not reach it."""
    with closing(Reader(project, seq - 1)) as reader:
        line = next(reader.read(), None)
        return line.raw if line and line.seq == seq else None


def lines_of(project: Project, *, mid: str = "", rfd_id: str = "") -> list[bytes]:
    """Return the lines that carry a mid or an rfd_id, oldest first, without reading the whole ledger."""
    newest = index.newest(project)  # first: what is indexed meanwhile would be in neither half
    rows = index.of_mid(project, mid) if mid else index.of_rfd(project, rfd_id)
    upto = newest.seq if newest else 0
    found = [line_of(project, row) for row in rows if row.seq <= upto]
    with closing(Reader(project, upto)) as reader:
        for line in reader.read():
            told = envelope(line.raw)
            if (told.mid == mid) if mid else (told.rfd_id == rfd_id):
                found.append(line.raw)
    return [raw for raw in found if raw]


def of_mid(project: Project, mid: str) -> list[Fact]:
    """Return every known fact that carries `mid`, oldest first."""
    facts = (decode(raw) for raw in lines_of(project, mid=mid))
    return [fact for fact in facts if fact]


def line_of(project: Project, row: index.Row) -> bytes | None:
    """Return a line whose place is known."""
    for path in (project.segments / f"{row.segment}.jsonl", project.ledger):
        with contextlib.suppress(FileNotFoundError, LedgerBroken), path.open("rb") as file:
            file.seek(row.offset)
            raw = file.readline().rstrip(b"\n")
            if envelope(raw).seq == row.seq:
                return raw
    return line_at(project, row.seq)  # archived between the two, or the index is wrong


class Verdict(NamedTuple):
    """What a verification found: `broken` is empty when every line holds."""

    lines: int
    broken: str


class Checked(NamedTuple):
    """One line; `follows` says whether its `prev` is the hash of the line before."""

    line: Line
    fact: Fact | None
    follows: bool


def checked(reader: Reader) -> Iterator[Checked]:
    """Yield every line from the oldest on. Raises LedgerBroken at one that cannot be read."""
    previous = ""
    for line in reader.read():
        follows = envelope(line.raw).prev == previous or (previous == "" and line.seq > 1)
        yield Checked(line, decode(line.raw), follows)
        previous = hash_of(line.raw)


def breaks(project: Project) -> list[int]:
    """Return the lines that do not follow from the line before. Raises LedgerBroken."""
    with closing(Reader(project)) as reader:
        return [found.line.seq for found in checked(reader) if not found.follows]


def verify(project: Project) -> Verdict:
    """Check chain, seq and schema of every line and name the first that does not hold."""
    with closing(Reader(project)) as reader:
        try:
            if oldest(project) > 1:
                return Verdict(0, f"lines 1 to {oldest(project) - 1} are missing in {project.segments}")
            for found in checked(reader):
                if not found.follows:
                    return Verdict(found.line.seq, not_following(found.line.seq))
        except LedgerBroken as error:
            return Verdict(reader.seq, str(error))
        return Verdict(reader.seq, "")


def not_following(seq: int) -> str:
    """Return what is wrong with a line that does not follow from the one before."""
    return f"line {seq}: `prev` is not the hash of line {seq - 1}"
