"""`cccc token`: set, unset, show."""

from __future__ import annotations

import os
import re
import sys

import click

from cccc.common import settings
from cccc.common.chats import bridges
from cccc.common.errors import UserError
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.common.settings import editing
from cccc.scripts.cli import platforms
from cccc.scripts.cli.printing import table

SECTION = "Chats", 1
_PLATFORM = click.argument("platform", type=click.Choice(PLATFORMS), default="telegram")


@click.group(no_args_is_help=False)
def command() -> None:
    """Manage chat tokens.

    Tokens are stored in .cccc/settings/PLATFORM.yaml, which git ignores and only you can read. A file without a token
    names the environment variable to use (token_env). PLATFORM is telegram (default), slack or discord.

    \b
    Examples:
      cccc token set
      cccc token set slack
      cccc token show

    Exit codes: 0 done, 1 token rejected by the platform, 2 wrong usage, 5 no project here.
    """


@command.command(name="set")
@_PLATFORM
def set_(platform: str) -> None:
    """Store a platform's token.

    Prompts for it, or reads it from stdin, one line per token; never as an argument, which other users of the machine
    could see. Slack has two: xoxb- for the bot, and xapp- for Socket Mode, without which the bridge only sends. The
    token is checked with the platform if it can be reached.

    \b
    Examples:
      cccc token set
      cccc token set slack < tokens.txt

    Exit codes: 0 stored, 1 rejected by the platform, 2 wrong usage or form, 5 no project here.
    """
    project = Project.find()
    loaded = settings.load(project)
    if in_git := bridges.in_git(project, platform):
        raise UserError(f"{in_git}; nothing was changed")
    given = _asked_for(platform) if sys.stdin.isatty() else _read(platform)
    if not given:
        raise click.UsageError("no token was given; nothing was changed")
    for key, token in given.items():
        form, example = platforms.FORMS[platform, key]
        if not re.fullmatch(form, token):
            raise click.UsageError(f"not a {platform} {key}: {example}; nothing was changed")
        answer = platforms.ask(loaded, platform, key, token)
        if answer.verdict == platforms.REFUSED:
            raise UserError(f"{platform} rejects this {key}: {answer.words}; nothing was changed")
        known = answer.words if answer.verdict == platforms.GOOD else f"not checked, {answer.words}"
        editing.put(project.settings / f"{platform}.yaml", key, token)
        click.echo(f"{platform} {key} {platforms.masked(token)} ({known}) stored")
    click.echo(f"`cccc bridge {platform} start` connects it, as does `cccc up` with autostart: true")


@command.command()
@_PLATFORM
def unset(platform: str) -> None:
    """Remove a platform's tokens from its settings.

    \b
    Example:
      cccc token unset slack

    Exit codes: 0 removed, or there was none, 2 wrong usage, 5 no project here.
    """
    file = Project.find().settings / f"{platform}.yaml"
    removed = [key for key in _keys(platform) if editing.drop(file, key)]
    click.echo(f"removed {' and '.join(removed)} from {file.name}" if removed else f"no token in {file.name}")


@command.command()
@click.argument("platform", type=click.Choice(PLATFORMS), required=False)
def show(platform: str | None) -> None:
    """List the stored tokens, masked.

    \b
    Example:
      cccc token show

    Exit codes: 0 done, 2 wrong usage, 5 no project here.
    """
    loaded = settings.load(Project.find())
    rows = []
    for name in [platform] if platform else PLATFORMS:
        section, there = getattr(loaded, name), bridges.tokens(loaded, name, os.environ)
        for key in _keys(name):
            source = f"{name}.yaml" if getattr(section, key) else getattr(section, f"{key}_env")
            rows.append((name, key, platforms.masked(there[key]) if key in there else "none", source))
    table(("platform", "key", "token", "from"), rows)


def _keys(platform: str) -> tuple[str, ...]:
    needs = bridges.NEEDS[platform]
    return (*needs.tokens, *needs.optional)


def _asked_for(platform: str) -> dict[str, str]:
    given = {}
    for key in _keys(platform):
        example = platforms.FORMS[platform, key][1]
        token = click.prompt(
            f"{platform} {key} ({example}; Enter to skip)", default="", hide_input=True, show_default=False
        )
        if token.strip():
            given[key] = token.strip()
    return given


def _read(platform: str) -> dict[str, str]:
    """Return the tokens of the standard input, by the keys whose form they have, else in the order of the keys."""
    lines = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
    given: dict[str, str] = {}
    for line, fallback in zip(lines, _keys(platform)):
        fits = (key for key in _keys(platform) if re.fullmatch(platforms.FORMS[platform, key][0], line))
        given[next(fits, fallback)] = line
    return given
