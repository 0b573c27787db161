"""What a fact becomes in a chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.facts import Fact
from cccc.common.shown.short import one_line
from cccc.services.bridges import posts

WRITTEN = Path(__file__).parents[1] / "common" / "kinds.jsonl"  # each kind, full and at its least
EVENTS = (f.Notice, f.FileRefused, f.RfdQuestion, f.PatchCommit, f.PatchReject, f.PatchPrecheckFail, f.SettingsApplied)


@pytest.mark.parametrize("kind", EVENTS)
def test_a_chat_words_an_event_as_its_kind_does(kind: type[Fact]) -> None:
    facts = [fact for raw in WRITTEN.read_bytes().splitlines() if isinstance(fact := ledger.decode(raw), kind)]
    assert facts
    for fact in facts:
        assert one_line(fact.line()) in one_line(posts.words(fact))
