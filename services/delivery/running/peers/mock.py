"""The mock peer: it looks like Claude Code, and has the hooks by which a receipt is proved."""

from __future__ import annotations

import re

from cccc.services.delivery.panes.screen import Appearance
from cccc.services.delivery.running.peers.kind import DIALOGS, INTERRUPT, Kind, Start

_APPEARANCE = Appearance(mark="\u276f", busy_near=INTERRUPT, busy_title=re.compile(r"^\u25d0 "), dialogs=DIALOGS)
_HOOKS = ("SessionStart", "UserPromptSubmit", "PostToolUse", "PreCompact", "PostCompact", "Stop")


def _hooks(start: Start) -> list[str]:
    return [word for event in _HOOKS for word in ("--hook", event, start.hook(event))]


MOCK = Kind("mock", lambda _: _APPEARANCE, _hooks, at_stop=True, compact="/compact")
