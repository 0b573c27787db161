"""Codex. Measured with 0.169.0.

Its hooks are given at each start with `-c`. Codex asks before it runs hooks that nobody has
reviewed; `--dangerously-bypass-hook-trust` takes that question away, but for all hooks. So where
others are configured than ours, ours are left out, and its nudges stay unproved.
A turn that failed has no hook: then the screen says that it is over, and the session's record why.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from cccc.services.delivery.panes.screen import Appearance
from cccc.services.delivery.running.peers.kind import DIALOGS, INTERRUPT, Ending, Kind, Start

_HOOKS = {  # and for which tools
    "SessionStart": "",
    "UserPromptSubmit": "",
    "PreToolUse": "Bash|apply_patch",
    "PostToolUse": "Bash",
    "PermissionRequest": "",
    "PreCompact": "",
    "PostCompact": "",
    "Stop": "",
    "Interrupt": "",
}
_APPEARANCE = Appearance(
    mark="\u203a",
    busy_near=INTERRUPT,
    busy_title=re.compile(r"^[\u2801-\u28ff] "),
    dialogs=DIALOGS,
    dialog_title=re.compile(r"Action Required"),
    settles=1.5,
    twice=0.15,
)
_TAIL = 65536  # bytes of a record
_OTHER = re.compile(r"^\s*\[*\s*hooks\b", re.M)  # in a config.toml


def _hooks(start: Start) -> list[str]:
    if _others(start):
        return []
    arguments = ["--dangerously-bypass-hook-trust"]
    for event, tools in _HOOKS.items():
        matcher = f"matcher={json.dumps(tools)}, " if tools else ""
        command = json.dumps(start.hook(event))  # a string of JSON is one of TOML
        arguments += ["-c", f'hooks.{event}=[{{{matcher}hooks=[{{type="command", command={command}, timeout=10}}]}}]']
    return arguments


def _others(start: Start) -> bool:
    """Return whether hooks are configured that are not ours."""
    home = Path(start.environment.get("CODEX_HOME") or Path(start.environment.get("HOME", "/")) / ".codex")
    for folder in (home, start.root / ".codex"):
        config = folder / "config.toml"
        if (folder / "hooks.json").exists():
            return True
        if config.exists() and _OTHER.search(config.read_text(encoding="utf-8", errors="replace")):
            return True
    return False


def _ending(record: Path) -> Ending:
    """Return how the last turn of a session ended, from the end of its record."""
    try:
        with record.open("rb") as file:
            file.seek(max(0, record.stat().st_size - _TAIL))
            lines = file.read().splitlines()
    except OSError:  # moved away by its user
        return Ending()
    for line in reversed(lines):
        if b'"turn_aborted"' in line:
            return Ending("interrupted")
        if b'"task_complete"' in line:
            error = json.loads(line)["payload"].get("error") or {}
            failed = Ending("failed", str(error.get("codex_error_info", "")), str(error.get("message", "")))
            return failed if error else Ending("done")
    return Ending()


def _queue(session: str, line: str) -> list[str]:
    return ["queue", "--thread", session, "--message", line]


CODEX = Kind(
    "codex",
    lambda _: _APPEARANCE,
    _hooks,
    lambda session: ["resume", session],
    _ending,
    queue=_queue,
    compact="/compact",
    certified=("0.169.0",),
)
