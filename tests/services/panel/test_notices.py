"""Which facts call a person, and how a terminal that is attached shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.facts import Fact
from cccc.common.machine import leftovers, tmux
from cccc.common.paths import Project
from cccc.common.shown import status
from tests.conftest import Start
from tests.services.panel.outside import Outside, attached
from tests.waiting import until


def a_request(title: str = "Push it?") -> f.Rfd:
    return f.Rfd(
        id=title,
        rfd_id="rfd-1",
        author="PeerA",
        mid="m1",
        why="request",
        title=title,
        question=title,
        minutes=9,
        expires="e",
        required=1,
    )


CALLS = [
    (a_request(), "decide rfd-1: Push it?"),
    (f.PeerExited(peer="PeerA", status="exit 1", lived_s=0.1, again_s=4.0), "PeerA keeps exiting (exit 1)"),
    (f.NudgeUnanswered(to="PeerB", attempts=8, since="s"), "PeerB has left 8 nudges unanswered"),
    (
        f.IntakePaused(free_mb=90, limit_mb=100),
        "free some space: the disk has 90 MB, the peers' files are not picked up until then",
    ),
    (f.PeerLimit(peer="PeerA", text="x", resets="5pm"), "PeerA has reached its usage limit, resets 5pm"),
    (f.PeerLogin(peer="PeerA", text="x"), "PeerA needs to log in again"),
    (f.PeerBlocked(peer="PeerA", reason="a dialog", since="s"), "PeerA cannot be nudged: a dialog"),
    (
        f.PatchWaiting(author="PeerB", mid="m2", reason="a rebase is on", since="s"),
        "patch m2 is held: a rebase is on",
    ),
    (f.FactSkipped(service="evidence", fact=7, error="KeyError"), "evidence skipped fact 7"),
]
QUIET = [
    f.PeerExited(peer="PeerA", status="exit 0", lived_s=900.0, again_s=1.0),
    f.Notice(text="your line: typed"),
    f.RfdSettled(rfd_id="rfd-1", outcome="approved", people=["me"], mid="m1"),
    f.TurnEnd(peer="PeerA", outcome="done"),
]


@pytest.mark.parametrize(("fact", "words"), CALLS, ids=lambda value: getattr(value, "kind", ""))
def test_what_needs_a_person_calls_one(fact: Fact, words: str) -> None:
    assert fact.call() == words


@pytest.mark.parametrize("fact", QUIET, ids=lambda fact: fact.kind)
def test_what_goes_on_by_itself_is_quiet(fact: Fact) -> None:
    assert fact.call() == ""


@pytest.fixture
def outside(project: Project, tmp_path: Path) -> Iterator[Outside]:
    tmux.build(project, os.environ)
    with attached(project, tmp_path / "outside") as outside:
        yield outside
    leftovers.end(project, [])


def rung(project: Project) -> int:
    try:
        return status.read(project).bell
    except NotRunning:
        return 0


def test_an_attached_terminal_shows_the_call_and_nothing_in_it_is_run(
    project: Project, service: Start, outside: Outside
) -> None:
    service("ledger")
    service("panel")
    bus.tell(project, "orchestrator", [a_request("Push #(touch pwned) 100%d?")])
    until(lambda: "repo: decide rfd-1: Push #(touch pwned) 100%d?" in outside.screen(), 10, "the line in tmux")
    until(lambda: rung(project) == 1, 5, "the bell in the status")
    assert not (project.root / "pwned").exists()


def test_notices_can_be_switched_off(project: Project, service: Start, outside: Outside) -> None:
    (project.settings / "policies.yaml").write_text("notices: false\n")
    service("ledger")
    service("panel")
    bus.tell(project, "orchestrator", [a_request()])
    until(lambda: [rfd.rfd_id for rfd in status.read(project).rfds] == ["rfd-1"], 10, "the request in the status")
    assert rung(project) == 0 and "decide rfd-1" not in outside.screen()
