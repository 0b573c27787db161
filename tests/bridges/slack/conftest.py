"""Fixtures: a Slack bridge that is not started yet, and the workspace it talks to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from tests.bridges.conftest import Room
from tests.bridges.stand_ins.slack import APP_TOKEN, BOT_TOKEN, TEAM, Slack
from tests.conftest import Start

QUICK = {"debounce_seconds": 0, "peer_debounce_seconds": 0, "to_user_min_interval_s": 0}


@pytest.fixture
def slack() -> Iterator[Slack]:
    server = Slack()
    with closing(server):
        yield server


@pytest.fixture
def ledger(service: Start) -> subprocess.Popen[bytes]:
    """The ledger's process, for tests that stop it for a while."""
    return service("ledger")


@pytest.fixture
def room(
    slack: Slack,  # first: it ends last, when nothing knocks any more
    project: Project,
    service: Start,
    ledger: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Room:
    """A Slack bridge that is not started yet, with TEAM let in by its settings."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    room = Room(project, service, "slack")
    room.set(api_base_url=slack.url, allow_chats=[TEAM], **QUICK)
    return room
