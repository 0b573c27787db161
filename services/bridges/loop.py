"""The asyncio thread of a bridge: the platform's library runs there, everything else does not.

What comes back lies in a queue; a byte in a pipe wakes the bridge's poller.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from cccc.services.bridges.platform import Health, Incoming, Platform, Undone


@dataclass(frozen=True)
class Done:
    """A job ended: with its result, or with what went wrong."""

    key: str
    result: str = ""
    error: Undone | None = None


@dataclass(frozen=True)
class Died:
    """The thread ended by a bug of ours or of the library."""

    error: BaseException


class Loop:
    """Runs a platform until `close`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._came: queue.SimpleQueue[Incoming | Health | Done | Died] = queue.SimpleQueue()
        self._waken, self._wake = os.pipe()
        for end in (self._waken, self._wake):
            os.set_blocking(end, False)
        self._loop = asyncio.new_event_loop()
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name=type(platform).__name__, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def fileno(self) -> int:
        return self._waken

    def came(self) -> Iterator[Incoming | Health | Done]:
        """Yield what has come since the last call. Raises what ended the thread."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._waken, 512):
                pass
        while True:
            try:
                each = self._came.get_nowait()
            except queue.Empty:
                return
            if isinstance(each, Died):
                raise each.error
            yield each

    def submit(self, key: str, job: Coroutine[Any, Any, str | None]) -> None:
        """Have a coroutine run; a Done with the key comes of it."""
        asyncio.run_coroutine_threadsafe(self._job(key, job), self._loop)

    def close(self) -> None:
        """End the platform and wait for it, at most 3 s."""
        if self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(3)

    def _put(self, each: Incoming | Health | Done | Died) -> None:
        self._came.put(each)
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._wake, b"x")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._main = self._loop.create_task(self._platform.run(self._put))
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
            self._finish()
        except BaseException as error:  # noqa: BLE001  # raised again in the bridge's own thread
            self._put(Died(error))
        finally:
            self._loop.close()

    def _finish(self) -> None:
        """Cancel what is still under way and let it end."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    async def _job(self, key: str, job: Coroutine[Any, Any, str | None]) -> None:
        try:
            self._put(Done(key, await job or ""))
        except Undone as error:
            self._put(Done(key, error=error))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # a bug: raised again in the bridge's own thread
            self._put(Died(error))
