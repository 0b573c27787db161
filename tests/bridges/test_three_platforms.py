"""One project in three teams' chats at once: a line becomes a commit, and a file reaches everybody.

One system under supervisord with its three bridges serves all tests here; each of them leaves it connected.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges
from cccc.common.facts import Fact
from cccc.common.paths import Project
from cccc.scripts.stand_ins import telegram as telegrams
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import Telegram
from tests.bridges.conftest import QUICK
from tests.bridges.stand_ins import discord as discords
from tests.bridges.stand_ins import slack as slacks
from tests.bridges.stand_ins.discord import Discord
from tests.bridges.stand_ins.slack import Slack
from tests.command import CCCC, cccc, processes_in
from tests.conftest import git, make_project
from tests.waiting import until

F = TypeVar("F", bound=Fact)
LIMIT = 30.0
PATH = "src/api/public/call.py"
PEER_A = """
rules:
  - from: User
    match: ^Add
    steps:
      - write:
          file: to_peer
          text: |
            CLAIM: PeerB writes the public call.

            ```insight
            to: peerB
            kind: ask
            msg: the smallest call that can work
            ```
  - {match: ., steps: [{say: read}]}
"""
PEER_B = f"""
rules:
  - from: PeerA
    match: ^CLAIM
    steps:
      - write:
          file: patch
          text: |
            --- /dev/null
            +++ b/{PATH}
            @@ -0,0 +1 @@
            +x = 1
  - {{match: ., steps: [{{say: read}}]}}
"""
POLICIES = {"rfd": {"approvers": {"alice": {"telegram": "42", "slack": slacks.ALICE, "discord": "42"}}}}


class World:
    """A project that is up, and the three platforms to which it is connected, with Alice on each of them."""

    def __init__(self, project: Project, telegram: Telegram, slack: Slack, discord: Discord) -> None:
        self.project = project
        self.telegram = telegram
        self.slack = slack
        self.discord = discord

    def settle(self) -> None:
        """Write the settings."""
        of_each: dict[str, dict[str, Any]] = {
            "telegram": {
                "token": telegrams.TOKEN,
                "api_base_url": self.telegram.url,
                "allow_chats": [telegrams.GROUP],
                "poll_seconds": QUICK["poll_seconds"],
            },
            "slack": {
                "bot_token": slacks.BOT_TOKEN,
                "app_token": slacks.APP_TOKEN,
                "api_base_url": self.slack.url,
                "allow_chats": [slacks.TEAM],
            },
            "discord": {
                "bot_token": discords.TOKEN,
                "api_base_url": self.discord.url,
                "gateway_url": self.discord.gateway,
                "allow_chats": [discords.CHANNEL],
            },
        }
        quick = {name: 0 for name, value in QUICK.items() if value == 0}
        for name, settings in of_each.items():
            self._write(name, {"autostart": True, **quick, **settings})
        self._write("policies", POLICIES)

    def _write(self, name: str, settings: dict[str, Any]) -> None:
        (self.project.settings / f"{name}.yaml").touch(mode=0o600)
        (self.project.settings / f"{name}.yaml").write_text(json.dumps(settings))

    def commands(self) -> dict[str, str]:
        """Return the variables that say what the peers and the gate start."""
        found = {"TEST_CMD": "echo 3 passed in 0.1s", "LINT_CMD": ""}
        for variable, role, scenario in (("CLAUDE_I_CMD", "peerA", PEER_A), ("CODEX_I_CMD", "peerB", PEER_B)):
            path = self.project.home / f"{role}.yaml"
            path.write_text(scenario)
            found[variable] = shlex.join([str(CCCC), "mock-agent", "--role", role, "--scenario", str(path)])
        return found

    def connected(self, via: str) -> bool:
        return bridges.report_path(self.project, via).exists() and bridges.report(self.project, via).connected

    def facts(self, kind: type[F]) -> list[F]:
        return [fact for fact in ledger.read(self.project) if isinstance(fact, kind)]

    def in_chats(self) -> dict[str, list[str]]:
        """Return the texts of what stands in each team's chat."""
        return {
            "telegram": self.telegram.in_chat(),
            "slack": self.slack.in_chat(),
            "discord": self.discord.in_chat(),
        }

    def everywhere(self, words: str) -> bool:
        return all(any(words in text for text in texts) for texts in self.in_chats().values())

    def cards(self) -> dict[str, dict[str, Any]]:
        """Return the post that still has buttons, of each platform where one does."""
        found = {
            "telegram": [post for post in list(self.telegram.posts) if post.get("reply_markup")],
            "slack": [post for post in self.slack.posts() if post.get("blocks")],
            "discord": [post for post in self.discord.posts() if post["components"]],
        }
        assert all(len(posts) <= 1 for posts in found.values()), found
        return {via: posts[0] for via, posts in found.items() if posts}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    project = make_project(tmp_path_factory.mktemp("three") / "repo")
    with contextlib.ExitStack() as stack:
        telegram, slack, discord = Telegram(), Slack(), Discord()
        for server in (telegram, slack, discord):
            stack.enter_context(closing(server))
        world = World(project, telegram, slack, discord)
        cccc(project.root, "init")
        world.settle()
        try:
            cccc(project.root, "up", code=0, input="", **world.commands())
            until(lambda: all(map(world.connected, ("telegram", "slack", "discord"))), LIMIT, "three connections")
            until(lambda: len(world.facts(f.ChatSubscribed)) == 3, LIMIT)
            yield world
        finally:
            cccc(project.root, "down")
            assert processes_in(project.root) == []


