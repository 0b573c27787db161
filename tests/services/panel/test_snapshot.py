"""The status made of facts and signals, pure."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.registry import SERVICES
from cccc.common.shown.status import Status
from cccc.services.panel.fold import State, fold
from cccc.services.panel.snapshot import Live, Moment, Setting, status
from tests.services.panel.saying import delivered, handoff, numbered, ts_of

SETTING = Setting("demo", "peerA", ts_of(0), 1000, 1)


def at(second: float) -> Moment:
    return Moment(second, ts_of(int(second)))


def beat(live: Live, name: str, second: float, *, ready: bool = True, trouble: str = "", pid: int = 7) -> None:
    live.hear_beat(f.Beat(by=name, pid=pid, version="0.3.0", ready=ready, seq=1, trouble=trouble), at(second), ts_of(0))


def all_beat(live: Live, second: float, but: str = "") -> None:
    for service in SERVICES:
        if service.name != but:
            beat(live, service.name, second)


def seen(live: Live, second: float, state: State | None = None) -> Status:
    return status(state or State(), live, SETTING, at(second))


def pane(live: Live, second: float, state: str, **fields: object) -> None:
    live.hear_pane(f.PaneState(by="delivery", peer="PeerA", state=state, **fields), at(second))  # type: ignore[arg-type]


def test_a_service_that_was_not_heard_yet_is_starting() -> None:
    shown = seen(Live(at(0)), 5)
    assert {service.state for service in shown.services.values()} == {"starting"} and shown.troubles == []


def test_a_service_that_beats_is_ready_and_nothing_changes_with_the_next_beat() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    first = seen(live, 1)
    all_beat(live, 3)
    assert first == seen(live, 4) and {service.state for service in first.services.values()} == {"ready"}


def test_a_service_that_stops_beating_is_silent_after_ten_seconds() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    for second in range(3, 14, 2):
        all_beat(live, second, but="evidence")
    shown = seen(live, 13)
    assert (shown.services["evidence"].state, shown.services["evidence"].silent_since) == ("silent", ts_of(1))
    assert shown.troubles == ["evidence is not responding; see `cccc logs evidence`"]


def test_a_silent_service_that_runs_as_another_process_was_started_again() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    for second in range(3, 14, 2):
        all_beat(live, second, but="evidence")
    pid = live.voices["evidence"].beat.pid  # type: ignore[union-attr]
    assert live.is_another("evidence", pid + 1, at(13))
    assert not live.is_another("evidence", pid, at(13))
    assert not live.is_another("ledger", pid + 1, at(13))
    assert not live.is_another("bridge-slack", pid + 1, at(13))


def test_a_service_that_does_not_stay_up_is_failing_with_its_reason_and_a_bridge_too() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    failing = {"evidence": "SettingsError: broken YAML", "bridge-telegram": "NotFound: no token"}
    shown = status(State(), live, SETTING._replace(failing=failing), at(2))
    assert (shown.services["evidence"].state, shown.services["bridge-telegram"].state) == ("failing", "failing")
    assert shown.troubles == ["evidence: SettingsError: broken YAML", "bridge-telegram: NotFound: no token"]


def test_a_bridge_that_was_stopped_is_not_shown_and_is_no_trouble() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    beat(live, "bridge-slack", 1, trouble="Slack cannot be reached")
    assert seen(live, 2).troubles == ["bridge-slack: Slack cannot be reached"]
    for second in range(3, 14, 2):
        all_beat(live, second)
    shown = seen(live, 13)
    assert "bridge-slack" not in shown.services and shown.troubles == []


def test_a_silent_ledger_does_not_make_the_others_silent() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    assert seen(live, 20).troubles == ["ledger is not responding; see `cccc logs ledger`"]
    beat(live, "ledger", 21)
    assert seen(live, 21).troubles == []
    for second in range(23, 34, 2):
        beat(live, "ledger", second)
    assert "delivery is not responding; see `cccc logs delivery`" in seen(live, 33).troubles


def test_what_a_service_cannot_do_is_a_trouble() -> None:
    live = Live(at(0))
    beat(live, "evidence", 1, trouble="no git identity\nset user.name")
    assert seen(live, 1).troubles == ["evidence: no git identity set user.name"]


def test_a_state_of_a_pane_keeps_its_first_moment() -> None:
    live = Live(at(0))
    pane(live, 1, "idle")
    pane(live, 2, "busy", inbox=1)
    pane(live, 3, "busy", inbox=2, nudge="due")
    peer = seen(live, 4).peers["PeerA"]
    assert (peer.state, peer.since, peer.inbox, peer.nudge) == ("busy", ts_of(2), 2, "due")


def test_the_inbox_is_counted_from_facts_until_delivery_tells() -> None:
    state, live = State(), Live(at(0))
    for fact in numbered([handoff(1), delivered(1), handoff(2), delivered(2)]):
        fold(state, fact)
    assert (seen(live, 1, state).peers["PeerA"].state, seen(live, 1, state).peers["PeerA"].inbox) == ("unknown", 2)
    pane(live, 1, "idle", inbox=1)
    assert (seen(live, 1, state).peers["PeerA"].state, seen(live, 1, state).peers["PeerA"].inbox) == ("idle", 1)


def test_a_pane_is_unknown_while_delivery_is_silent() -> None:
    live = Live(at(0))
    all_beat(live, 1)
    pane(live, 1, "idle")
    for second in range(3, 14, 2):
        all_beat(live, second, but="delivery")
    peer = seen(live, 13).peers["PeerA"]
    assert (peer.state, peer.reason) == ("unknown", "delivery is not responding")


def test_a_dead_peer_and_a_skipped_fact_are_troubles() -> None:
    state, live = State(), Live(at(0))
    for fact in numbered([f.FactSkipped(service="evidence", fact=7, error="KeyError: 'x'")]):
        fold(state, fact)
    pane(live, 1, "dead", reason="exit 1, again in 5 s")
    assert seen(live, 1, state).troubles == [
        "PeerA is dead: exit 1, again in 5 s",
        "evidence skipped fact 7 (seen? `cccc status --clear`): KeyError: 'x'",
    ]
