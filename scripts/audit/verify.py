"""Does the ledger hold: its lines, the bodies they name, and the commits they speak of."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.errors import LedgerBroken, NotFound
from cccc.common.ledger import anchor, older
from cccc.common.paths import Project
from cccc.common.text.plural import plural
from cccc.scripts.audit import commits
from cccc.scripts.audit.book import Book

Tick = Callable[[int], None]  # told how many bytes were read since the last call
_PART = 1 << 20


@dataclass
class Audit:
    """What was looked at, what does not hold (`problems`), and what is worth knowing (`notes`)."""

    lines: int = 0
    bodies: int = 0
    forgotten: int = 0
    commits: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def size(project: Project) -> int:
    """Return how many bytes `verify` will read, about."""
    lines = (project.ledger, *(path for _, path in ledger.segments(project)))
    return sum(path.stat().st_size for path in (*lines, *project.blobs.glob("[0-9a-f]*")) if path.exists())


def verify(project: Project, tick: Tick = lambda _: None) -> Audit:
    """Check everything. Where a line does not hold, bodies and commits are not looked at."""
    audit, book, breaks = Audit(), Book(), list[int]()
    with closing(ledger.Reader(project)) as reader:
        try:
            loss = anchor.loss(project, anchor.place(project))  # first: the ledger may only be ahead of it
            for found in ledger.checked(reader):
                book.note(found.fact)
                breaks += [] if found.follows else [found.line.seq]
                tick(len(found.line.raw) + 1)
        except LedgerBroken as error:
            audit.lines = reader.seq
            audit.problems = [f"the ledger is damaged after {plural(reader.seq, 'line')}: {error}"]
            return audit
        audit.lines = reader.seq
        _history(project, book, audit, breaks)
        if loss and not audit.problems:
            audit.problems.append(f"{loss.words}; {anchor.HOW}")
        if breaks and audit.problems:
            return audit
        _bodies(project, book, audit, tick)
        _logs(project, book, audit)
        _commits(project, book, audit, reader)
    if book.unknown:
        audit.notes.append(f"{plural(book.unknown, 'fact')} of kinds that this version does not know")
    if words := older.kept_in_words(project):
        audit.notes.append(words)
    return audit


def _history(project: Project, book: Book, audit: Audit, breaks: list[int]) -> None:
    """Note the lines that are not where they were: those that people accepted, and the others."""
    for fact in book.accepted:
        audit.notes.append(f"{fact.who} accepted in fact {fact.seq} what became of the ledger: {fact.because}")
    unknown = sorted(set(breaks) - {seq for fact in book.accepted for seq in fact.breaks})
    first = ledger.oldest(project)
    if first > max([1, *(fact.first for fact in book.accepted)]):
        audit.problems.append(f"lines 1 to {first - 1} are missing in {project.segments}")
    if unknown:
        audit.problems.append(
            f"the ledger is damaged after {plural(unknown[0] - 1, 'line')}: {ledger.not_following(unknown[0])}"
        )


def _bodies(project: Project, book: Book, audit: Audit, tick: Tick) -> None:
    audit.forgotten = len(book.forgotten)
    for sha, fact in book.bodies.items():
        try:
            found = _sha(project.blobs / sha, tick)
        except FileNotFoundError:
            if sha not in book.forgotten:
                gone = (
                    f"the body {sha} of fact {fact.seq} ({fact.kind}) is gone, and no fact says that it was forgotten"
                )
                audit.problems.append(gone)
            continue
        audit.bodies += 1
        if found != sha:
            audit.problems.append(f"the body {sha} of fact {fact.seq} ({fact.kind}) has other bytes than it had")


def _logs(project: Project, book: Book, audit: Audit) -> None:
    """Compare the logs of evidence, where they are kept still: cards, and the tests of what landed."""
    landed = {fact.mid for fact in book.commits.values()}
    kept: list[tuple[f.Test | f.EvidenceValidate, str]] = [
        *((test, test.log) for mid, test in book.tests.items() if mid in landed),
        *((card, card.log_ref[len("LOG:") :].rpartition("#")[0]) for card in book.cards.values()),
    ]
    for fact, name in kept:
        log = project.root / name
        if fact.sha and log.is_file() and _sha(log, lambda _: None) != fact.sha:
            audit.problems.append(f"the log {name} of fact {fact.seq} ({fact.kind}) has other bytes than it had")


def _commits(project: Project, book: Book, audit: Audit, reader: ledger.Reader) -> None:
    audit.commits = len(book.commits)
    if not book.commits and not book.landings:
        return
    try:
        found = commits.look(project, book)
    except NotFound as error:
        audit.problems.append(f"the commits that {plural(len(book.commits), 'fact')} tell of: {error}")
        return
    first = commits.of_facts(found, book)
    for line in reader.read():  # what landed while git was read
        book.note(ledger.decode(line.raw))
    second = commits.of_git(found, book)
    for problems, notes in (first, second):
        audit.problems += problems
        audit.notes += notes


def _sha(path: Path, tick: Tick) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(_PART), b""):
            digest.update(part)
            tick(len(part))
    return digest.hexdigest()
