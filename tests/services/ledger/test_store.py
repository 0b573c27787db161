"""The ledger file: what is cut, what counts, what is known again."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.ledger import index
from cccc.common.paths import Project
from cccc.services.ledger.store import Store


def notice(number: int, text: str = "hello") -> f.Notice:
    return f.Notice(id=f"n{number}", by="orchestrator", text=text)


@pytest.fixture
def home(project: Project) -> Project:
    project.make_run()
    return project


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB, where the machine lets us mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_lines_are_numbered_and_chained(home: Project) -> None:
    store = Store(home)
    assert store.append([notice(1), notice(2)]) == 2
    store.close()
    first, second = home.ledger.read_bytes().splitlines()
    assert ledger.envelope(second).prev == ledger.hash_of(first)
    assert ledger.verify(home) == (2, "")


def test_a_tail_torn_at_any_byte_is_cut_off_and_kept(home: Project) -> None:
    store = Store(home)
    store.append([notice(1), notice(2)])
    store.close()
    whole = home.ledger.read_bytes()
    first, last = whole.splitlines(keepends=True)
    for cut in range(len(last)):
        home.ledger.write_bytes(first + last[:cut])
        home.index.unlink(missing_ok=True)
        store = Store(home)
        assert store.seq == 1
        assert home.ledger.read_bytes() == first
        assert [path.read_bytes() for path in home.segments.iterdir()] == ([last[:cut]] if cut else [])
        for path in home.segments.iterdir():
            path.unlink()
        store.append([notice(2)])
        store.close()
        assert ledger.verify(home) == (2, "")


def test_ids_are_known_across_archives_and_a_lost_index(home: Project) -> None:
    store = Store(home)
    store.append([notice(1), notice(2)])
    store.archive()
    store.append([notice(3)])
    store.close()
    home.index.unlink()
    store = Store(home)
    assert [store.seq_of(f"n{number}") for number in (1, 2, 3, 4)] == [1, 2, 3, None]
    store.close()


def test_an_index_of_another_ledger_is_made_again(home: Project) -> None:
    store = Store(home)
    store.append([notice(1), notice(2)])
    store.close()
    home.ledger.unlink()
    store = Store(home)
    store.append([notice(7)])
    store.close()
    store = Store(home)
    assert (store.seq, store.seq_of("n7"), store.seq_of("n1")) == (1, 1, None)
    store.close()


def test_an_archived_ledger_goes_on_with_the_next_number(home: Project) -> None:
    store = Store(home)
    store.append([notice(1)])
    store.archive()
    store.close()
    store = Store(home)
    store.append([notice(2)])
    store.close()
    assert [path.name for _, path in ledger.segments(home)] == ["1.jsonl"]
    assert ledger.verify(home) == (2, "")


def test_an_empty_segment_is_not_archived(home: Project) -> None:
    store = Store(home)
    assert store.archive() is None
    store.close()


def test_a_full_disk_leaves_whole_lines_only_and_the_next_write_goes_on(tiny_disk: Path) -> None:
    home = Project(tiny_disk / ".cccc")
    home.home.mkdir()
    home.make_run()
    store = Store(home)
    assert store.append([notice(1)]) == 1
    filler = tiny_disk / "filler"
    with pytest.raises(OSError) as full, filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    assert full.value.errno == errno.ENOSPC
    written = store.append([notice(number, "y" * 3000) for number in range(2, 200)])
    assert written < 198
    assert home.ledger.read_bytes().endswith(b"\n")
    assert ledger.verify(home) == (1 + written, "")
    filler.unlink()
    assert store.append([notice(300)]) == 1
    assert ledger.verify(home) == (2 + written, "")
    store.close()


def test_a_start_reads_only_what_the_index_does_not_have(home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(home)
    for start in range(0, 20_000, 500):
        store.append([notice(number) for number in range(start, start + 500)])
    store.close()
    read, pread = [0], os.pread

    def counting(fd: int, count: int, offset: int) -> bytes:
        content = pread(fd, count, offset)
        read[0] += len(content)
        return content

    monkeypatch.setattr(os, "pread", counting)
    Store(home).close()
    assert 0 < read[0] < home.ledger.stat().st_size / 10
    row = index.newest(home)
    assert row and row.seq == 20_000


def test_a_full_disk_stops_the_index_and_nothing_else(tiny_disk: Path) -> None:
    home = Project(tiny_disk / ".cccc")
    home.home.mkdir()
    home.make_run()
    store = Store(home)
    with pytest.raises(OSError), (tiny_disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with (tiny_disk / "filler").open("r+b") as file:
        file.truncate((tiny_disk / "filler").stat().st_size - 8192)
    assert store.append([notice(1), notice(2)]) == 2
    store.index_now()
    assert "full" in store.trouble
    assert store.seq_of("n2") == 2
    (tiny_disk / "filler").unlink()
    store.index_now()
    assert store.trouble == ""
    newest = index.newest(home)
    assert newest and newest.seq == 2
    store.close()
