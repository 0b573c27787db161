"""A real ledger and delivery on a temporary project, with mock peers in real tmux panes."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cccc.common import bus, facts, ledger
from cccc.common.facts import Fact
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import leftovers, tmux
from cccc.common.paths import Project, folder
from tests.conftest import Start
from tests.waiting import until

AnyKind = TypeVar("AnyKind", bound=Fact)
QUICK = {"nudge_debounce_ms": 0, "nudge_resend_seconds": 1, "nudge_progress_timeout_s": 0}


class Desk:
    """A project with delivery at work: hand things over, and see what becomes of them."""

    def __init__(self, project: Project, start: Start) -> None:
        self.project = project
        self._start = start
        self._count = {"PeerA": 0, "PeerB": 0}
        self.delivery: subprocess.Popen[bytes] | None = None
        # HOME: a login shell that is killed in the profile of whoever runs the tests may leave a lock there.
        self.environment = {"CCCC_FAULTS": str(project.home / "faults"), "HOME": str(project.home)}
        self.scenario("rules: [{match: ., steps: [{say: 'read {mid}'}]}]")

    def scenario(self, text: str, peer: str = "both") -> None:
        """Say what a peer's mock does."""
        for name, variable in (("PeerA", "CLAUDE_I_CMD"), ("PeerB", "CODEX_I_CMD")):
            if peer in ("both", name):
                file = self.project.home / f"{name}.yaml"
                file.write_text(f"log: {self.log(name)}\n{text}")
                mock = [sys.executable, "-I", "-m", "cccc.scripts.mock_agent", "--role", folder(name)]
                self.environment[variable] = shlex.join([*mock, "--scenario", str(file)])

    def settings(self, **delivery: object) -> None:
        text = json.dumps({"delivery": {**QUICK, "human_quiet_seconds": 1, **delivery}})
        (self.project.settings / "cli_profiles.yaml").write_text(text)

    def log(self, peer: str) -> Path:
        return self.project.home / f"{peer}.jsonl"

    def up(self) -> None:
        self.start_ledger()
        self.delivery = self._start("delivery", **self.environment)

    def start_ledger(self) -> None:
        self._start("ledger")

    def again(self) -> None:
        """Start delivery again after it was killed."""
        self.delivery = self._start("delivery", **self.environment)

    def kill(self) -> None:
        assert self.delivery is not None
        self.delivery.kill()
        self.delivery.wait()

    def arm(self, point: str) -> None:
        """Let delivery die at a named point."""
        armed = self.project.home / "faults"
        armed.mkdir(exist_ok=True)
        (armed / point).touch()

    def died(self) -> None:
        assert self.delivery is not None
        assert self.delivery.wait(10) == -9

    def hand(self, to: str, text: str = "hello") -> str:
        """Decide a handoff, as the orchestrator does. Returns its mid."""
        self._count[to] += 1
        number = self._count[to]
        mid = f"m{number}-{folder(to)}"
        body = f"<FROM_USER>\n[MID: {mid}]\n{text}\n</FROM_USER>\n".encode()
        Blobs(self.project).put(body)
        sha = hashlib.sha256(body).hexdigest()
        handoff = facts.Handoff(author="User", to=to, mid=mid, inbox_seq=number, sha=sha, size=len(body), text=text)
        handoff.id = f"{mid}.handoff"
        self.tell("orchestrator", handoff)
        return mid

    def tell(self, by: str, fact: Fact) -> None:
        bus.tell(self.project, by, [fact])

    def heard(self, kind: type[AnyKind]) -> list[AnyKind]:
        return [fact for fact in ledger.read(self.project) if isinstance(fact, kind)]

    def await_(self, kind: type[AnyKind], count: int = 1, limit: float = 10.0) -> list[AnyKind]:
        """Return the facts of a kind, once there are `count`."""
        until(lambda: len(self.heard(kind)) >= count, limit, lambda: f"no {count} x {kind.__name__} in {self.story()}")
        return self.heard(kind)

    def story(self) -> list[str]:
        return [f"{fact.kind} {getattr(fact, 'reason', '')}" for fact in ledger.read(self.project)]

    def screen(self, peer: str) -> str:
        return tmux.call(self.project, "capture-pane", "-p", "-J", "-t", self.pane(peer).id)

    def pane(self, role: str) -> tmux.Pane:
        return tmux.panes(self.project)[role]

    def idle(self, *peers: str) -> None:
        """Wait until the peers' mocks show an empty composer."""
        for peer in peers or ("PeerA", "PeerB"):
            self._until_idle(peer)

    def _until_idle(self, peer: str) -> None:
        def shown() -> bool:
            screen = self.screen(peer)
            return "❯" in screen and "⏵⏵ mock" in screen and "esc to interrupt" not in screen

        until(shown, 10, f"{peer}'s composer")

    def press(self, peer: str, *keys: str) -> None:
        """Press keys as a person at no client does."""
        tmux.call(self.project, "send-keys", "-t", self.pane(peer).id, *keys)

    def submits(self, peer: str) -> list[str]:
        """Return what was submitted to the peer's mock."""
        log = self.log(peer)
        return [json.loads(line)["text"] for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def window(project: Project) -> Iterator[None]:
    """End tmux once the services that would make it again have ended."""
    yield
    leftovers.end(project, [])


@pytest.fixture
def desk(project: Project, window: None, service: Start) -> Desk:
    result = Desk(project, service)
    result.settings()
    return result
