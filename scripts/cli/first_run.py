"""What a CLI will ask at its start in this project, read from its own files. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cccc.services.delivery import peers


def questions(command: str, chosen: str, root: Path, environment: Mapping[str, str]) -> list[str]:
    """Return what keeps the CLI of a command from a quiet start, one line each."""
    kind, home = peers.of(command, chosen), Path(environment.get("HOME", "/"))
    if kind is peers.CLAUDE:
        return _of_claude(home, root, "--dangerously-skip-permissions" in command)
    if kind is peers.CODEX:
        found = _of_codex(Path(environment.get("CODEX_HOME") or home / ".codex"), root)
        if not kind.hooks(peers.Start(root, root, environment)):
            found.append("other hooks are configured, so ours are left out: nudges stay unproved (docs/peers.md)")
        return found
    return []


def _of_claude(home: Path, root: Path, unattended: bool) -> list[str]:
    known = _json(home / ".claude.json")
    if not known.get("hasCompletedOnboarding"):
        return ["it was never set up: it will ask for a theme and a login"]
    found = []
    if not known.get("projects", {}).get(str(root), {}).get("hasTrustDialogAccepted"):
        found.append("it will ask whether this folder is trusted")
    if unattended and not _json(home / ".claude" / "settings.json").get("skipDangerousModePermissionPrompt"):
        found.append("it will warn of its bypass mode")
    return found


def _of_codex(home: Path, root: Path) -> list[str]:
    config = home / "config.toml"
    text = config.read_text(encoding="utf-8", errors="replace") if config.exists() else ""
    trusted = f'[projects."{root}"]' in text
    return [] if trusted else ["it will ask whether this folder is trusted"]


def _json(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
