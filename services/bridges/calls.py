"""What a bridge may still ask of its platform: nothing again that was confirmed, and no more than a chat takes.

The last barrier against a loop of ours, which would get the account blocked. Posts and marks keep to their own pace
long before it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Callable

from cccc.common import facts as f
from cccc.common.worker import Worker
from cccc.services.bridges.platform import Pace
from cccc.services.bridges.state import forget_oldest

_MINUTE = 60.0
_CONFIRMED_KEPT = 2000


class Calls:
    """Counts the calls of the last minute by chat; remembers what was confirmed for as long as the process lives."""

    def __init__(self, service: Worker, via: str, pace: Callable[[str], Pace]) -> None:
        self._service, self._via, self._pace = service, via, pace
        self._recent: dict[str, deque[float]] = {}
        self._confirmed: dict[str, None] = {}
        self._told: dict[str, str] = {}  # chat -> the id of what was said last

    def may(self, chat: str, effect: str) -> bool:
        """Return whether an effect may be asked of the platform now; what stops it for long is told."""
        if effect in self._confirmed:
            self._tell(chat, "again", f"{effect} is due again although it is there: a bug, please report it")
            return False
        pace, recent, now = self._pace(chat), self._recent.setdefault(chat, deque()), time.monotonic()
        while recent and now - recent[0] >= _MINUTE:
            recent.popleft()
        most = pace.per_minute + pace.marks
        if len(recent) >= most:
            self._tell(chat, "budget", f"{most} calls per minute are its limit; the rest waits")
            self._service.wake_in(_MINUTE - (now - recent[0]))
            return False
        recent.append(now)
        return True

    def confirm(self, effect: str) -> None:
        """The platform has confirmed an effect."""
        self._confirmed[effect] = None
        forget_oldest(self._confirmed, _CONFIRMED_KEPT)

    def _tell(self, chat: str, what: str, words: str) -> None:
        """Tell the user, once an hour."""
        id_ = f"{self._service.name}:{what}:{chat}:{int(time.time()) // 3600}"
        if self._told.get(chat) != id_:
            self._told[chat] = id_
            self._service.say(f.Notice(text=f"{self._via} chat {chat}: {words}", about=self._service.name), id_=id_)
