"""Marks on people's messages: stored, and accepted by a peer's model. One at a time; none holds up a post."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cccc.common import facts as f
from cccc.services.bridges.loop import Done
from cccc.services.bridges.platform import ChatIs, Gone, Later, Refused
from cccc.services.bridges.state import Mark

if TYPE_CHECKING:
    from cccc.services.bridges.bridge import Bridge

_AGAIN_AFTER = 4.0


class Receipts:
    """The due marks of one bridge. Setting a mark again does no harm, so it is said only afterwards."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._under_way = False
        self._not_before = 0.0

    def step(self) -> None:
        """Set the next mark that is due."""
        bridge = self._bridge
        if not bridge.state.marks or self._under_way or time.monotonic() < self._not_before:
            return
        mark = bridge.state.marks[0]
        if bridge.pending(self._id(mark)):
            return
        if bridge.rules.receipts:
            self._under_way = True
            bridge.loop.submit("mark", self._set(mark))
        else:
            self._say(mark, "turned off")

    def ended(self, done: Done) -> None:
        """Take note of what came of it; what the platform refuses is not tried again."""
        self._under_way = False
        if not self._bridge.state.marks:  # thrown away meanwhile
            return
        if done.error is None or isinstance(done.error, (Refused, Gone, ChatIs)):
            self._say(self._bridge.state.marks[0], str(done.error or ""))
        else:
            wait = done.error.seconds if isinstance(done.error, Later) else _AGAIN_AFTER
            self._not_before = time.monotonic() + wait

    async def _set(self, mark: Mark) -> str:
        await self._bridge.platform.mark(mark.chat, mark.message, mark.mark)
        return ""

    def _say(self, mark: Mark, reason: str) -> None:
        marked = f.ChatMarked(
            via=self._bridge.via, chat=mark.chat, message=mark.message, mid=mark.mid, mark=mark.mark, reason=reason
        )
        self._bridge.say(marked, id_=self._id(mark))

    def _id(self, mark: Mark) -> str:
        return f"{self._bridge.name}:mark:{mark.chat}:{mark.message}:{mark.mark}"
