"""The index of the ledger: other versions, damage."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.ledger import index
from cccc.common.paths import Project
from cccc.services.ledger.store import Store


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with three indexed facts and nobody who writes."""
    project.make_run()
    store = Store(project)
    store.append([f.Notice(id=f"n{number}", text="hello") for number in range(3)])
    store.close()
    return project


def test_an_index_of_another_version_is_passed_over_by_readers_and_made_again(filled: Project) -> None:
    with closing(sqlite3.connect(filled.index)) as base:
        base.executescript(
            "DROP TABLE facts;"
            "CREATE TABLE facts (seq INTEGER PRIMARY KEY, segment INT, offset INT, id TEXT, mid TEXT);"
            "INSERT INTO facts VALUES (1, 1, 0, 'n0', NULL); PRAGMA user_version = 0"
        )
    assert index.newest(filled) is None
    assert ledger.end(filled) == 3
    store = Store(filled)
    assert [store.seq_of(f"n{number}") for number in range(3)] == [1, 2, 3]
    store.close()
    newest = index.newest(filled)
    assert newest and newest.seq == 3


def test_a_damaged_index_is_passed_over_by_readers_and_made_again(filled: Project) -> None:
    filled.index.write_bytes(b"no database at all" * 1000)
    assert (index.newest(filled), ledger.end(filled)) == (None, 3)
    Store(filled).close()
    newest = index.newest(filled)
    assert newest and newest.seq == 3
