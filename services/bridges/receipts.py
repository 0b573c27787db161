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
    """The due marks of one bridge. Setting a mark again after a crash does no harm, so it is said only afterwards."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._under_way: Mark | None = None
        self._not_before = 0.0

    def step(self) -> None:
        """Set the next mark that is due."""
        bridge = self._bridge
        if self._under_way:
            return
        if time.monotonic() < self._not_before:
            bridge.wake_in(self._not_before - time.monotonic())
            return
        for mark in bridge.state.marks:
            if bridge.pending(self._id(mark)):
                continue
            if not bridge.rules.receipts:
                self._say(mark, "turned off")
            elif bridge.calls.may(mark.chat, self._id(mark)):
                self._under_way = mark
                bridge.loop.submit("mark", self._set(mark))
                return

    def ended(self, done: Done) -> None:
        """Take note of what came of it; what the platform refuses is not tried again."""
        mark, self._under_way = self._under_way, None
        assert mark
        if done.error is None or isinstance(done.error, (Refused, Gone, ChatIs)):
            self._bridge.calls.confirm(self._id(mark))
            self._say(mark, str(done.error or ""))
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
        self._bridge.say(marked, id_=self._id(mark), cause=mark.cause)

    def _id(self, mark: Mark) -> str:
        """Two marks never share it: what is said under an id that is known counts for nothing."""
        return f"{self._bridge.name}:mark:{mark.cause}:{mark.chat}:{mark.message}"
