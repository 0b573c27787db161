"""Which command each peer's CLI is started with, and whether its program is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cccc.common.paths import PEERS, Project, folder
from cccc.common.settings import Settings

VARIABLES = {"PeerA": "CLAUDE_I_CMD", "PeerB": "CODEX_I_CMD"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Command:
    """One peer's command and where it comes from."""

    peer: str
    text: str
    source: str  # CLAUDE_I_CMD, commands.peerA, ...
    program: str  # its first word
    found: bool


def commands(settings: Settings, environment: Mapping[str, str]) -> list[Command]:
    """Return the command in force for each peer, in an environment."""
    result = []
    for peer in PEERS:
        variable, key = VARIABLES[peer], f"commands.{folder(peer)}"
        text = environment.get(variable, "").strip()
        source = variable if text else key
        text = text or str(getattr(settings.cli_profiles.commands, folder(peer))).strip()
        program = _program(text)
        there = bool(program) and shutil.which(program, path=environment.get("PATH")) is not None
        result.append(Command(peer, text, source, program, there))
    return result


def version(program: str) -> str:
    """Return the version that a CLI says it has, "" when it says none."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+\.\d+\S*", said)
    return found[0] if found else ""


def mock(project: Project) -> dict[str, str]:
    """Return the variables that start the mock peers in place of the CLIs."""
    start = [sys.executable, "-I", "-m", "cccc.scripts.mock_agent", "--home", str(project.home), "--role"]
    return {VARIABLES[peer]: shlex.join([*start, folder(peer)]) for peer in PEERS}


def is_mock(project: Project, command: Command) -> bool:
    """Return whether a command starts the mock peer."""
    return command.text == mock(project)[VARIABLES[command.peer]]


def _program(command: str) -> str:
    """Return the first word of a shell command that is no assignment."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote
        return command
    return next((word for word in words if not _ASSIGNMENT.match(word)), "")
