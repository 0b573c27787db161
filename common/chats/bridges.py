"""What has to be there before a bridge can run: its platform's library, its tokens, and a person's start."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from cccc.common.errors import LedgerBusy, NotRunning, UserError
from cccc.common.machine import durable, git
from cccc.common.machine.installed import NAME
from cccc.common.machine.process import hold
from cccc.common.paths import IGNORE, Project
from cccc.common.registry import PLATFORMS
from cccc.common.settings import Settings


class Needs(NamedTuple):
    """Of one platform."""

    module: str
    packages: tuple[str, ...]
    tokens: tuple[str, ...]  # settings keys without which nothing works
    optional: tuple[str, ...] = ()  # those without which it only sends


NEEDS = {
    "telegram": Needs("telegram", ("python-telegram-bot",), ("token",)),
    "slack": Needs("slack_sdk", ("slack_sdk", "aiohttp"), ("bot_token",), ("app_token",)),
    "discord": Needs("discord", ("discord.py",), ("bot_token",)),
}


def tokens(settings: Settings, platform: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the tokens that are there, by their keys: the settings' own, else those of the named variables."""
    section, needs = getattr(settings, platform), NEEDS[platform]
    found = {}
    for key in (*needs.tokens, *needs.optional):
        value = (getattr(section, key) or environment.get(getattr(section, f"{key}_env"), "")).strip()
        if value:
            found[key] = value
    return found


def missing(settings: Settings, platform: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what keeps a bridge from running, with the command that mends it, or ""."""
    needs = NEEDS[platform]
    if importlib.util.find_spec(needs.module) is None:
        return f"{platform}: {needs.packages[0]} is not installed; {install_command(platform)}"
    there = tokens(settings, platform, environment)
    lacking = [key for key in needs.tokens if key not in there]
    if lacking:
        variable = getattr(getattr(settings, platform), f"{lacking[0]}_env")
        return f"{platform}: no {lacking[0]}; `cccc token set {platform}`, or set {variable}"
    return ""


def exposed(project: Project, settings: Settings, platform: str) -> str:
    """Return who else can read the tokens in a platform's settings, with what mends it, or ""."""
    section, needs = getattr(settings, platform), NEEDS[platform]
    if not any(getattr(section, key) for key in (*needs.tokens, *needs.optional)):
        return ""
    file = project.settings / f"{platform}.yaml"
    if file.stat().st_mode & 0o077:
        return f"{platform}: other users can read the token in {file}; `chmod 600 {file}`"
    return in_git(project, platform)


def in_git(project: Project, platform: str) -> str:
    """Return that git would take a platform's settings, with what mends it, or ""."""
    file = project.settings / f"{platform}.yaml"
    if git.run(project.root, "check-ignore", "-q", str(file), check=False).returncode != 1:
        return ""  # it is ignored, or there is no repository
    return f"{platform}: git does not ignore {file}; `git rm --cached` it if it is tracked, and ignore {IGNORE}"


def install_command(platform: str) -> str:
    """Return the command that adds a platform's library to where cccc is installed."""
    if "pipx" in Path(sys.prefix).parts:
        return f"`pipx inject {NAME} {' '.join(NEEDS[platform].packages)}`"
    return f"`{sys.executable} -m pip install '{NAME}[{platform}]'`"


def hold_token(token: str) -> BinaryIO:
    """Keep a token for this process until the file is closed. Raises UserError when another bridge here has it."""
    folder = Path(tempfile.gettempdir()) / f"cccc-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"token-{hashlib.sha256(token.encode()).hexdigest()[:16]}.lock"
    try:
        return hold(path)
    except LedgerBusy:
        holder = path.read_text(encoding="utf-8") or "?"
        raise UserError(f"process {holder} already uses this token; stop it, or use another bot here") from None


def wanted(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the platforms that `cccc up` starts: those with `autostart` that can run."""
    return [
        platform
        for platform in PLATFORMS
        if getattr(settings, platform).autostart and not missing(settings, platform, environment)
    ]


def mark_start(project: Project, platforms: Iterable[str]) -> None:
    """Note that a person starts these bridges: what `outbound.reset_on_start` says is done once for it."""
    project.make_run()
    for platform in platforms:
        durable.write(start_mark(project, platform), str(time.time_ns()).encode())


def start_mark(project: Project, platform: str) -> Path:
    return project.run / f"bridge-{platform}.start"


class Report(msgspec.Struct):
    """`state/bridge-<platform>.json`: what a bridge says of itself, for people and tools. Times are Unix seconds."""

    pid: int
    connected: bool = False
    since: float = 0.0  # of being connected, or of not being so
    proof: str = ""  # what shows that it can receive: poll answered, hello, heartbeat answered
    proved: float = 0.0  # when
    error: str = ""  # the last one
    chats: int = 0
    waiting: int = 0  # posts in the queues


def report_path(project: Project, platform: str) -> Path:
    return project.state / f"bridge-{platform}.json"


def report(project: Project, platform: str) -> Report:
    """Return what a bridge last said of itself. Raises NotRunning when it never ran."""
    try:
        return msgspec.json.decode(report_path(project, platform).read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise NotRunning(f"the {platform} bridge has not run yet; `cccc bridge {platform} start`") from None
