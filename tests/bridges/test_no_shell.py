"""What a chat, a peer or the name of a folder says is text: no shell, no tmux and no git takes it for a command."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges
from cccc.common.machine import leftovers
from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import GROUP, TOKEN, Telegram
from tests.bridges.conftest import QUICK
from tests.command import CCCC, cccc, processes_in
from tests.conftest import git, make_project
from tests.waiting import until

HOSTILE = "$(touch ran-1) `touch ran-2`; touch ran-3 | touch ran-4 && touch ran-5 #(touch ran-6) #{pid} C-c Enter '\";"
RAN = re.compile("ran-.")
INSIGHT = "\n```insight\nto: peerB\nkind: note\nmsg: it is only text\n```\n"
PATH = "src/$(touch ran-7)`touch ran-8`;#(touch ran-9).py"
PEER = f"""
rules:
  - from: User
    match: touch
    steps:
      - say: {json.dumps(HOSTILE)}
      - write: {{file: to_user, text: {json.dumps(f"I read: {HOSTILE}")}}}
      - write: {{file: to_peer, text: {json.dumps(HOSTILE + INSIGHT)}}}
      - write:
          file: patch
          text: |
            --- /dev/null
            +++ b/{PATH}
            @@ -0,0 +1 @@
            +x = 1
  - {{match: ., steps: [{{say: read}}]}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no-shell")


@pytest.fixture(scope="module")
def telegram() -> Iterator[Telegram]:
    server = Telegram()
    with closing(server):
        yield server


@pytest.fixture(scope="module")
def used(place: Path, telegram: Telegram) -> Iterator[Project]:
    """A project in which a chat said all that, and one peer said it to the other, to the user and in a patch."""
    project = make_project(place / "a #(touch ran-a) $(touch ran-b) `touch ran-c`;")
    cccc(project.root, "init")
    (project.settings / "policies.yaml").write_text("{}")  # src/ may change
    settings = {"autostart": True, "api_base_url": telegram.url, "allow_chats": [GROUP], **QUICK}
    (project.settings / "telegram.yaml").write_text(json.dumps(settings))
    (place / "peer.yaml").write_text(PEER)
    peer = [str(CCCC), "mock-agent", "--scenario", str(place / "peer.yaml"), "--role"]
    commands = {
        "CLAUDE_I_CMD": shlex.join([*peer, "peerA"]),
        "CODEX_I_CMD": shlex.join([*peer, "peerB"]),
        "LINT_CMD": "true",
        "TEST_CMD": "echo 3 passed in 0.1s",
    }
    try:
        cccc(project.root, "up", code=0, TELEGRAM_BOT_TOKEN=TOKEN, **commands)
        until(lambda: bridges.report_path(project, "telegram").exists(), 30)
        until(lambda: bridges.report(project, "telegram").connected, 30)
        telegram.say(f"a: {HOSTILE}")
        until(lambda: heard(project, f.PatchCommit), 60, "the patch lands")
        until(lambda: "I read: " in json.dumps(telegram.posts), 30, "the answer in the chat")
        until(
            lambda: any(getattr(fact, "author", "") == "PeerA" for fact in heard(project, f.Handoff)),
            30,
            "the other peer is told",
        )
        yield project
    finally:
        cccc(project.root, "down")
        assert processes_in(project.root) == []


def heard(project: Project, kind: type[f.Fact]) -> list[f.Fact]:
    return [fact for fact in ledger.read(project) if isinstance(fact, kind)]


def test_it_all_arrives_as_it_was_written(used: Project) -> None:
    letters = [path.read_text() for path in used.mailbox.rglob("0*.txt")]
    assert sum(HOSTILE in letter for letter in letters) == 2
    (landed,) = heard(used, f.PatchCommit)
    assert isinstance(landed, f.PatchCommit) and landed.paths == [PATH]
    assert git(used.root, "show", f"HEAD:{PATH}") == "x = 1\n"


def test_nothing_of_it_ran(used: Project, place: Path) -> None:
    names = [name for _, folders, files in os.walk(place) for name in (*folders, *files)]
    names += [path.name for folder in (Path.home(), Path.cwd()) for path in folder.iterdir()]
    assert not [name for name in names if RAN.fullmatch(name)]


def test_nothing_of_it_stands_on_a_command_line(used: Project) -> None:
    assert not [command for _, command in leftovers._commands() if "ran-1" in command]
