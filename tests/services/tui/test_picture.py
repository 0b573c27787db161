"""The picture, pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cccc.common import facts as f
from cccc.common.registry import SERVICES
from cccc.common.shown.status import Bridge, RfdLine, Status, Verified
from cccc.services.panel.fold import State, fold
from cccc.services.panel.snapshot import Live, Moment, Setting, status
from cccc.services.tui import picture
from tests.services.panel.saying import a_long_session, handoff, numbered, queued, ts_of

NOW = datetime(2025, 1, 1, 2, 13, tzinfo=timezone.utc)


def a_status(*, trouble: bool = False) -> Status:
    state, live, now = State(), Live(Moment(0, ts_of(0))), Moment(5, ts_of(3600))
    for fact in numbered([*a_long_session(9), queued("x"), handoff(10, text="界" * 150)]):
        fold(state, fact)
    for service in SERVICES:
        live.hear_beat(f.Beat(by=service.name, pid=7, version="0.3.0", ready=True, seq=1), now, ts_of(0))
    for peer in ("PeerA", "PeerB"):
        pane = f.PaneState(peer=peer, state="dead" if trouble else "busy", reason="exit 1" if trouble else "")
        live.hear_pane(pane, now)
    return status(state, live, Setting("demo", "peerA", ts_of(0), 1_234_567, 1), now)


def drawn(shown: Status, width: int, height: int, note: str = "") -> list[str]:
    return [line.plain for line in picture.picture(shown, width, height, NOW, note)]


@pytest.mark.parametrize("trouble", [False, True])
@pytest.mark.parametrize("size", [(60, 15), (99, 14), (200, 50), (80, 24), (20, 3), (1, 1)])
def test_the_picture_fits_the_pane(size: tuple[int, int], trouble: bool) -> None:
    lines = picture.picture(a_status(trouble=trouble), *size, NOW)
    assert len(lines) <= size[1]
    assert size[0] < 8 or all(line.cell_len <= size[0] for line in lines)


@pytest.mark.parametrize("trouble", [False, True])
def test_the_smallest_pane_shows_every_section(trouble: bool) -> None:
    text = "\n".join(drawn(a_status(trouble=trouble), 60, 15))
    for word in ("demo", "PeerA", "PeerB", "patches", "handoffs", "services", "notices", "facts"):
        assert f"\n{word} " in text or text.startswith(word)
    assert ("2 troubles" in text and "PeerA is dead: exit 1" in text) if trouble else "OK" in text


def test_a_large_pane_shows_every_line() -> None:
    shown = a_status()
    lines = drawn(shown, 200, 50)
    assert sum("up 2h13m" in line for line in lines) == 1 + len(shown.services)
    assert sum(fact.kind in line for fact in shown.facts for line in lines) >= len(shown.facts)
    assert "" in lines  # sections stand apart when there is room


def test_a_bridge_shows_whether_it_is_connected_what_proves_it_and_what_went_wrong() -> None:
    shown = a_status()
    shown.bridges = {
        "telegram": Bridge(True, ts_of(0), "poll answered", "", 2, 1),
        "slack": Bridge(False, ts_of(0), "", "Slack cannot be reached", 0, 0),
    }
    lines = [" ".join(line.split()) for line in drawn(shown, 200, 50)]
    assert "bridges telegram connected 2h13m poll answered 2 chats 1 post waiting" in lines
    assert "slack not connected 2h13m 0 chats Slack cannot be reached" in lines


def test_moments_in_texts_are_shown_as_the_clock_on_the_wall() -> None:
    shown = a_status()
    shown.leftovers = f"1 path since {ts_of(3600)}: README.md"
    assert any("1 path since 01:00: README.md" in line for line in drawn(shown, 60, 15))


def test_a_filter_that_a_person_switched_off_is_shown() -> None:
    shown = a_status()
    assert not any("filter off" in line for line in drawn(shown, 200, 50))
    shown.filter_on = False
    assert any("filter off" in line for line in drawn(shown, 200, 50))


def test_the_ledger_shows_its_last_verification() -> None:
    shown = a_status()
    assert any("in 1 file, not verified: `cccc ledger verify`" in line for line in drawn(shown, 200, 50))
    shown.ledger.verified = Verified(90, ts_of(0), 0)
    assert any("verified up to 90, 2h13m ago" in line for line in drawn(shown, 200, 50))
    shown.ledger.verified = Verified(90, ts_of(0), 2)
    assert any("2 problems found: `cccc ledger verify`" in line for line in drawn(shown, 200, 50))


def test_what_waits_for_a_decision_is_said_in_the_headline() -> None:
    shown = a_status()
    shown.rfds = [RfdLine("rfd-1", "large", "Land it?", ts_of(0), ts_of(0))]
    assert drawn(shown, 60, 15)[0].startswith("demo  1 to decide: Ctrl-R  up 2h13m")


def test_a_reconnecting_panel_says_so_in_the_headline() -> None:
    assert drawn(a_status(), 60, 15, "reconnecting")[0].startswith("demo  reconnecting  up 2h13m")


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=-5), "<1m"),
        (timedelta(seconds=59), "<1m"),
        (timedelta(minutes=5), "5m"),
        (timedelta(hours=2, minutes=5), "2h05m"),
        (timedelta(days=21, hours=4), "21d04h"),
    ],
)
def test_an_age_has_two_units_at_most(past: timedelta, words: str) -> None:
    assert picture.age((NOW - past).isoformat(), NOW) == words


def test_a_moment_long_ago_is_a_day() -> None:
    assert picture.clock("2025-01-01T02:00:01.000000Z", NOW, seconds=True) == "02:00:01"
    assert picture.clock("2024-12-30T02:00:01.000000Z", NOW) == "12-30"


@pytest.mark.parametrize(("count", "words"), [(999, "999 B"), (1_234_567, "1.2 MB"), (5e9, "5.0 GB")])
def test_a_size_is_for_a_person(count: float, words: str) -> None:
    assert picture.size(count) == words
