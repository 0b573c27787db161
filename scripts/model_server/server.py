"""The HTTP server on 127.0.0.1, in threads of the process that starts it."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cccc.scripts.model_server import wire_claude, wire_codex
from cccc.scripts.model_server.script import Asked, Fail, Hang, Rule, Say, Step, answer

_WIRES = {wire.PATH: wire for wire in (wire_claude, wire_codex)}


class ModelServer:
    """Serves until `close`. `asked` holds what was asked, oldest first; `rules` may be replaced at any time."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.asked: list[Asked] = []
        self._numbers = itertools.count(1)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
        self._http.daemon_threads = True
        self._http.model = self  # type: ignore[attr-defined]  # how a request finds it
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def answer(self, asked: Asked) -> tuple[Step, int]:
        """Return the step that answers a request, and the request's number."""
        self.asked.append(asked)
        return answer(self.rules, asked), next(self._numbers)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wire = _WIRES.get(self.path.partition("?")[0])
        if wire is None:  # count_tokens and the like: both CLIs do without
            self._json(404, {"error": {"type": "not_found_error", "message": self.path}})
            return
        model: ModelServer = self.server.model  # type: ignore[attr-defined]
        step, number = model.answer(wire.asked(json.loads(body)))
        if isinstance(step, Fail):
            self._json(step.status, wire.error(step))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        if isinstance(step, Hang):
            time.sleep(step.seconds)
            return
        try:
            for event in wire.events(step, number):
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
                if isinstance(step, Say) and "delta" in event["type"]:
                    time.sleep(step.pause)
        except (BrokenPipeError, ConnectionResetError):
            return  # the CLI was interrupted
        self.close_connection = True

    def do_GET(self) -> None:
        self._json(404, {"error": {"type": "not_found_error", "message": self.path}})

    do_HEAD = do_GET

    def _json(self, status: int, value: Mapping[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the process has a terminal of its own to keep clean."""
