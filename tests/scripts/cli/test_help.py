"""The command line itself: help, unknown words, start-up cost."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from cccc.common import subcommands
from cccc.scripts.cli import cli
from tests.command import cccc

EVERY = subcommands.every()
PATCH = ["show", "retry", "drop", "revert"]
RFD = ["list", "show", "approve", "reject", "choose", "ask", "revoke", "check"]
PROMPTS = ["install", "show"]
LEDGER = ["tail", "show", "verify", "archive"]


def test_without_a_subcommand_the_help_names_every_command(tmp_path: Path) -> None:
    said = cccc(tmp_path)
    assert said == cccc(tmp_path, "--help")
    for name, each in EVERY.items():
        assert f"  {name} " in said and each.summary in said


@pytest.mark.parametrize(
    "words",
    [
        *([name] for name in EVERY),
        *(["ledger", name] for name in LEDGER),
        *(["patch", name] for name in PATCH),
        *(["prompts", name] for name in PROMPTS),
        *(["rfd", name] for name in RFD),
    ],
)
def test_the_help_of_a_command_says_what_it_does_with_an_example_and_its_exit_codes(words: list[str]) -> None:
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    if words[1:]:
        assert isinstance(command, click.Group)
        command = command.commands[words[1]]
    said = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert "Example" in said and f"cccc {words[0]}" in said
    assert "Exit codes: " in said
    if not words[1:]:
        assert said.split("\n\n")[1].strip() == EVERY[words[0]].summary


WRONG = "stats, send --loud hello, logs, logs panel -n many, ledger, patch, rfd, mock-agent, mock-agent --role peerC"


@pytest.mark.parametrize("words", WRONG.split(", "))
def test_wrong_usage_is_one_line_that_names_the_help_and_exit_2(tmp_path: Path, words: str) -> None:
    said = cccc(tmp_path, *words.split(), code=2)
    assert said.startswith("cccc: ") and said.count("\n") == 1
    assert "--help" in said


NEED_A_PROJECT = (
    "up, down, stop a, restart panel, ctl status, attach, send hello, status, queue, patch show x, rfd list, "
    "rfd show x, rfd approve x, trace x, ps, logs panel, locks, clean, "
    "ledger tail, ledger show, ledger verify, ledger archive, mock-agent --role peerA"
)


@pytest.mark.parametrize("words", ["token set telegram", "token set", "--"])
def test_a_secret_among_the_words_is_not_shown_in_the_error(tmp_path: Path, words: str) -> None:
    secret = "123456789:AAF" + "x" * 32
    said = cccc(tmp_path, *words.split(), secret, code=2)
    assert "[REDACTED]" in said and "xxx" not in said


@pytest.mark.parametrize("words", NEED_A_PROJECT.split(", "))
def test_outside_of_a_project_every_command_says_so_in_one_line_and_exits_5(tmp_path: Path, words: str) -> None:
    said = cccc(tmp_path, *words.split(), code=5)
    assert said == f"cccc: no .cccc in {tmp_path} or above; run `cccc init` in your repository\n"


def test_version_prints_the_installed_version(tmp_path: Path) -> None:
    assert cccc(tmp_path, "version").startswith(f"cccc-supervised {version('cccc-supervised')}\n")


@pytest.mark.parametrize("words", [["version"], ["--help"], ["send", "--help"]])
def test_a_command_imports_nothing_of_the_others(tmp_path: Path, words: list[str]) -> None:
    code = f"import sys; from cccc.scripts.cli import main; sys.argv = ['cccc', *{words}]; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    others = {name.replace("-", "_") for name in EVERY if name != words[0]}
    assert not loaded & {f"cccc.scripts.cli.{name}" for name in others}
    assert not loaded & {"rich.console", "libtmux", "asyncio", "supervisor"}
    if words[0] != "send":
        assert not loaded & {"zmq", "msgspec", "yaml", "rich", "sqlite3"}
