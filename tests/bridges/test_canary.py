"""Planted secrets: what was given to the bridges, and what people and peers wrote, is looked for in every output."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
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

LIMIT = 30.0
IN_SETTINGS = (slacks.BOT_TOKEN, slacks.APP_TOKEN)
IN_ENVIRONMENT = {"TELEGRAM_BOT_TOKEN": telegrams.TOKEN, "DISCORD_BOT_TOKEN": discords.TOKEN}
TOKENS = (*IN_SETTINGS, *IN_ENVIRONMENT.values())
BY_A_PERSON = "sk-canary-of-a-person-0123456789"
BY_A_PEER = "ghp_0123456789canaryofapeer"
WRITTEN = (BY_A_PERSON, BY_A_PEER)
PEER = f"""
rules:
  - from: User
    match: use
    steps:
      - write: {{file: to_user, text: "the key is {BY_A_PEER}"}}
      - write:
          file: patch
          text: |
            --- /dev/null
            +++ b/src/call.py
            @@ -0,0 +1 @@
            +x = 1
  - {{match: ., steps: [{{say: read}}]}}
"""
HOOK = """#!/bin/sh
env >>"{}"
"""


class Session:
    """A project that was used: a line of a chat became a commit, and each platform was away for a moment."""

    def __init__(self, project: Project, servers: tuple[Telegram, Slack, Discord]) -> None:
        self.project = project
        self.telegram, self.slack, self.discord = servers
        self.of_hooks = project.root.parent / "hook.env"
        self.of_checks = project.check_logs

    def settle(self) -> None:
        """Write the settings: two tokens stand in them, the two others are in the environment."""
        (self.project.settings / "policies.yaml").write_text("{}")  # src/ may change
        quick = {name: 0 for name, value in QUICK.items() if value == 0}
        of_each: dict[str, dict[str, Any]] = {
            "telegram": {"api_base_url": self.telegram.url, "allow_chats": [telegrams.GROUP], "poll_seconds": 1},
            "slack": {
                "api_base_url": self.slack.url,
                "allow_chats": [slacks.TEAM],
                "bot_token": slacks.BOT_TOKEN,
                "app_token": slacks.APP_TOKEN,
            },
            "discord": {
                "api_base_url": self.discord.url,
                "gateway_url": self.discord.gateway,
                "allow_chats": [discords.CHANNEL],
            },
        }
        for name, settings in of_each.items():
            text = json.dumps({"autostart": True, **quick, **settings})
            (self.project.settings / f"{name}.yaml").write_text(text)

    def environment(self) -> dict[str, str]:
        scenario = self.project.root.parent / "peer.yaml"
        scenario.write_text(PEER)
        found = {**IN_ENVIRONMENT, "TEST_CMD": "env && echo 3 passed in 0.1s", "LINT_CMD": ""}
        for variable, role in (("CLAUDE_I_CMD", "peerA"), ("CODEX_I_CMD", "peerB")):
            found[variable] = shlex.join([str(CCCC), "mock-agent", "--role", role, "--scenario", str(scenario)])
        return found

    def hook(self) -> None:
        """Have git write down the environment of its hooks."""
        for name in ("pre-commit", "post-commit", "reference-transaction"):
            path = self.project.root / ".git" / "hooks" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(HOOK.format(self.of_hooks))
            path.chmod(0o755)

    def use(self) -> None:
        until(lambda: all(map(self._connected, PLATFORMS)), LIMIT, "three connections")
        for server in (self.telegram, self.slack, self.discord):
            server.kill()
        until(lambda: not any(map(self._connected, PLATFORMS)), LIMIT, "the outages are noticed")
        for server in (self.telegram, self.slack, self.discord):
            server.start()
        until(lambda: all(map(self._connected, PLATFORMS)), LIMIT, "three connections again")
        self.telegram.say(f"a: use {BY_A_PERSON}")
        until(lambda: any(isinstance(fact, f.PatchCommit) for fact in ledger.read(self.project)), LIMIT, "a commit")
        until(lambda: all("the key is" in text for text in self.in_chats().values()), LIMIT, "the answer in each chat")

    def in_chats(self) -> dict[str, str]:
        return {
            "telegram": json.dumps(self.telegram.posts),
            "slack": json.dumps(self.slack.posts()),
            "discord": json.dumps(self.discord.posts()),
        }

    def _connected(self, via: str) -> bool:
        return bridges.report_path(self.project, via).exists() and bridges.report(self.project, via).connected


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    project = make_project(tmp_path_factory.mktemp("canary") / "repo")
    with contextlib.ExitStack() as stack:
        servers = Telegram(), Slack(), Discord()
        for server in servers:
            stack.enter_context(closing(server))
        session = Session(project, servers)
        cccc(project.root, "init")
        session.settle()
        session.hook()
        try:
            cccc(project.root, "up", code=0, input="", **session.environment())
            session.use()
            yield session
        finally:
            cccc(project.root, "down")
            assert processes_in(project.root) == []


def planted(content: bytes, canaries: tuple[str, ...]) -> list[str]:
    return [canary for canary in canaries if canary.encode() in content]


def of_processes(session: Session, name: str) -> dict[str, bytes]:
    """Return a file of /proc for each process of the project, by its number and command line."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            where = (folder / "cwd").readlink()
            if session.project.root in (where, *where.parents):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[f"{folder.name} {command}"] = (folder / name).read_bytes()
    return found


