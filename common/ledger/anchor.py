"""The anchor: the last fact that was acknowledged, remembered where the ledger is not.

It is one small file in the git directory, `<git dir>/cccc/<key>.json`: out of reach of `git clean`, and there still
when `.cccc` was removed or put back from a backup. The ledger service moves it on behind the facts that are on disk,
at most each second and when it stops, so that the ledger may be ahead of it and never behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from cccc.common import ledger
from cccc.common.errors import NotFound
from cccc.common.facts import LedgerAccepted, LedgerDiffers
from cccc.common.machine import durable, git
from cccc.common.paths import Project

HOW = 'restore a backup, or run `cccc ledger accept --because "…"`'


class Head(msgspec.Struct, frozen=True):
    """The last line that was acknowledged."""

    seq: int
    hash: str
    files: str = ""  # what the ledger's files looked like when its service stopped; "" while it runs, or has died


class Loss(NamedTuple):
    """How the ledger is not the one that was acknowledged."""

    seq: int  # the head that was remembered; 0 and "" when it cannot be read
    hash: str
    words: str  # one line
    first: int  # the oldest line that is there
    breaks: list[int]  # lines that do not follow from the line before


def place(project: Project) -> Path | None:
    """Return the anchor's path, by this project's place in its repository; None where there is no repository."""
    try:
        repo = git.look(project.root)
    except (NotFound, FileNotFoundError):
        return None
    key = hashlib.sha256(os.fsencode(repo.prefix + project.home.name)).hexdigest()[:12]
    return repo.dir / "cccc" / f"{key}.json"


def write(path: Path, head: Head) -> None:
    """Move the anchor. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    durable.write(path, msgspec.json.encode(head))


def remove(project: Project) -> None:
    """Forget what was acknowledged."""
    path = place(project)
    if path:
        path.unlink(missing_ok=True)


def closed(project: Project) -> list[tuple[str, int, int]]:
    """Return what the closed segments look like: name, size and time of each."""
    return [_looks(path) for _, path in ledger.segments(project)]


def files(project: Project) -> str:
    """Return in one hash what the ledger's files look like."""
    seen = closed(project) + ([_looks(project.ledger)] if project.ledger.exists() else [])
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _looks(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return path.name, found.st_size, found.st_mtime_ns


def doubt(project: Project) -> None:
    """Have the next start read all lines, when the service did not stop but died: a session begins. Raises OSError."""
    path = place(project)
    head = _head(path) if path else None
    if path and head and not head.files:
        write(path, Head(head.seq, head.hash, "died"))


def _head(path: Path) -> Head | None:
    """Return what is remembered; None when it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def loss(project: Project, path: Path | None, restarted: bool = False) -> Loss | None:
    """Return how the ledger differs from the anchor at `path`; None when it does not, or a person accepted it.

    All lines are read when the files were touched since the service stopped, or it did not stop but died; not when
    it is only `restarted` in its session, whose cost must not grow with the ledger. Raises LedgerBroken when the ledger
    cannot be read.
    """
    if path is None or not path.exists():
        return None
    head = _head(path)
    if head is None:
        words = f"cannot tell whether the ledger is complete: {path}, which records its end, cannot be read"
        return Loss(0, "", words, ledger.oldest(project), ledger.breaks(project))
    words = _end_of(project, head)
    touched = head.files != files(project) and (bool(head.files) or not restarted)
    first, broken = ledger.oldest(project), ledger.breaks(project) if words or touched else []
    if not words and not broken and first <= 1:
        return None
    told = list(_told(project))
    of_this = [fact for fact in told if (fact.old_seq, fact.old_hash) == (head.seq, head.hash)]
    accepted = [fact for fact in told if isinstance(fact, LedgerAccepted)]
    if any(isinstance(fact, LedgerAccepted) for fact in of_this):
        return None
    words = next((fact.reason for fact in of_this if isinstance(fact, LedgerDiffers)), words)  # before it grew again
    unknown = sorted(set(broken) - {seq for fact in accepted for seq in fact.breaks})
    if not words and first > max([1, *(fact.first for fact in accepted)]):
        words = f"the beginning of the ledger is missing: {_lines(1, first - 1)} gone"
    elif not words and unknown:
        words = f"the ledger is damaged: {ledger.not_following(unknown[0])}"
    return Loss(head.seq, head.hash, words, first, broken) if words else None


def _end_of(project: Project, head: Head) -> str:
    raw = ledger.line_at(project, head.seq)
    if raw is not None and ledger.hash_of(raw) == head.hash:
        return ""
    end = ledger.end(project)
    if not end:
        return f"the ledger is empty: all of its {head.seq} lines are gone"
    if end < head.seq:
        return f"the ledger is shorter than it was: {_lines(end + 1, head.seq)} gone"
    return f"the ledger has lost lines: line {head.seq} is a different one now"


def _lines(first: int, last: int) -> str:
    return f"line {last} is" if first == last else f"lines {first} to {last} are"


def _told(project: Project) -> Iterator[LedgerDiffers | LedgerAccepted]:
    """Yield what was said of losses, and what people said of them."""
    with closing(ledger.Reader(project)) as reader:
        for line in reader.read():
            fact = ledger.decode(line.raw) if line.raw.startswith(b'{"kind":"ledger-') else None
            if isinstance(fact, (LedgerDiffers, LedgerAccepted)):
                yield fact
