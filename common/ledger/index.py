"""Where each fact lies in the ledger, by seq, id, mid and rfd_id.

The ledger service writes it after each commit; everybody may read it. It is derived: lines
newer than the index are read from the file, and an index that is lost, damaged or of another
version is made again. SQLite's WAL keeps it whole through kill -9 and power loss without an
fsync per commit.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cccc.common.paths import Project

_VERSION = 2  # of the schema; raise it with each change
_SCHEMA = f"""
BEGIN;
DROP TABLE IF EXISTS facts;
CREATE TABLE facts (
    seq INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE, mid TEXT, rfd_id TEXT);
CREATE INDEX by_mid ON facts (mid) WHERE mid IS NOT NULL;
CREATE INDEX by_rfd ON facts (rfd_id) WHERE rfd_id IS NOT NULL;
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class Row(NamedTuple):
    """One fact's place: the first seq of its segment and its byte offset in there."""

    seq: int
    segment: int
    offset: int
    id: str
    mid: str | None
    rfd_id: str | None


class Index:
    """The index, open for writing by the ledger service."""

    def __init__(self, project: Project) -> None:
        self._path = project.index
        try:
            self._base = _open(project.index)
        except sqlite3.OperationalError:  # a full disk, a lock: nothing is wrong with the file
            raise
        except sqlite3.DatabaseError:
            self._remove()
            self._base = _open(project.index)

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _sound(self) -> Iterator[None]:
        """Remove an index that turns out to be damaged: who goes on after this makes it again."""
        try:
            yield
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._remove()
            raise

    def last(self) -> Row | None:
        row = self._base.execute("SELECT * FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
        return Row(*row) if row else None

    def seq_of(self, id_: str) -> int | None:
        with self._sound():
            row = self._base.execute("SELECT seq FROM facts WHERE id = ?", (id_,)).fetchone()
        return int(row[0]) if row else None

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows, all or none. Raises sqlite3.OperationalError when the disk is full."""
        try:
            with self._sound():
                self._base.execute("BEGIN")
                self._base.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._base.execute("COMMIT")
        except sqlite3.OperationalError:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise

    def clear(self) -> None:
        self._base.execute("DELETE FROM facts")

    def close(self) -> None:
        self._base.close()


def _open(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        if base.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            base.executescript(_SCHEMA)
        base.execute("SELECT * FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        base.close()
        raise
    return base


def _ask(project: Project, query: str, *values: object) -> list[Row]:
    """Return the rows of a query; none where there is no index of this version (its owner makes it).

    Nor where its folder cannot be written, which sqlite needs to read it.
    """
    if not project.index.is_file() or not os.access(project.state, os.W_OK):
        return []
    with closing(sqlite3.connect(project.index, timeout=5.0)) as base:
        try:
            if base.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                return []
            return [Row(*row) for row in base.execute(query, values)]
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged
            return []


def nearest(project: Project, seq: int) -> Row | None:
    """Return the indexed fact with the greatest seq up to `seq`."""
    rows = _ask(project, "SELECT * FROM facts WHERE seq <= ? ORDER BY seq DESC LIMIT 1", seq)
    return rows[0] if rows else None


def newest(project: Project) -> Row | None:
    """Return the last indexed fact."""
    rows = _ask(project, "SELECT * FROM facts ORDER BY seq DESC LIMIT 1")
    return rows[0] if rows else None


def of_mid(project: Project, mid: str) -> list[Row]:
    """Return the indexed facts that carry `mid`, oldest first."""
    return _ask(project, "SELECT * FROM facts WHERE mid = ? ORDER BY seq", mid)


def of_rfd(project: Project, rfd_id: str) -> list[Row]:
    """Return the indexed facts that carry `rfd_id`, oldest first."""
    return _ask(project, "SELECT * FROM facts WHERE rfd_id = ? ORDER BY seq", rfd_id)