def test_the_tokens_lie_in_the_settings_alone_and_what_was_written_in_bodies_and_mailboxes_alone(
    session: Session,
) -> None:
    home = session.project.home
    found = {
        str(path.relative_to(home)): planted(path.read_bytes(), (*TOKENS, *WRITTEN))
        for path in home.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    for named in ("state/ledger.jsonl", "state/status.json", "state/outbox.jsonl", "state/rfd.json"):
        assert named in found
    assert {"logs/bridge-telegram.log", "logs/bridge-slack.log", "logs/bridge-discord.log"} <= set(found)
    where = {path: canaries for path, canaries in found.items() if canaries}
    assert where.pop("settings/slack.yaml") == list(IN_SETTINGS)
    bodies = {path for path in where if path.startswith(("state/blobs/", "mailbox/"))}
    assert bodies and not {canary for path in bodies for canary in where[path]} & set(TOKENS)
    assert {path: where[path] for path in where if path not in bodies} == {}


def test_no_command_line_of_a_process_shows_one(session: Session) -> None:
    found = of_processes(session, "cmdline")
    assert any("bridges.telegram" in process for process in found)
    assert not {process for process, content in found.items() if planted(content, (*TOKENS, *WRITTEN))}


def test_panes_and_what_runs_in_them_have_no_token_in_their_environment(session: Session) -> None:
    ours = ("cccc.services.", "supervisor.supervisord")
    found = {
        process: content
        for process, content in of_processes(session, "environ").items()
        if not any(module in process for module in ours)
    }
    assert sum("mock-agent" in process for process in found) >= 2
    assert not {process for process, content in found.items() if planted(content, TOKENS)}


def test_hooks_of_git_and_checks_of_the_gate_have_no_token_in_their_environment(session: Session) -> None:
    of_checks = b"".join(path.read_bytes() for path in session.of_checks.rglob("*") if path.is_file())
    for output in (session.of_hooks.read_bytes(), of_checks):
        assert b"PATH=" in output and planted(output, TOKENS) == []
    assert planted(git(session.project.root, "log", "-p", "--format=raw").encode(), (*TOKENS, *WRITTEN)) == []


def test_no_chat_shows_one(session: Session) -> None:
    shown = session.in_chats()
    assert not {via for via, text in shown.items() if planted(text.encode(), (*TOKENS, *WRITTEN))}


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "ps",
        "doctor --json",
        "token show",
        "token show slack",
        "bridge status",
        "bridge logs -n 1000",
        "logs bridge-telegram",
        "trace tg-1000",
    ],
)
def test_no_command_prints_one(session: Session, command: str) -> None:
    code = None if command == "doctor --json" else 0  # what it finds depends on the machine
    said = cccc(session.project.root, *command.split(), code=code, input="", **IN_ENVIRONMENT)
    assert said.strip() and planted(said.encode(), (*TOKENS, *WRITTEN)) == []


def test_the_page_of_the_ledger_shows_none(session: Session, tmp_path: Path) -> None:
    page = tmp_path / "ledger.html"
    cccc(session.project.root, "ledger", "export", str(page))
    assert b"the key is [REDACTED]" in page.read_bytes() and planted(page.read_bytes(), (*TOKENS, *WRITTEN)) == []
