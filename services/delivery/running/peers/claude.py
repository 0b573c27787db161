"""Claude Code. Measured with 2.1.197 and 2.1.330.

Its hooks are given at each start with `--settings`, so the user's own files stay as they are. Of two such
options only the last counts, so one that the user's command has is taken into ours.
An Esc of a person has no hook: then the screen says that the turn is over.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from cccc.services.delivery.panes.screen import Appearance
from cccc.services.delivery.running.peers.kind import DIALOGS, INTERRUPT, Kind, Start

_HOOKS = {  # and for which tools
    "SessionStart": "",
    "UserPromptSubmit": "",
    "PreToolUse": "Bash|Write|Edit|MultiEdit|NotebookEdit",
    "PostToolUse": "Read|Bash",
    "PermissionRequest": "",
    "PreCompact": "",
    "PostCompact": "",
    "Stop": "",
    "StopFailure": "",
}
_APPEARANCE = Appearance(
    mark="\u276f",
    busy_near=INTERRUPT,
    busy_title=re.compile(r"^[\u25d0\u25d1\u2800-\u28ff] "),
    dialogs=DIALOGS,
    settles=1.0,
    twice=0.15,
)


def _hooks(start: Start) -> list[str]:
    hooks = {
        event: [{"matcher": tools, "hooks": [{"type": "command", "command": start.hook(event), "timeout": 10}]}]
        for event, tools in _HOOKS.items()
    }
    own = own_settings(start.command, start.root)
    if own is None:
        return []
    if not own:
        return ["--settings", json.dumps({"hooks": hooks})]
    theirs = own.get("hooks") or {}
    merged = {**theirs, **{event: [*theirs.get(event, []), *ours] for event, ours in hooks.items()}}
    return ["--settings", str(start.keep("settings.json", json.dumps({**own, "hooks": merged})))]


def own_settings(command: str, root: Path) -> dict[str, Any] | None:
    """Return what the `--settings` of a user's command say, {} without any, None when they cannot be read."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote
        return {}
    given = [after for word, after in zip(words, words[1:]) if word == "--settings"]
    given += [word.partition("=")[2] for word in words if word.startswith("--settings=")]
    if not given:
        return {}
    try:
        text = given[-1] if given[-1].lstrip().startswith("{") else (root / given[-1]).read_text(encoding="utf-8")
        own = json.loads(text)
    except (OSError, ValueError):
        return None
    return own if isinstance(own, dict) else None


CLAUDE = Kind(
    "claude",
    lambda _: _APPEARANCE,
    _hooks,
    lambda session: ["--resume", session],
    at_stop=True,
    compact="/compact",
    certified=("2.1.330",),
)
