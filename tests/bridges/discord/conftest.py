"""A Discord bridge and the platform it talks to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from tests.bridges.conftest import Room
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import CHANNEL, TOKEN, Discord
from tests.conftest import Start


@pytest.fixture
def discord() -> Iterator[Discord]:
    server = Discord()
    with closing(server):
        yield server


@pytest.fixture
def room(project: Project, service: Start, discord: Discord, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A Discord bridge that is not started yet, with CHANNEL let in by its settings."""
    monkeypatch.setenv("DISCORD_BOT_TOKEN", TOKEN)
    service("ledger")
    room = Room(project, service, "discord")
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL], **QUICK)
    return room
