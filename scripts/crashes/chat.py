"""The chat of a scratch project: one person, the real bridge, and a stand-in of Telegram on loopback that fails.

While something is wrong the stand-in does nothing of what it is asked, so nothing may stand there twice afterwards. It
needs python-telegram-bot and aiohttp.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

from cccc.common.chats import bridges
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import Trouble
from cccc.scripts.stand_ins.telegram import DIRECT, Telegram, too_fast

BRIDGE = "bridge-telegram"
_HELD = 3.0  # seconds for which the platform stays broken
_WRONG = Trouble(500, {"ok": False, "error_code": 500, "description": "Internal Server Error"})
_PAGE = "<html><body>Welcome to this network! Please log in.</body></html>"
_GARBAGE = (Trouble(200, _PAGE), Trouble(200, {}), Trouble(403, _PAGE))
_HANGS = Trouble(delay=12, drop=True)  # for longer than the bridge waits
_SETTINGS = {
    **dict.fromkeys(("debounce_seconds", "peer_debounce_seconds", "to_user_min_interval_s"), 0),
    "allow_chats": [DIRECT],
    "poll_seconds": 1,
    "show_peer_messages": False,  # Telegram takes one post a second
}


class Chat:
    """What is said in it lies in `<folder>/chat.jsonl`, in the order in which the platform took it."""

    def __init__(self, folder: Path) -> None:
        token = f"{secrets.randbelow(10**9)}:{secrets.token_hex(18)}"  # one bridge of a machine may have it
        self._platform = Telegram(DIRECT, token=token, written=folder / "chat.jsonl")
        self._quiet = threading.Lock()
        self.variables = {"TELEGRAM_BOT_TOKEN": token, "no_proxy": "127.0.0.1"}
        self.faults: Mapping[str, Callable[[], bool]] = {
            "chat platform down": self._down,
            "chat platform answers 429": lambda: self._answers(too_fast(1)),
            "chat platform answers 500": lambda: self._answers(_WRONG),
            "chat platform answers garbage": lambda: self._answers(*_GARBAGE),
            "chat platform hangs": lambda: self._answers(_HANGS),
        }

    def settle(self, project: Project) -> None:
        """Write the settings of the bridge."""
        settings = {**_SETTINGS, "api_base_url": self._platform.url}
        (project.settings / "telegram.yaml").write_text(json.dumps(settings))

    def say(self, text: str) -> None:
        """Have the person say something. Raises OSError while the disk is full."""
        with self._quiet:
            self._platform.say(text, DIRECT)

    def is_heard(self, project: Project, pid: int) -> bool:
        """Whether the bridge that has this process id is connected, and has let the chat in."""
        try:
            report = bridges.report(project, "telegram")
        except NotRunning:
            return False
        return report.connected and report.chats == 1 and report.pid == pid

    def close(self) -> None:
        self._platform.close()

    def _down(self) -> bool:
        with self._quiet:  # it ends all that the platform is about to do
            self._platform.kill()
        time.sleep(_HELD)
        self._platform.start()
        return True

    def _answers(self, *troubles: Trouble) -> bool:
        """Have every answer be wrong, for an equal time in each of these ways."""
        for trouble in troubles:
            self._platform.always = trouble
            time.sleep(_HELD / len(troubles))
        self._platform.always = None
        return True
