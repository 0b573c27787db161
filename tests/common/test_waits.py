from __future__ import annotations

from cccc.common.machine.waits import left


def test_a_wait_ends_when_its_time_is_over() -> None:
    assert [left(100, 30, now) for now in (100, 110, 130, 7300)] == [30, 20, 0, 0]


def test_a_wait_whose_beginning_is_still_to_come_is_over() -> None:
    assert left(7300, 30, 100) == 0
