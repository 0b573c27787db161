"""No fact makes a bridge call its platform again and again: three bridges, the real libraries, every kind of fact."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest

from cccc.common import bus, ledger, registry
from cccc.common import facts as f
from cccc.common.facts import Fact, tag
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.scripts.stand_ins import telegram as telegrams
from cccc.scripts.stand_ins.server import Server, closing
from cccc.scripts.stand_ins.telegram import Telegram
from cccc.services.bridges import memory
from tests.bridges.conftest import QUICK, Room, connected
from tests.bridges.stand_ins import discord as discords
from tests.bridges.stand_ins import slack as slacks
from tests.bridges.stand_ins.discord import Discord
from tests.bridges.stand_ins.slack import Slack
from tests.conftest import Start
from tests.waiting import until

QUIET = 5.0  # longer than any wait of a bridge for something that works
WATCHED = 20.0
EMPTY: dict[Any, Any] = {int: 1, float: 1.0, bool: True}
POLLS = {"getUpdates", "auth.test"}  # called for ever by design
BRIDGES = {service.name: service for service in registry.BRIDGES}
SAYS_ITSELF = {kind for kind in f.KINDS.values() if registry.BRIDGE in kind.SAID_BY}
HEARS = sorted(memory.HEARS, key=tag)


class Team:
    """One ledger, three bridges, and a person's line in each chat."""

    def __init__(self, rooms: dict[str, Room], servers: dict[str, Server], say: dict[str, Callable[[str], object]]):
        self.rooms = rooms
        self.servers = servers
        self.say = say
        self.project = rooms["slack"].project
        self._ids = itertools.count(1)

    def facts(self) -> list[Fact]:
        return list(ledger.read(self.project))

    def lines(self) -> list[f.UserMessage]:
        return [fact for fact in self.facts() if isinstance(fact, f.UserMessage)]

    def calls(self) -> Counter[tuple[str, str]]:
        """Return how often each method of each platform was called, polls aside."""
        made = ((via, method) for via, server in self.servers.items() for method, _ in list(server.calls))
        return Counter(call for call in made if call[1] not in POLLS)

    def grow_quiet(self, limit: float) -> Counter[tuple[str, str]]:
        """Wait until no platform is called for a while; return the calls until then. Fails when one never rests."""
        end, seen, since = time.monotonic() + limit, self.calls(), time.monotonic()
        while time.monotonic() - since < QUIET:
            assert time.monotonic() < end, f"called for ever: {self.calls()}"
            time.sleep(0.1)  # the pace at which calls are counted
            now = self.calls()
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def tell(self, kind: type[Fact], about: f.UserMessage) -> None:
        by = next(name for name, says in registry.SAYS.items() if tag(kind) in says and name not in BRIDGES)
        fact = self._example(kind, about)
        fact.id = f"test-{next(self._ids)}"
        bus.tell(self.project, by, [fact])

    def _example(self, kind: type[Fact], about: f.UserMessage) -> Fact:
        known: dict[str, Any] = {
            "mid": about.mid,
            "rfd_id": "rfd-example",
            "chat": about.chat,
            "via": about.via,
            "message": about.message,
            "to": "PeerB",
            "from": "PeerA",
            "sha": Blobs(self.project).put(b"example"),
            "path": "README.md",
            "options": ["approve"],
            "expires": about.ts,
            "mode": "handoff",
        }
        fields = {
            field.encode_name: known.get(field.encode_name, _empty(field.type))
            for field in msgspec.structs.fields(kind)
            if field.required
        }
        return bus.as_fact({"kind": tag(kind), **fields})


def _empty(type_: Any) -> Any:
    if type(None) in get_args(type_):
        return None
    return [] if get_origin(type_) is list else EMPTY.get(type_, "example")


@pytest.fixture
def team(project: Project, service: Start, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegrams.TOKEN)
    monkeypatch.setenv("SLACK_BOT_TOKEN", slacks.BOT_TOKEN)
    monkeypatch.setenv("SLACK_APP_TOKEN", slacks.APP_TOKEN)
    monkeypatch.setenv("DISCORD_BOT_TOKEN", discords.TOKEN)
    service("ledger")
    telegram, slack, discord = Telegram(), Slack(), Discord()
    with closing(telegram), closing(slack), closing(discord):
        rooms = {via: Room(project, service, via) for via in ("telegram", "slack", "discord")}
        quick = {name: value for name, value in QUICK.items() if name != "poll_seconds"}
        rooms["telegram"].set(api_base_url=telegram.url, allow_chats=[telegrams.GROUP], **QUICK)
        rooms["slack"].set(api_base_url=slack.url, allow_chats=[slacks.TEAM], **quick)
        rooms["discord"].set(
            api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[discords.CHANNEL], **quick
        )
        for room in rooms.values():
            room.start()
        for room in rooms.values():
            connected(room)
        servers: dict[str, Server] = {"telegram": telegram, "slack": slack, "discord": discord}
        yield Team(rooms, servers, {"telegram": telegram.say, "slack": slack.say, "discord": discord.say})


@pytest.mark.timeout(240)
def test_every_platform_is_left_alone_after_every_kind_of_fact_that_came_twice(team: Team) -> None:
    for say in team.say.values():
        say("both: hello")
    lines = until(lambda: len(team.lines()) == 3 and team.lines(), what="the lines are stored")
    assert lines
    for kind in HEARS:
        if kind not in SAYS_ITSELF or kind is f.Notice:
            for about in (*lines, *lines):
                team.tell(kind, about)
    team.grow_quiet(120)
    for room in team.rooms.values():
        room.kill()
        room.revive()
    for room in team.rooms.values():
        connected(room)
    after = team.grow_quiet(60)
    time.sleep(WATCHED)  # what is counted is the calls of this span
    assert team.calls() == after
    marked = [fact for fact in team.facts() if isinstance(fact, f.ChatMarked)]
    assert sorted((fact.via, fact.mark) for fact in marked) == sorted(
        (via, mark) for via in team.rooms for mark in ("stored", "accepted")
    )
