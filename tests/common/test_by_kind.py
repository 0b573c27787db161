"""Rules by the kind of fact."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.by_kind import ByKind


def test_a_fact_goes_to_the_rule_whose_annotation_names_its_kind() -> None:
    decide: ByKind[str] = ByKind("nothing")

    @decide.rule
    def _stopped(state: str, fact: f.Pause | f.Resume, more: int) -> str:
        return f"{state} {fact.kind} {more}"

    assert decide("a", f.Resume(who="me"), 7) == "a resume 7"
    assert decide("a", f.Notice(text="x"), 7) == "nothing"


def test_what_is_heard_follows_from_the_rules() -> None:
    fold: ByKind[None] = ByKind(None)

    @fold.rule
    def _stopped(state: None, fact: f.Pause | f.Resume) -> None: ...

    assert fold.kinds == {f.Pause, f.Resume}


def test_a_second_rule_for_a_kind_is_refused() -> None:
    fold: ByKind[None] = ByKind(None)

    @fold.rule
    def _one(state: None, fact: f.Pause) -> None: ...

    def _two(state: None, fact: f.Resume | f.Pause) -> None: ...

    with pytest.raises(TypeError, match=r"_two: f\.Pause"):
        fold.rule(_two)


def test_a_rule_for_what_is_no_kind_is_refused() -> None:
    def _any(state: None, fact: f.Fact) -> None: ...

    with pytest.raises(TypeError, match=r"f\.Fact"):
        ByKind(None).rule(_any)
