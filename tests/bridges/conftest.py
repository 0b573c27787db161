"""Fixtures: a project with its ledger, a bridge as its own process, and the platform it talks to."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.chats import bridges
from cccc.common.facts import Fact
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project, other
from cccc.scripts.stand_ins.server import closing
from cccc.scripts.stand_ins.telegram import GROUP, TOKEN, Telegram
from tests.conftest import Start
from tests.waiting import until

F = TypeVar("F", bound=Fact)
M = TypeVar("M", f.ToUser, f.ToPeer)
QUICK = {"debounce_seconds": 0, "peer_debounce_seconds": 0, "to_user_min_interval_s": 0, "poll_seconds": 1}

# For a protected path.
PATCH = """\
diff --git a/src/api/public/call.py b/src/api/public/call.py
new file mode 100644
--- /dev/null
+++ b/src/api/public/call.py
@@ -0,0 +1 @@
+x = 1
"""


class Room:
    """A project, one bridge and its platform."""

    def __init__(self, project: Project, service: Start, platform: str) -> None:
        self.project = project
        self.service = service
        self.platform = platform
        self.process: subprocess.Popen[bytes] | None = None
        self._ids = itertools.count(1)

    def set(self, **settings: Any) -> None:
        """Write the platform's settings."""
        (self.project.settings / f"{self.platform}.yaml").write_text(json.dumps(settings))

    def start(self, **environment: str) -> None:
        """Start the bridge as `cccc bridge start` does."""
        bridges.mark_start(self.project, [self.platform])
        self.revive(**environment)

    def revive(self, **environment: str) -> None:
        """Start it as supervisord does after a crash."""
        self.process = self.service(f"bridge-{self.platform}", **environment)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(5) == 0

    def log(self) -> str:
        return self.project.service_log(f"bridge-{self.platform}").read_text()

    def report(self) -> bridges.Report:
        return bridges.report(self.project, self.platform)

    def facts(self, kind: type[F]) -> list[F]:
        return [fact for fact in ledger.read(self.project) if isinstance(fact, kind)]

    def body(self, fact: Any) -> str:
        return Blobs(self.project).get(fact.sha).decode()

    # --- what the other services say ---

    def to_user(self, text: str, author: str = "PeerA") -> f.ToUser:
        return self._mail(f.ToUser, author, text.encode())

    def to_peer(self, text: str, author: str = "PeerA") -> f.ToPeer:
        return self.hand_over(self.held(text, author))

    def held(self, text: str, author: str = "PeerA") -> f.ToPeer:
        """A message that the other peer does not get yet."""
        return self._mail(f.ToPeer, author, text.encode())

    def hand_over(self, fact: f.ToPeer) -> f.ToPeer:
        body = f.Body(sha=fact.sha, size=fact.size, text=fact.text)
        handoff = f.Handoff(author=fact.author, to=other(fact.author), mid=fact.mid, inbox_seq=next(self._ids), **body)
        self.tell("orchestrator", handoff)
        return fact

    def _mail(self, kind: type[M], author: str, content: bytes) -> M:
        mid = f"cccc-{next(self._ids)}"
        Blobs(self.project).put(content)
        fact = kind(id=mid, author=author, mid=mid, **f.body(content, str))
        self.tell("orchestrator", fact)
        return fact

    def tell(self, by: str, *facts: Fact) -> list[int]:
        for fact in facts:
            fact.id = fact.id or f"test-{next(self._ids)}"
        return bus.tell(self.project, by, list(facts))


@pytest.fixture(scope="module", autouse=True)
def no_proxy() -> Iterator[None]:
    """The clients honour proxies of the environment; nothing here leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    server = Telegram()
    with closing(server):
        yield server


@pytest.fixture
def room(project: Project, service: Start, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A Telegram bridge that is not started yet, with GROUP let in by its settings."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    service("ledger")
    room = Room(project, service, "telegram")
    room.set(api_base_url=telegram.url, allow_chats=[GROUP], **QUICK)
    return room


def connected(room: Room) -> None:
    until(lambda: room.report().connected, 10, f"connected: {room.log()}")
