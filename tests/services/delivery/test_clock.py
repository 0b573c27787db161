"""What a clock that is set ahead must not end early."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.common.paths import Project
from cccc.common.settings import Settings
from cccc.services.delivery.memory import Memory, fold
from cccc.services.delivery.nudging.nudger import Nudger
from cccc.services.delivery.panes import hands
from cccc.services.delivery.panes.typed_line import TypedLine
from cccc.services.delivery.wishes.passthrough import Passthrough


class Service:
    """What a part of delivery asks of its service; keeps what is said."""

    def __init__(self, root: Path) -> None:
        self.settings, self.project = Settings(), Project(root / ".cccc")
        self.said: list[f.Fact] = []

    def say(self, *facts: f.Fact, **_: object) -> None:
        self.said += facts


@pytest.fixture
def service(tmp_path: Path) -> Any:
    return Service(tmp_path)


def hear(memory: Memory, fact: f.Fact) -> None:
    fact.seq, fact.ts = 1, time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    fold(memory, fact)


def set_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: now)


def test_a_nudge_that_was_just_typed_is_not_lost(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    nudger = Nudger(service, memory, {}, SimpleNamespace())  # type: ignore[arg-type]
    hear(memory, f.NudgeTyping(to="PeerA", token="abc123", pane="%0"))
    hear(memory, f.Nudge(to="PeerA", token="abc123", attempt=1, waiting=1))
    assert nudger._proof_in("PeerA") > 4
    set_ahead(monkeypatch)
    assert 0 < nudger._proof_in("PeerA") <= 5


def test_a_line_that_is_to_be_typed_is_not_given_up(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, at = Memory(), SimpleNamespace(typing=None, look_at=0.0)
    at.offer_empty = lambda now: hands.Outcome(hands.HELD, "a dialog is open")
    typist = Passthrough(service, memory, {}, lambda peer: SimpleNamespace())  # type: ignore[arg-type,return-value]
    service.wake_in = lambda seconds: None
    hear(memory, f.RawInput(peer="PeerA", who="someone", sha="0", size=1, text="x"))
    for _ in range(2):
        typist._type("PeerA", at, memory.peers["PeerA"].wishes[0], TypedLine("x"))  # type: ignore[arg-type]
        set_ahead(monkeypatch)
    assert service.said == []
