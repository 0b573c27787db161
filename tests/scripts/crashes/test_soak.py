"""What is said of the samples of a soak."""

from __future__ import annotations

from cccc.scripts.crashes import soak
from cccc.scripts.crashes.soak import Sample


def samples(count: int, growth: float) -> list[Sample]:
    return [
        Sample(n / 10, {"ledger": 20 + growth * n}, {"ledger": 9.0}, {"ledger": 2.0}, 700.0, 40.0, 5.0)
        for n in range(count)
    ]


def test_what_stays_flat_has_not_grown_and_what_grows_has() -> None:
    assert set(soak.grown(samples(80, 0)).values()) == {1.0}
    grown = soak.grown(samples(80, 1))
    assert grown["memory, all services (MB)"] > 1.5 and grown["threads"] == 1.0


def test_of_a_run_that_is_too_short_for_quarters_nothing_is_said() -> None:
    assert soak.grown(samples(39, 0)) == {}
    assert soak.grown(samples(40, 0))
    assert soak.grown(samples(1, 0)) == soak.grown([]) == {}
