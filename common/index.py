"""Where each fact lies in the ledger, by seq, id and mid.

The ledger service writes it after each commit; everybody may read it. It is derived: lines
newer than the index are read from the file, and a lost index is made again. SQLite's WAL
keeps it whole through kill -9 and power loss without an fsync per commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

from cccc.common.paths import Project

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (
    seq INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE, mid TEXT);
CREATE INDEX IF NOT EXISTS by_mid ON facts (mid) WHERE mid IS NOT NULL;
"""


class Row(NamedTuple):
    """One fact's place: the first seq of its segment and its byte offset in there."""

    seq: int
    segment: int
    offset: int
    id: str
    mid: str | None


class Index:
    """The index, open for writing by the ledger service."""

    def __init__(self, project: Project) -> None:
        self._base = sqlite3.connect(project.index, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_SCHEMA)

    def last(self) -> Row | None:
        row = self._base.execute("SELECT * FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
        return Row(*row) if row else None

    def seq_of(self, id_: str) -> int | None:
        row = self._base.execute("SELECT seq FROM facts WHERE id = ?", (id_,)).fetchone()
        return int(row[0]) if row else None

    def add(self, rows: Iterable[Row]) -> None:
        self._base.execute("BEGIN")
        self._base.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?, ?)", rows)
        self._base.execute("COMMIT")

    def clear(self) -> None:
        self._base.execute("DELETE FROM facts")

    def close(self) -> None:
        self._base.close()


def _ask(project: Project, query: str, *values: object) -> list[Row]:
    if not project.index.exists():
        return []
    with closing(sqlite3.connect(project.index, timeout=5.0)) as base:
        try:
            return [Row(*row) for row in base.execute(query, values)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # the ledger service is creating it right now
                return []
            raise


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
