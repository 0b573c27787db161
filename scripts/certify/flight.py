"""One flight: a scratch repository that is up with one real CLI, the mock for the other, and a model on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, TypeVar

from cccc.common import ledger
from cccc.common.errors import CcccError
from cccc.common.facts import Fact
from cccc.common.machine import supervisor, tmux
from cccc.common.paths import Project
from cccc.common.settings.cli_profiles import Peer
from cccc.scripts.certify import corpus, homes
from cccc.scripts.cli import peer_commands
from cccc.scripts.model_server import Call, ModelServer, Rule
from cccc.scripts.model_server.script import Step
from cccc.services.delivery.panes.pane import Look, look
from cccc.services.delivery.panes.screen import View, read
from cccc.services.delivery.running import peers as kinds

CCCC = str(Path(sys.executable).with_name("cccc"))
PEER = {"claude": "PeerA", "codex": "PeerB"}
_NUDGE = r"\[NUDGE\] inbox=(\S+)"
_BEHIND = {"TMUX", "TMUX_PANE", "CCCC_HOME"}
AnyKind = TypeVar("AnyKind", bound=Fact)


class Missed(CcccError):
    """Something did not happen as it has to."""


class Flight:
    """Hand things over, script the model, look at the pane. `close` stops everything."""

    def __init__(
        self, kind: str, program: str, at: Path, screens: Path, manner: str = homes.UNATTENDED, other: str = ""
    ) -> None:
        """Prepare it in `at`; screens are kept in `screens`. `other` is the other CLI's program, "" the mock."""
        self.kind, self.peer, self._asking = kind, PEER[kind], manner == homes.ASKING
        self.kept: list[corpus.Kept] = []
        self._screens = screens
        self._heard: list[Fact] = []
        self.root = at / "repo"
        self.project = Project(self.root / ".cccc")
        self.model = ModelServer([])
        self._make_repository()
        self._cccc("init")
        (self.project.settings / "cli_profiles.yaml").write_text(
            "delivery: {nudge_debounce_ms: 0, nudge_resend_seconds: 5, nudge_backoff_base_ms: 5000, "
            "nudge_backoff_max_ms: 5000, nudge_progress_timeout_s: 5, lazy_preamble: {enabled: false}, "
            "self_check_every_handoffs: 0}\n"
        )
        variables = {
            **peer_commands.mock(self.project),
            **homes.prepare(at / "home", self.root, self.model.url, self.model.url, manner),
        }
        variables[peer_commands.VARIABLES[self.peer]] = homes.command(kind, program, manner)
        for each in PEER if other else ():
            if each != kind:
                variables[peer_commands.VARIABLES[PEER[each]]] = homes.command(each, other)
        self._reader = ledger.Reader(self.project)
        self._environment = {**_without_ours(), **variables, "LINT_CMD": "", "TEST_CMD": ""}

    def _make_repository(self) -> None:
        self.root.mkdir(parents=True)
        (self.root / "README.md").write_text("hello\n")
        for words in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Certify"),
            ("config", "user.email", "certify@example.org"),
            ("add", "-A"),
            ("commit", "-q", "-m", "first"),
        ):
            subprocess.run(["git", *words], cwd=self.root, check=True)

    def up(self) -> None:
        self._cccc("up")

    def close(self) -> None:
        self._reader.close()
        self._cccc("down")
        self.model.close()

    def _cccc(self, *words: str, given: str = "") -> str:
        environment = getattr(self, "_environment", _without_ours())
        done = subprocess.run([CCCC, *words], cwd=self.root, env=environment, input=given.encode(), capture_output=True)
        if done.returncode:
            raise Missed(f"cccc {' '.join(words)}: {(done.stderr or done.stdout).decode().strip()}")
        return done.stdout.decode()

    # --- what the model does ---

    def answers(self, *steps: Step) -> None:
        """Let the model read and move its mail in every turn, and do `steps` before it ends."""

        def turn(found: re.Match[str], _seen: str) -> Sequence[Step]:
            inbox = found[1]
            read = f"cd {inbox} && for f in $(ls | sort -n); do cat $f && mv $f ../processed/; done"
            return [self.shell(read), *steps]

        self.model.rules = [Rule(_NUDGE, turn)]

    def shell(self, command: str) -> Call:
        """Return the call of a shell command as this CLI's model makes it."""
        if self.kind == "claude":
            return Call("Bash", {"command": command, "description": "a command"})
        asks = {"sandbox_permissions": "require_escalated", "justification": "may I?"} if self._asking else {}
        return Call("exec_command", {"cmd": command, **asks})

    # --- what a person does and sees ---

    def send(self, text: str) -> str:
        """Send a message to the peer; return its mid."""
        return self._cccc("send", "-", given=f"{'a' if self.peer == 'PeerA' else 'b'}: {text}").strip()

    def stop(self) -> str:
        return self._cccc("stop", "a" if self.peer == "PeerA" else "b").strip()

    def kill(self, service: str) -> None:
        """Kill a service; supervisord starts it again."""
        pid = next(row.pid for row in supervisor.processes(self.project) if row.name == service)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def press(self, *keys: str) -> None:
        self.command("send-keys", *keys)

    def command(self, name: str, *words: str) -> None:
        """Run a command of tmux on the pane."""
        tmux.call(self.project, name, "-t", self.pane().id, *words)

    def pane(self) -> tmux.Pane:
        return tmux.panes(self.project)[self.peer]

    def screen(self) -> str:
        return tmux.call(self.project, "capture-pane", "-p", "-t", self.pane().id)

    def look(self) -> Look:
        return look(self.project, self.pane().id)

    def view(self) -> View:
        """Return what delivery makes of the screen."""
        return read(self.look(), kinds.of(self.kind).appearance(Peer()))

    def keep(self, shown: str) -> None:
        """Keep the screen under the name of what it shows."""
        self.kept.append(corpus.keep(self._screens, shown, self.look()))

    def shows(self, *signs: str, limit: float = 20.0) -> None:
        """Wait until one of the signs is on the screen."""
        self.until(lambda: any(sign in self.screen() for sign in signs), limit, f"not on the screen: {signs[0]}")

    # --- what was said ---

    def said(self, kind: type[AnyKind], after: int = 0) -> list[AnyKind]:
        """Return this peer's facts of a kind, those after a seq."""
        found = [fact for fact in self._all() if fact.seq > after and isinstance(fact, kind)]
        return [
            fact for fact in found if self.peer in (_field(fact, "peer"), _field(fact, "to"), _field(fact, "author"))
        ]

    def last(self) -> int:
        return max((fact.seq for fact in self._all()), default=0)

    def _all(self) -> list[Fact]:
        self._heard += filter(None, (ledger.decode(line.raw) for line in self._reader.read()))
        return self._heard

    def await_(self, kind: type[AnyKind], after: int = 0, count: int = 1, limit: float = 20.0) -> list[AnyKind]:
        """Return this peer's facts of a kind, once there are `count`. Raises Missed."""
        self.until(lambda: len(self.said(kind, after)) >= count, limit, f"no {count} x {kind.__name__}")
        return self.said(kind, after)

    def until(self, condition: Callable[[], bool], limit: float, what: str) -> None:
        """Wait for a condition. Raises Missed."""
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise Missed(f"{what} within {limit:.0f} s")
            time.sleep(0.05)


def _field(fact: Fact, name: str) -> object:
    return getattr(fact, name, "")


def _without_ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _BEHIND}
