"""When the disk is too full to take more in."""

from __future__ import annotations

import os

import pytest

from cccc.common import facts as f
from cccc.services.orchestrator.mail import disk


@pytest.mark.parametrize(
    ("free", "was_low", "low"),
    [(100, False, False), (99, False, True), (100, True, True), (109, True, True), (110, True, False)],
)
def test_it_is_low_below_the_limit_and_until_there_is_a_tenth_more(free: int, was_low: bool, low: bool) -> None:
    assert disk.is_low(disk.Free(free, 5000), 100, was_low) is low


@pytest.mark.parametrize(
    ("files", "was_low", "low"),
    [
        (1000, False, False),
        (999, False, True),
        (0, False, True),
        (1099, True, True),
        (1100, True, False),
        (-1, True, False),
    ],
)
def test_a_disk_that_can_hold_few_more_files_is_low_with_many_bytes_free(files: int, was_low: bool, low: bool) -> None:
    assert disk.is_low(disk.Free(10**6, files), 100, was_low) is low


def test_a_file_system_that_counts_no_files_is_not_low_for_them() -> None:
    uncounted = os.statvfs_result((4096, 4096, 10**6, 10**6, 10**6, 0, 0, 0, 0, 255))
    assert disk.Free.of(uncounted) == disk.Free(4096, -1)


def test_the_user_is_told_that_files_are_what_is_short() -> None:
    text = disk.told(f.IntakePaused(free_mb=9000, limit_mb=100, free_files=3))
    assert "room for only 3 more files" in text and "delete some files" in text and "MB" not in text


def test_a_limit_of_0_is_never_reached() -> None:
    assert not disk.is_low(disk.Free(0, 0), 0, False) and not disk.is_low(disk.Free(0, 0), 0, True)


def test_the_state_follows_the_ledger() -> None:
    state = disk.State()
    disk.fold(state, f.IntakePaused(seq=7, free_mb=90, limit_mb=100))
    assert state == disk.State(True, 7)
    disk.fold(state, f.IntakeResumed(seq=9, free_mb=200))
    assert state == disk.State(False, 9)


def test_the_user_is_told_how_much_is_needed() -> None:
    text = disk.told(f.IntakePaused(free_mb=90, limit_mb=100))
    assert (
        text.startswith("the disk has 90 MB free: the peers' files are not picked up;")
        and "automatically at 110 MB" in text
    )
