"""The panel pane of a running system, used by a person at a terminal that is attached to the session."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.machine import tmux
from cccc.common.paths import Project
from cccc.common.shown import status
from tests.command import Terminal, running
from tests.conftest import make_project
from tests.services.panel.outside import Outside, attached, choose_panel
from tests.waiting import until

CARD = "intent: rfd\ntitle: {}\n"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One running system for all tests."""
    project = make_project(tmp_path_factory.mktemp("panel") / "repo")
    with running(project.root):
        yield project


@pytest.fixture
def person(up: Project, tmp_path: Path) -> Iterator[Outside]:
    with attached(up, tmp_path / "outside") as outside:
        outside.shows("a message (a: b: both:) or /help")
        choose_panel(up)
        yield outside


def ask(project: Project, title: str) -> str:
    """Let PeerA ask for a decision; return the request's id."""
    fresh = project.peer("PeerA") / ".fresh"
    fresh.write_text(CARD.format(title))
    fresh.replace(project.peer("PeerA") / "to_peer.md")
    return until(lambda: next((r.rfd_id for r in status.read(project).rfds if r.title == title), ""), 15, title)


def settled(project: Project, rfd_id: str) -> list[str]:
    facts = ledger.read(project)
    return [fact.outcome for fact in facts if isinstance(fact, f.RfdSettled) and fact.rfd_id == rfd_id]


def test_a_person_talks_and_is_answered(up: Project, person: Outside) -> None:
    person.press("b: is anybody there?", "Enter")
    person.shows("to PeerB: cli-")
    assert [fact.route for fact in ledger.read(up) if isinstance(fact, f.UserMessage)] == ["b"]


def test_a_request_rings_and_is_approved_by_two_keys(up: Project, person: Outside) -> None:
    person.call("select-window", "-t", ":1")
    rfd_id = ask(up, "Push the release?")
    until(lambda: person.call("display", "-p", "-t", ":0", "#{window_bell_flag}") == "1\n", 10, "the bell")
    person.shows(f"decide {rfd_id}: Push the release?")
    person.press("C-r")
    person.shows("a approve   r reject")
    person.press("a")
    person.shows(f"approve {rfd_id}? y to confirm")
    person.press("y")
    until(lambda: settled(up, rfd_id) == ["approved"], 15, "the decision")
    person.shows(f"{rfd_id}: approved by")


def test_keys_that_no_terminal_sent_decide_nothing(up: Project) -> None:
    rfd_id = ask(up, "Drop the table?")
    pane = tmux.panes(up)["panel"].id
    tmux.call(up, "send-keys", "-t", pane, f"/rfd approve {rfd_id}", "Enter")

    def refused() -> list[f.DecisionRefused]:
        return [fact for fact in ledger.read(up) if isinstance(fact, f.DecisionRefused) and fact.rfd_id == rfd_id]

    (no,) = until(refused, 15, "the refusal")
    assert no.who == "tmux" and "are not accepted" in no.reason
    assert settled(up, rfd_id) == []


def test_q_detaches_the_terminal_and_the_panel_stays(up: Project, person: Outside) -> None:
    before = tmux.panes(up)["panel"].pid
    person.press("q", "Enter")
    until(lambda: not tmux.call(up, "list-clients"), 10, "the end of the client")
    assert tmux.panes(up)["panel"].pid == before


def test_a_panel_that_is_killed_comes_again_and_others_go_on_beside_it(up: Project) -> None:
    with Terminal(up.root, "panel") as mine:
        mine.shows("PeerA")
        before = tmux.panes(up)["panel"].pid
        os.kill(before, signal.SIGKILL)
        until(lambda: not (p := tmux.panes(up)["panel"]).dead and p.pid != before, 15, "another panel")
        mine.types("/queue\r")
        mine.shows("the queue is empty")
        mine.types("\x11")  # Ctrl-Q
        assert mine.ends() == 0
