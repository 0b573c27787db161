"""The scratch project: a repository, two mock peers that only read, a user with work of their own in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from cccc.common import bus
from cccc.common.errors import NotRunning
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.scripts.crashes.clock import Clock

if TYPE_CHECKING:
    from cccc.scripts.crashes.chat import Chat

SERVICES = ("ledger", "orchestrator", "delivery", "evidence", "panel")
_SCENARIO = "rules:\n  - match: '.'\n    steps:\n      - say: read\n"
PLANTED = "planted.txt"  # in the gate tree, where no patch puts it
_POLICIES = f"""\
patch_queue: {{allowed_paths: ["**"]}}
gate: {{tests: "test ! -e {PLANTED}"}}
handoff_filter: {{enabled: false}}
rfd: {{gates: {{protected_paths: ["protected/**"]}}}}
"""
# What takes minutes in real life takes seconds here.
_PROFILES = """\
delivery:
  processed_retention: {kept}
  nudge_resend_seconds: 1
  nudge_backoff_base_ms: 1000
  nudge_backoff_max_ms: 2000
  nudge_debounce_ms: 50
  nudge_progress_timeout_s: 1
  nudge_escalate_after: 1000
  restart_backoff_max_s: 1
  human_quiet_seconds: 0
  self_check_every_handoffs: 0
  keepalive_minutes: 0
"""


class Place:
    """A project below `folder`; everything but the product's own processes is driven from here.

    `kept` is how many read messages each peer keeps; the checker wants all of them.
    """

    def __init__(self, folder: Path, kept: int = 1_000_000) -> None:
        self._kept = kept
        self.folder = folder
        self.clock = Clock(folder)
        self.chat: Chat | None = None
        self.root = folder / "project"
        self.project = Project(self.root / ".cccc")
        self.faults = folder / "faults"
        self.aside = folder / "aside"  # where a fault makes something ready
        self.user: dict[str, str] = {}  # path → SHA-256 of what the user has there

    def make(self) -> None:
        """Create the repository and the project in it."""
        self.root.mkdir()
        self.faults.mkdir()
        self.aside.mkdir()
        (self.folder / "scenario.yaml").write_text(_SCENARIO)
        (self.root / "README.md").write_text("scratch\n")
        (self.root / "user").mkdir()
        for name in ("tracked.txt", "staged.txt"):
            (self.root / "user" / name).write_text("committed\n")
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Torture")
        self.git("config", "user.email", "torture@example.org")
        self.cccc("init")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")
        (self.project.settings / "policies.yaml").write_text(_POLICIES)
        (self.project.settings / "cli_profiles.yaml").write_text(_PROFILES.format(kept=self._kept))
        if self.chat:
            self.chat.settle(self.project)
        for name in ("tracked.txt", "staged.txt", "untracked.txt"):
            self.write(f"user/{name}", f"the user's own work in {name}\n" * 50)
        self.git("add", "user/staged.txt")

    def write(self, name: str, text: str) -> None:
        """Have the user write a file, and note what it must hold from then on."""
        (self.root / name).write_text(text)
        self.user[name] = hashlib.sha256(text.encode()).hexdigest()

    def hand_in(self, peer: str, name: str, content: bytes) -> bool:
        """Put a file into a peer's mailbox as a CLI does, once the last one was taken; return whether that was done."""
        box = self.project.peer(peer)
        if (box / name).exists() and (box / name).stat().st_size:
            return False
        fresh = box / f".{name}.fresh"
        fresh.write_bytes(content)
        fresh.replace(box / name)
        return True

    def git(self, *args: str) -> str:
        return subprocess.run(["git", *args], cwd=self.root, check=True, capture_output=True, text=True).stdout

    def cccc(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the product as the user would."""
        mock = f"{sys.executable} -I -m cccc.scripts.mock_agent --scenario {self.folder / 'scenario.yaml'} --role peer"
        environment = {**os.environ, **self.clock.variables}
        environment.update({"CLAUDE_I_CMD": mock + "A", "CODEX_I_CMD": mock + "B"})
        for name in ("LINT_CMD", "TEST_CMD", "CCCC_HOME", "TMUX", "TELEGRAM_BOT_TOKEN"):
            environment.pop(name, None)
        environment.update(self.chat.variables if self.chat else {})
        command = [str(Path(sys.executable).with_name("cccc")), *args]
        environment["CCCC_FAULTS"] = str(self.faults)
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f"cccc {' '.join(args)}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done

    @property
    def services(self) -> tuple[str, ...]:
        return (*SERVICES, *(["bridge-telegram"] if self.chat else []))

    def pid(self, service: str) -> int:
        """Return the process id of a service, 0 while it has none."""
        try:
            return next(row.pid for row in supervisor.processes(self.project) if row.name == service)
        except NotRunning:
            return 0

    def unread(self) -> int:
        """Return how many messages lie in the inboxes: what a peer was nudged for, it reads."""
        return sum(len(list(self.project.inbox(peer).iterdir())) for peer in ("PeerA", "PeerB"))

    def is_healthy(self) -> bool:
        """Whether every service that supervisord runs has said that it is ready, and the bridge hears the chat."""
        try:
            rows = {row.name: row.pid for row in supervisor.processes(self.project) if row.name in self.services}
            ready = {beat.by: beat.pid for beat in bus.beats(self.project, 0.3) if beat.ready}
        except NotRunning:
            return False
        if self.chat and not self.chat.is_heard(self.project, rows["bridge-telegram"]):
            return False
        return all(rows[name] and ready.get(name) == rows[name] for name in self.services)


def until(condition: Callable[[], bool], limit: float, every: float = 0.05) -> bool:
    """Wait until the condition holds; return whether it does within `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True
