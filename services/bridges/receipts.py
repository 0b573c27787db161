"""Marks on people's messages: stored, and accepted by a peer's model. One at a time; none holds up a post."""

from __future__ import annotations

import time

from cccc.common import facts as f
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.ends import Ends
from cccc.services.bridges.loop import Done
from cccc.services.bridges.platform import ChatIs, Gone, Later, Refused
from cccc.services.bridges.state import Mark

_AGAIN_AFTER = 4.0


class Receipts:
    """The due marks of one bridge. Setting a mark again after a crash does no harm, so it is said only afterwards."""

    def __init__(self, ends: Ends, calls: Calls) -> None:
        self._ends, self._service, self._calls = ends, ends.service, calls
        self._under_way: Mark | None = None
        self._not_before = 0.0

    def step(self) -> None:
        """Set the next mark that is due."""
        if self._under_way:
            return
        if time.monotonic() < self._not_before:
            self._service.wake_in(self._not_before - time.monotonic())
            return
        for mark in self._ends.state.marks:
            if self._service.pending(self._id(mark)):
                continue
            if not self._ends.rules.receipts:
                self._say(mark, "turned off")
            elif self._calls.may(mark.chat, self._id(mark)):
                self._under_way = mark
                self._ends.loop.submit("mark", self._set(mark))
                return

    def ended(self, done: Done) -> None:
        """Take note of what came of it; what the platform refuses is not tried again."""
        mark, self._under_way = self._under_way, None
        assert mark
        if done.error is None or isinstance(done.error, (Refused, Gone, ChatIs)):
            self._calls.confirm(self._id(mark))
            self._say(mark, str(done.error or ""))
        else:
            wait = done.error.seconds if isinstance(done.error, Later) else _AGAIN_AFTER
            self._not_before = time.monotonic() + wait

    async def _set(self, mark: Mark) -> str:
        await self._ends.platform.mark(mark.chat, mark.message, mark.mark)
        return ""

    def _say(self, mark: Mark, reason: str) -> None:
        marked = f.ChatMarked(
            via=self._ends.via, chat=mark.chat, message=mark.message, mid=mark.mid, mark=mark.mark, reason=reason
        )
        self._service.say(marked, id_=self._id(mark), cause=mark.cause)

    def _id(self, mark: Mark) -> str:
        """Two marks never share it: what is said under an id that is known counts for nothing."""
        return f"{self._service.name}:mark:{mark.cause}:{mark.chat}:{mark.message}"
