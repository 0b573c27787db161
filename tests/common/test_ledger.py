"""Reading the ledger."""

from __future__ import annotations

from contextlib import closing

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.errors import LedgerBroken
from cccc.common.paths import Project
from cccc.services.ledger.store import Store


def notices(*numbers: int) -> list[f.Fact]:
    return [f.UserMessage(id=f"n{n}", mid=f"m{n % 3}", via="cli", route="a", sha="", size=0, text="") for n in numbers]


@pytest.fixture
def home(project: Project) -> Project:
    project.make_run()
    return project


def test_a_reader_crosses_segments_and_follows_an_archiving(home: Project) -> None:
    store = Store(home)
    store.append(notices(1, 2))
    with closing(ledger.Reader(home)) as reader:
        assert [line.seq for line in reader.read()] == [1, 2]
        store.append(notices(3))
        store.archive()
        store.append(notices(4))
        assert [line.seq for line in reader.read()] == [3, 4]
    store.archive()
    assert [fact.seq for fact in ledger.read(home, after=1)] == [2, 3, 4]
    store.append(notices(5))
    assert [fact.seq for fact in ledger.tail(home, 2)] == [4, 5]
    store.close()


def test_a_line_without_its_newline_does_not_count(home: Project) -> None:
    store = Store(home)
    store.append(notices(1))
    with home.ledger.open("ab") as file:
        file.write(b'{"kind":"notice"')
    assert ledger.end(home) == 1
    store.close()


def test_a_mid_is_found_in_closed_open_and_not_yet_indexed_lines(home: Project) -> None:
    store = Store(home)
    store.append(notices(1, 2, 3))
    store.archive()
    store.append(notices(4, 5))
    store.index_now()
    store.append(notices(6, 7))
    assert [fact.seq for fact in ledger.of_mid(home, "m1")] == [1, 4, 7]
    store.close()


def test_a_changed_line_breaks_the_chain_at_the_next(home: Project) -> None:
    store = Store(home)
    store.append(notices(1, 2, 3))
    store.close()
    home.ledger.write_bytes(home.ledger.read_bytes().replace(b'"mid":"m2"', b'"mid":"m9"'))
    assert ledger.verify(home).broken.startswith("line 3:")


def test_a_missing_line_is_an_error_for_a_reader(home: Project) -> None:
    store = Store(home)
    store.append(notices(1, 2, 3))
    store.close()
    lines = home.ledger.read_bytes().splitlines(keepends=True)
    home.ledger.write_bytes(lines[0] + lines[2])
    with pytest.raises(LedgerBroken, match="line 2 is missing"):
        list(ledger.read(home))


def test_a_kind_that_a_newer_version_wrote_is_passed_over(home: Project) -> None:
    store = Store(home)
    store.append(notices(1))
    store.close()
    previous = ledger.hash_of(home.ledger.read_bytes().splitlines()[0])
    with home.ledger.open("ab") as file:
        file.write(b'{"kind":"from-the-future","seq":2,"id":"x","prev":"%s"}\n' % previous.encode())
    assert [fact.seq for fact in ledger.read(home)] == [1]
    assert ledger.verify(home) == (2, "")


def test_an_empty_project_has_no_facts(home: Project) -> None:
    assert (ledger.end(home), ledger.tail(home, 5), ledger.of_mid(home, "x")) == (0, [], [])


def test_a_closed_segment_that_is_gone_is_an_error_and_no_shorter_ledger(home: Project) -> None:
    store = Store(home)
    for first in (1, 3, 5):
        store.append(notices(first, first + 1))
        if first < 5:
            store.archive()
    store.close()
    (home.segments / "3.jsonl").rename(home.root / "away")
    with pytest.raises(LedgerBroken, match="lines 3 to 4 are missing"):
        list(ledger.read(home))
    assert "lines 3 to 4 are missing" in ledger.verify(home).broken
    assert [fact.seq for fact in ledger.tail(home, 2)] == [5, 6]
    (home.segments / "1.jsonl").unlink()
    assert "lines 1 to 4 are missing" in ledger.verify(home).broken


def test_lines_are_found_by_mid_and_by_rfd_where_the_index_ends_and_beyond(home: Project) -> None:
    store = Store(home)
    store.append(notices(1, 2))
    store.archive()
    store.append(notices(4))
    store.index_now()
    store.append(notices(7))
    assert [ledger.envelope(raw).seq for raw in ledger.lines_of(home, mid="m1")] == [1, 3, 4]
    home.index.unlink()
    assert [ledger.envelope(raw).seq for raw in ledger.lines_of(home, mid="m1")] == [1, 3, 4]
    store.close()
