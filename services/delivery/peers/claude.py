"""Claude Code. Measured with 2.1.197 and 2.1.330.

Its hooks are given at each start with `--settings`, so the user's own files stay as they are.
An Esc of a person has no hook: then the screen says that the turn is over.
"""

from __future__ import annotations

import json
import re

from cccc.services.delivery.peers.kind import DIALOGS, INTERRUPT, Kind, Start
from cccc.services.delivery.screen import Rules

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
_RULES = Rules(
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
    return ["--settings", json.dumps({"hooks": hooks})]


CLAUDE = Kind(
    "claude",
    lambda _: _RULES,
    _hooks,
    lambda session: ["--resume", session],
    at_stop=True,
    compact="/compact",
    certified=("2.1.330",),
)
