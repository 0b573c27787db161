"""Numbers of things, in words."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.shown.short import line_of
from cccc.common.text.plural import plural


@pytest.mark.parametrize(("number", "words"), [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), (1200, "1,200 lines")])
def test_one_is_one_and_all_else_is_many(number: int, words: str) -> None:
    assert plural(number, "line") == words


def test_a_plural_of_its_own_is_used() -> None:
    assert [plural(number, "body", "bodies") for number in (1, 2)] == ["1 body", "2 bodies"]


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (f.LeftoverEdits(paths=["a"], count=1, since=""), "1 path changed outside"),
        (f.NudgeUnanswered(to="PeerA", attempts=1, since=""), "1 nudge unanswered"),
        (f.LedgerRepaired(bytes=1, kept="x"), "1 torn byte kept in x"),
    ],
)
def test_the_short_form_of_a_fact_counts_right(fact: f.Fact, words: str) -> None:
    assert line_of(fact).text.startswith(words)
