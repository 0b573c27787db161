"""An HTTP server on loopback in a thread of its own, that can be killed and come back on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")


@dataclass
class Trouble:
    """What the next answer of a method is, in place of the right one."""

    status: int = 0  # 0: the method is done as usual
    body: Any = None  # JSON, or the text of a page
    delay: float = 0.0
    lost: bool = False  # done, but the answer never arrives
    drop: bool = False  # not done, and no answer


class Server:
    """A stand-in keeps its state over `kill` and `start`."""

    def __init__(self) -> None:
        self.port = 0
        self.troubles: dict[str, list[Trouble]] = {}
        self.always: Trouble | None = None  # every answer, until it is None again
        self.calls: list[tuple[str, dict[str, Any]]] = []  # every method with its arguments, as they came
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()

    # --- what a stand-in writes ---

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    # --- what a test calls, in its own thread ---

    def start(self) -> None:
        self.run(self._start())

    def kill(self) -> None:
        """End at once: open connections are dropped in the middle."""
        self.run(self._kill())

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def next_answer(self, method: str, *troubles: Trouble) -> None:
        self.troubles.setdefault(method, []).extend(troubles)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in list(self.calls) if name == method]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    # --- for stand-ins ---

    def trouble(self, method: str) -> Trouble | None:
        waiting = self.troubles.get(method)
        return waiting.pop(0) if waiting else self.always

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.0, access_log=None)
        await self._runner.setup()
        self._door = socket.create_server(("127.0.0.1", self.port))
        await web.SockSite(self._runner, self._door).start()
        self.port = self._door.getsockname()[1]

    async def _kill(self) -> None:
        if self._runner is None:
            return
        self._loop.remove_reader(self._door)
        await asyncio.sleep(0)  # whoever was accepted a moment ago gets a task,
        await asyncio.sleep(0)  # and becomes a connection
        server = self._runner.server
        for connection in list(server.connections if server else []):
            transport = connection.transport
            if transport is not None:
                transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # answers that would take long
            task.cancel()
        await self._runner.cleanup()
        self._runner = None


@contextlib.contextmanager
def closing(server: Server) -> Iterator[None]:
    try:
        yield
    finally:
        server.close()
