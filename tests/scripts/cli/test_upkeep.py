"""SYSTEM and lines typed as they are, on a whole running system with mock peers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import tmux
from cccc.common.paths import Project
from tests.command import cccc, running
from tests.conftest import make_project
from tests.waiting import until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = make_project(tmp_path_factory.mktemp("upkeep"))
    with running(project.root):
        yield project


def heard(project: Project, kind: type[f.Fact], count: int = 1) -> list[f.Fact]:
    """Return the facts of a kind, once there are `count`."""
    return until(
        lambda: found if len(found := [x for x in ledger.read(project) if isinstance(x, kind)]) >= count else [],
        20,
        f"{count} {kind.__name__}",
    )


def systems(project: Project) -> list[tuple[str, str]]:
    """Return receiver and text of each SYSTEM that was handed over."""
    found = [x for x in ledger.read(project) if isinstance(x, f.Handoff) and x.mid.startswith("system-")]
    return [(each.to, Blobs(project).get(each.sha).decode()) for each in found]


def test_a_session_gets_system_before_its_first_message_and_a_refresh_sends_it_again(up: Project) -> None:
    assert systems(up) == []
    mid = cccc(up.root, "send", "a: good morning").strip()
    until(lambda: any(x.mid == mid for x in heard(up, f.AckFile)), 20, "the message read")  # type: ignore[attr-defined]
    ((to, text), *_) = systems(up)
    assert to == "PeerA" and "You are PeerA of CCCC Pair." in text and "\nNow: " in text
    assert cccc(up.root, "refresh") == "resending the system prompt to PeerA and PeerB\n"
    asked = {fact.seq for fact in heard(up, f.Refresh, 2)}
    until(lambda: len([x for x in heard(up, f.Handoff) if x.cause in asked]) == 2, 20, "SYSTEM for both")


def test_a_line_is_typed_into_the_pane_and_what_became_of_it_is_printed(up: Project) -> None:
    assert cccc(up.root, "send", "b! what is  this? @README.md") == "PeerB: typed\n"
    pane = tmux.panes(up)["PeerB"].id
    assert "what is  this? @README.md" in tmux.call(up, "capture-pane", "-p", "-J", "-t", pane)
    assert not any(isinstance(x, f.UserMessage) and "what is" in x.text for x in ledger.read(up))


def test_a_line_that_has_to_wait_is_said_to_wait(up: Project) -> None:
    pane = tmux.panes(up)["PeerB"].id
    tmux.call(up, "send-keys", "-t", pane, "-l", "my own draft")
    assert "queued until the pane is safe" in cccc(up.root, "send", "b! /clear")
    tmux.call(up, "send-keys", "-t", pane, *["BSpace"] * len("my own draft"))
    assert [x.outcome for x in heard(up, f.RawTyped, 2)] == ["typed", "typed"]  # type: ignore[attr-defined]


def test_a_line_that_is_none_is_refused(up: Project) -> None:
    assert "one line" in cccc(up.root, "send", "-", input="a! two\nlines", code=1)
