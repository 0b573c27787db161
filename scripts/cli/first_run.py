"""What a CLI will ask at its start in this project, read from its own files, and the change that answers it before."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple

from cccc.scripts.cli import own_files
from cccc.services.delivery.running import peers

_UNATTENDED = "--dangerously-skip-permissions"
_TRUSTED = 'trust_level = "trusted"'
_LOGIN = re.compile(r"^\s*(model_provider|cli_auth_credentials_store)\s*=", re.M)


class Change(NamedTuple):
    """A new text for one of the CLI's own files."""

    file: Path
    old: str
    new: str


class Question(NamedTuple):
    """What keeps a CLI from a quiet start; without a change, a person has to answer it in the CLI."""

    text: str
    change: Change | None = None
    mend: str = ""  # without a change, and not in the CLI


def questions(command: str, chosen: str, root: Path, environment: Mapping[str, str]) -> list[Question]:
    """Return what the CLI of a command will ask when it is started in `root`."""
    kind, home = peers.of(command, chosen), Path(environment.get("HOME", "/"))
    if kind is peers.CLAUDE:
        return _of_claude(home, root, command, environment)
    if kind is peers.CODEX:
        found = _of_codex(Path(environment.get("CODEX_HOME") or home / ".codex"), root, environment)
        if not kind.hooks(peers.Start(root, root, environment)):
            text = "other hooks are configured, so ours are not added: nudges are not confirmed"
            found.append(Question(text, mend="see docs/peers.md"))
        return found
    return []


def _of_claude(home: Path, root: Path, command: str, environment: Mapping[str, str]) -> list[Question]:
    known, unattended = _json(home / ".claude.json"), _UNATTENDED in command
    if not known.get("hasCompletedOnboarding"):
        return [Question("it was never set up: it will ask for theme and login")]
    found = []
    if peers.own_settings(command, root) is None:
        text = "the --settings of its command cannot be read, so our hooks are not added: nudges are not confirmed"
        found.append(Question(text, mend="correct the JSON or its path"))
    key, answers = environment.get("ANTHROPIC_API_KEY", ""), known.get("customApiKeyResponses") or {}
    if key and key[-20:] not in answers.get("approved", []):
        found.append(Question("it will ask whether to use ANTHROPIC_API_KEY"))
    if not (known.get("projects") or {}).get(str(root), {}).get("hasTrustDialogAccepted"):
        change = _in_json(home / ".claude.json", "projects", str(root), "hasTrustDialogAccepted")
        found.append(Question("it will ask whether to trust this folder", change))
    settings = home / ".claude" / "settings.json"
    if unattended and not _json(settings).get("skipDangerousModePermissionPrompt"):
        change = _in_json(settings, "skipDangerousModePermissionPrompt")
        found.append(Question("it will show its bypass mode warning", change))
    sandbox = environment.get("IS_SANDBOX") or "IS_SANDBOX=" in command
    if unattended and os.geteuid() == 0 and not sandbox:
        mend = "run cccc as another user, or in a sandbox with IS_SANDBOX=1"
        found.append(Question(f"it exits at once: root may not use {_UNATTENDED}", mend=mend))
    return found


def _of_codex(home: Path, root: Path, environment: Mapping[str, str]) -> list[Question]:
    config = home / "config.toml"
    text = _text(config)
    found = []
    if not (home / "auth.json").exists() and not _LOGIN.search(text) and not environment.get("OPENAI_API_KEY"):
        found.append(Question("it will ask for a login"))
    name = re.escape(str(root))
    if not re.search(rf"""^[ \t]*\[projects\.["']{name}["']\]""", text, re.M):
        change = _change(config, lambda old: own_files.add_to_toml(old, ("projects", str(root)), _TRUSTED))
        found.append(Question("it will ask whether to trust this folder", change))
    return found


def _in_json(file: Path, *keys: str) -> Change | None:
    return _change(file, lambda old: own_files.put_in_json(old, keys, True))


def _change(file: Path, edit: Callable[[str], str]) -> Change | None:
    """Return the change of a file, None where only a person can tell what is to be changed."""
    try:
        old = own_files.text_of(file)
        return Change(file, old, edit(old))
    except ValueError:
        return None


def _json(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(_text(file) or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def _text(file: Path) -> str:
    try:
        return own_files.text_of(file)
    except (OSError, ValueError):  # no file of this CLI: it will say so itself
        return ""
