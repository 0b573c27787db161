"""What `cccc run` asks before it starts: the chats, their tokens, and a missing PROJECT.md."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from cccc.common import settings
from cccc.common.chats import bridges, pairing
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.common.settings import editing
from cccc.scripts.cli import platforms

_LOCAL = "1"


def choose_chats(project: Project) -> list[str]:
    """Ask which chats to connect, and for the tokens that are missing; return those that can be. Raises SettingsError.

    Enter keeps what the settings say: the bridges with `autostart` that have a token.
    """
    found = settings.load(project)
    numbers = {str(number): platform for number, platform in enumerate(PLATFORMS, 2)}
    usual = [number for number, platform in numbers.items() if platform in bridges.wanted(found)] or [_LOCAL]
    click.echo("Connect a chat?")
    click.echo("  1  local only")
    for number, platform in numbers.items():
        click.echo(f"  {number}  local + {platform.capitalize()}{_known(found, platform)}")
    while True:
        typed = click.prompt("1-4, several as in `2 3`", default=" ".join(usual)).replace(",", " ").split()
        if set(typed) <= {_LOCAL, *numbers}:
            break
        click.echo("choose from 1, 2, 3 and 4")
    return [platform for number, platform in numbers.items() if number in typed and _ready(project, platform)]


def let_the_peers_write(brief: Path) -> bool:
    """Ask what to do when there is no PROJECT.md; return whether the peers are to write it."""
    if brief.exists():
        return False
    click.echo(f"No PROJECT.md in {brief.parent} (the brief that both peers work from).")
    click.echo("  1  I'll write it now (Enter checks again)\n  2  the peers write it with me\n  3  continue without it")
    while not brief.exists():
        typed = click.prompt("1-3", default="1")
        if typed in ("2", "3"):
            return bool(typed == "2")
        if not brief.exists():
            click.echo(f"{brief} does not exist yet")
    return False


def let_somebody_in(project: Project, platform: str) -> None:
    """Show the code that lets a first chat in, when the bridge knows none."""
    section = getattr(settings.load(project), platform)
    listed = (*section.allow_chats, *getattr(getattr(section, "channels", None), "to_user", ()))
    if listed or section.autoregister == "open" or _chats(project, platform):
        return
    code = pairing.new(project, time.time())
    click.echo(f"{platform}: no chat is subscribed yet; within {pairing.GOOD_FOR / 60:.0f} minutes, send there:")
    # Slack's own clients take every line that begins with a slash.
    click.echo(f"  @your-bot subscribe {code}" if platform == "slack" else f"  /subscribe {code}")
    click.prompt("Enter to continue; `cccc bridge pair` for a new code", default="", show_default=False)


def _chats(project: Project, platform: str) -> int:
    try:
        return bridges.report(project, platform).chats
    except NotRunning:
        return 0


def _known(found: settings.Settings, platform: str) -> str:
    there = bridges.tokens(found, platform)
    shown = ", ".join(f"{key} {platforms.masked(token)}" for key, token in there.items())
    return f" ({shown})" if shown else ""


def _ready(project: Project, platform: str) -> bool:
    """Ask for the platform's tokens; return whether its bridge can run."""
    needs = bridges.NEEDS[platform]
    for key in (*needs.tokens, *needs.optional):
        _ask_for(project, platform, key, key in needs.tokens)
    lacking = bridges.missing(settings.load(project), platform)
    if lacking:
        click.secho(f"{lacking}; continuing without {platform}", fg="yellow")
    return not lacking


def _ask_for(project: Project, platform: str, key: str, needed: bool) -> None:
    """Ask for one token until the platform knows it; nothing typed keeps what is there."""
    found = settings.load(project)
    kept = bridges.tokens(found, platform).get(key, "")
    without = f"keeps {platforms.masked(kept)}" if kept else "continues without" + ("" if needed else ": it only sends")
    form, example = platforms.FORMS[platform, key]
    click.echo(f"{platform} {key}: {example}; input is hidden")
    while True:
        token = click.prompt(f"{key} (Enter {without})", default="", hide_input=True, show_default=False).strip()
        if not token:
            return
        if not re.fullmatch(form, token):
            click.secho(f"not a {platform} {key}: {example}", fg="red")
            continue
        answer = platforms.ask(found, platform, key, token)
        if answer.verdict == platforms.REFUSED:
            click.secho(f"{platform} rejects it: {answer.words}", fg="red")
            continue
        file = project.settings / f"{platform}.yaml"
        editing.put(file, key, token)
        known = answer.words if answer.verdict == platforms.GOOD else f"not checked: {answer.words}"
        click.echo(f"saved in {file.relative_to(project.root)} ({known})")
        return
