"""What a bridge may still ask of its platform: nothing again that was confirmed, and no more than a chat takes.

The last barrier against a loop of ours, which would get the account blocked. Posts and marks keep to their own pace
long before it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from cccc.common import facts as f
from cccc.services.bridges.state import forget_oldest

if TYPE_CHECKING:
    from cccc.services.bridges.bridge import Bridge

_MINUTE = 60.0
_CONFIRMED_KEPT = 2000


class Calls:
    """Counts the calls of the last minute by chat; remembers what was confirmed for as long as the process lives."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._recent: dict[str, deque[float]] = {}
        self._confirmed: dict[str, None] = {}
        self._told: dict[str, str] = {}  # chat -> the id of what was said last

    def may(self, chat: str, effect: str) -> bool:
        """Return whether an effect may be asked of the platform now; what stops it for long is told."""
        if effect in self._confirmed:
            self._tell(chat, "again", f"{effect} is due again although it is there: a bug, please report it")
            return False
        pace, recent, now = self._bridge.platform.pace(chat), self._recent.setdefault(chat, deque()), time.monotonic()
        while recent and now - recent[0] >= _MINUTE:
            recent.popleft()
        most = pace.per_minute + pace.marks
        if len(recent) >= most:
            self._tell(chat, "budget", f"{most} calls within a minute are the most it takes; the rest waits")
            self._bridge.wake_in(_MINUTE - (now - recent[0]))
            return False
        recent.append(now)
        return True

    def confirm(self, effect: str) -> None:
        """The platform has confirmed an effect."""
        self._confirmed[effect] = None
        forget_oldest(self._confirmed, _CONFIRMED_KEPT)

    def _tell(self, chat: str, what: str, words: str) -> None:
        """Tell the user, once an hour."""
        bridge = self._bridge
        id_ = f"{bridge.name}:{what}:{chat}:{int(time.time()) // 3600}"
        if self._told.get(chat) != id_:
            self._told[chat] = id_
            bridge.say(f.Notice(text=f"{bridge.via} chat {chat}: {words}", about=bridge.name), id_=id_)