def test_a_line_in_one_chat_becomes_a_commit_that_one_press_allows_and_every_platform_shows_it(world: World) -> None:
    world.telegram.kill()
    until(lambda: not world.connected("telegram"), LIMIT, "the outage is noticed")
    line = world.slack.say("both: Add the public call, please.")
    until(lambda: world.slack.reactions.get((slacks.TEAM, line)) == ["eyes", "ok_hand"], LIMIT, "both marks")
    world.telegram.say("b: keep it small")  # waits in Telegram, as the card waits in the bridge
    until(lambda: set(world.cards()) == {"slack", "discord"}, LIMIT, f"two cards: {world.in_chats()}")
    world.telegram.start()
    until(lambda: len(world.cards()) == 3, LIMIT, "the third card")
    until(lambda: len(world.facts(f.UserMessage)) == 2, LIMIT, "what Telegram kept")
    assert [(said.via, said.route) for said in world.facts(f.UserMessage)] == [("slack", "both"), ("telegram", "b")]
    assert {said.to for said in world.facts(f.Handoff) if said.mid == world.facts(f.UserMessage)[0].mid} == {
        "PeerA",
        "PeerB",
    }
    claims = [text for texts in world.in_chats().values() for text in texts if text.startswith("[PeerA→PeerB]\nCLAIM")]
    assert len(claims) == 3, world.in_chats()
    assert world.everywhere(PATH) and git(world.project.root, "log", "--oneline").count("\n") == 1

    before = copy.deepcopy(world.cards())
    pressed = world.discord.press(before["discord"], "Approve")
    until(lambda: git(world.project.root, "log", "--oneline").count("\n") == 2, LIMIT, "the commit")
    until(lambda: not world.cards(), LIMIT, "no buttons")
    (rfd,) = world.facts(f.Rfd)
    settled = re.compile(
        rf"{rfd.rfd_id}[\s\S]*approved by alice, used for commit \w{{10}}, \d{{4}}-\d\d-\d\d \d\d:\d\d UTC"
    )
    until(lambda: all(any(map(settled.search, texts)) for texts in world.in_chats().values()), LIMIT, "who and when")
    until(lambda: world.everywhere("[Gate] landed"), LIMIT)
    assert world.discord.private == [(pressed, f"{rfd.rfd_id}: approved by alice")]

    world.slack.press(before["slack"], "Reject")
    world.telegram.press(before["telegram"], "Approve")
    late = f"{rfd.rfd_id}: refused: it is used already, for commit "
    until(lambda: [shown["text"].startswith(late) for shown in world.slack.whispers] == [True], LIMIT)
    until(lambda: [shown["text"].startswith(late) for shown in world.telegram.answers] == [True], LIMIT)
    assert len(world.facts(f.RfdSettled)) == 2 and not world.cards()


def test_a_file_for_the_team_goes_to_every_platform_and_stays_until_the_last_one_has_it(world: World) -> None:
    outbound = world.project.work / "upload" / "outbound"
    outbound.mkdir(parents=True, exist_ok=True)
    world.slack.kill()
    until(lambda: not world.connected("slack"), LIMIT, "the outage is noticed")
    (outbound / "plan.txt.caption.txt").write_text("a: the plan")
    (outbound / "plan.txt").write_text("one call\n")
    until(lambda: {"telegram", "discord"} == with_file(world), LIMIT, "two platforms have it")
    assert [path.read_text() for path in waiting(outbound)] == ["one call\n"] and not world.facts(f.FileSent)
    world.slack.start()
    (sent,) = until(lambda: world.facts(f.FileSent), LIMIT, "the third has it")
    assert sorted(chat.partition(" ")[0] for chat in sent.chats) == ["discord", "slack", "telegram"]
    assert with_file(world) == {"telegram", "slack", "discord"}
    assert waiting(outbound) == [] and (outbound / "plan.txt.sent.json").exists()
    until(lambda: world.connected("slack"), LIMIT)


def with_file(world: World) -> set[str]:
    """Return the platforms where the file is, whole and with its caption; no platform has it twice."""
    telegram = [(post["text"], post["document"]) for post in list(world.telegram.posts) if "document" in post]
    slack = [
        (post["text"], world.slack.files[file["id"]]["content"])
        for post in world.slack.posts()
        for file in post.get("files", ())
    ]
    discord = [
        (post["content"], world.discord.files[file["id"]])
        for post in world.discord.posts()
        for file in post["attachments"]
    ]
    found = {"telegram": telegram, "slack": slack, "discord": discord}
    assert all(posts in ([], [("[PeerA] the plan", b"one call\n")]) for posts in found.values()), found
    return {via for via, posts in found.items() if posts}


def waiting(outbound: Path) -> list[Path]:
    return [path for path in outbound.rglob("plan.txt") if path.is_file()]
