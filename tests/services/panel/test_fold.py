"""The fold of the ledger, pure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.services.panel.fold import State, fold
from tests.services.panel.saying import (
    a_long_session,
    checked,
    delivered,
    handoff,
    landed,
    landing,
    nudge,
    numbered,
    queued,
    read,
    rejected,
    ts_of,
)


def folded(*facts: Fact) -> State:
    state = State()
    for fact in numbered(list(facts)):
        fold(state, fact)
    return state


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ([handoff(1)], "handed"),
        ([handoff(1), delivered(1)], "inbox"),
        ([handoff(1), delivered(1), nudge()], "nudged"),
        ([handoff(1), nudge()], "handed"),
        ([handoff(1), delivered(1), nudge(), read(1)], "read"),
        ([handoff(1), delivered(1), read(1), nudge()], "read"),
        ([handoff(1), delivered(1), read(1), handoff(2)], "handed"),
        ([handoff(1), handoff(2), delivered(1), delivered(2), read(1)], "inbox"),
    ],
)
def test_the_last_handoff_shows_how_far_it_came(facts: list[Fact], stage: str) -> None:
    last = folded(*facts).mail["PeerA"].last
    assert last is not None and last.stage == stage


def test_a_handoff_shows_the_time_of_its_stage_and_its_text_without_the_envelope() -> None:
    last = folded(handoff(1, text="<FROM_PeerB>\n[MID: m1]\nshall we?\n</FROM_PeerB>"), delivered(1)).mail["PeerA"].last
    assert last is not None and (last.ts, last.text) == (ts_of(2), "shall we?")


def test_handoffs_are_counted_by_direction() -> None:
    state = folded(handoff(1), handoff(2), handoff(1, to="PeerB", author="PeerA"))
    assert state.counts.handoffs == {"User": {"PeerA": 2}, "PeerA": {"PeerB": 1}}


@pytest.mark.parametrize(
    ("facts", "stage", "reason"),
    [
        ([queued("x")], "queued", ""),
        ([queued("x"), f.PatchHeld(author="PeerB", mid="x", reason="a rebase\nis on")], "held", "a rebase is on"),
        ([queued("x"), checked("x", "green")], "test", "green"),
        ([queued("x"), checked("x", "green"), landing("x")], "landing", "refs/heads/main"),
    ],
)
def test_an_open_patch_shows_its_stage(facts: list[Fact], stage: str, reason: str) -> None:
    patch = folded(*facts).patches["x"]
    assert (patch.stage, patch.reason) == (stage, reason)


def test_a_settled_patch_leaves_the_queue_and_is_counted() -> None:
    state = folded(queued("x"), checked("x", "red"), rejected("x"), queued("y"), checked("y", "green"), landed("y"))
    assert not state.patches
    assert [(patch.mid, patch.stage) for patch in state.settled] == [("y", "landed"), ("x", "refused")]
    assert (state.counts.landed, state.counts.refused, state.counts.tests) == (1, 1, {"red": 1, "green": 1})


def test_skipped_facts_stay_until_a_person_clears_them() -> None:
    skipped = f.FactSkipped(service="evidence", fact=7, error="KeyError: 'x'")
    assert [(skip.service, skip.fact) for skip in folded(skipped).skipped] == [("evidence", 7)]
    assert folded(skipped, f.SkipsCleared()).skipped == []


def test_what_peers_hand_in_is_counted() -> None:
    body = f.Body(sha="0" * 64, size=1, text="x")
    state = folded(f.ToUser(author="PeerA", mid="a", **body), f.Patch(author="PeerB", mid="b", **body))
    assert state.mailbox_counts["PeerA"] == {"to_user": 1, "to_peer": 0, "patch": 0}
    assert state.mailbox_counts["PeerB"] == {"to_user": 0, "to_peer": 0, "patch": 1}


def test_every_kind_has_a_short_form() -> None:
    for cls in f.KINDS.values():
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(cls):
            if field.required:
                values[field.name] = "PeerA" if field.name in ("author", "to", "peer") else _value_of(field.type)
        state = folded(cls(**values))
        assert state.facts[0].kind == f.tag(cls) and state.facts[0].who


def _value_of(type_: Any) -> object:
    return {str: "x\x1b[31m\ny", int: 3, float: 1.5, bool: True}.get(getattr(type_, "__origin__", type_), ["a"])


def test_text_of_a_peer_cannot_steer_the_terminal() -> None:
    state = folded(f.Notice(text="a\x1b[2J\x9b1mb\nc\u202ed"))
    assert state.notices[0].text == "a·[2J·1mb c·d" == state.facts[0].text


def test_the_state_does_not_grow_with_the_ledger() -> None:
    sizes = []
    for rounds in (20, 2000):
        state = folded(*a_long_session(rounds))
        assert state.seq == 10 * rounds
        sizes.append(len(msgspec.msgpack.encode(state)))
    assert sizes[1] < sizes[0] + 200  # the numbers have more digits


def test_the_state_survives_its_snapshot() -> None:
    state = folded(*a_long_session(5), queued("open"), handoff(9))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State) == state


def test_a_request_is_shown_until_it_is_answered() -> None:
    fields = {"author": "PeerA", "mid": "x1", "why": "large", "question": "q", "minutes": 9, "expires": "e"}
    asked = [f.Rfd(rfd_id=name, title=f"title {name}", required=1, **fields) for name in ("r1", "r2")]  # type: ignore[arg-type]
    needed = f.PatchNeedsDecision(
        author="PeerB", mid="x1", why="large", question="200 lines", paths=[], lines=200, base="b", policy="p", sha="s"
    )
    approved = f.RfdSettled(rfd_id="r1", outcome="approved", people=["me"], mid="x1")
    state = folded(queued("x1"), needed, *asked)
    assert [line.title for line in state.rfds.values()] == ["title r1", "title r2"]
    assert (state.patches["x1"].stage, state.patches["x1"].reason) == ("decision", "200 lines")
    state = folded(queued("x1"), needed, *asked, approved)
    assert list(state.rfds) == ["r2"] and state.patches["x1"].stage == "approved"


def test_a_pause_is_known_from_its_first_moment_until_the_resume() -> None:
    assert folded(f.Pause(who="someone"), f.Pause(who="someone")).paused == ts_of(1)
    assert folded(f.Pause(who="someone"), f.Resume(who="someone")).paused == ""


def test_the_filter_is_known_as_a_person_switched_it_last() -> None:
    on, off = f.FilterSwitched(on=True, who="someone"), f.FilterSwitched(on=False, who="someone")
    assert folded().filter_on is None
    assert folded(on, off).filter_on is False and folded(off, on).filter_on is True
