"""The panel service: folds everything and keeps `status.json`."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import xmlrpc.client
from collections.abc import Container
from datetime import datetime, timezone

import msgspec

from cccc.common import facts as f
from cccc.common import ledger, terminal
from cccc.common.chats import bridges
from cccc.common.errors import NotRunning
from cccc.common.facts import Fact, Signal
from cccc.common.machine import durable, supervisor, tmux
from cccc.common.machine.waits import left
from cccc.common.registry import PLATFORMS
from cccc.common.settings import drift
from cccc.common.shown import obstacles
from cccc.common.shown.short import one_line
from cccc.common.shown.status import Bridge, verified
from cccc.common.text.lines import seconds
from cccc.common.worker import Worker, main
from cccc.services.panel import fold, snapshot
from cccc.services.panel.snapshot import Live, Moment, Setting

# A burst of facts is one write, not thousands.
BETWEEN_WRITES = 0.25
_ASK_EVERY = 5.0  # seconds between questions to supervisord and looks at the repository
_STILL_NEWS = 30.0  # a call that is older, found after a restart, is on the screen and rings no bell


class Panel(Worker):
    """Writes the status when it has changed."""

    name = "panel"
    version = 5
    State = fold.State
    hears = frozenset(f.KINDS.values())
    signals = (f.Beat, f.PaneState)

    def fold(self, fact: Fact) -> None:
        fold.fold(self.state, fact)

    def open(self) -> None:
        self._live = Live(_now())
        self._started = self._since("supervisord.pid")
        self._measured = -1
        self._size = self._segments = 0
        self._shown = b""
        self._again_at = 0.0
        self._bell = 0
        self._failing: dict[str, str] = {}
        self._socket_trouble = ""
        self._asked = -_ASK_EVERY
        self._ground = obstacles.Watch(self.project, terminal.environment(self.project))
        self._obstacles: list[str] = []
        self._changed: list[str] = []
        self._drift = drift.Drift(self.project)

    def hear(self, signal: Signal) -> None:
        if isinstance(signal, f.Beat):
            self._live.hear_beat(signal, _now(), self._running_since(signal))
        elif isinstance(signal, f.PaneState):
            self._live.hear_pane(signal, _now())

    def act(self) -> None:
        self._call()
        left = self._again_at - time.monotonic()
        if left > 0:
            self.wake_in(left)
        elif self._write():
            self._again_at = time.monotonic() + BETWEEN_WRITES

    def close(self) -> None:
        self._write()

    def _call(self) -> None:
        """Show on attached terminals what a person is needed for; every panel rings by the status."""
        call = self.state.call
        if call is None or call.seq == self._bell or not self.settings.policies.notices:
            return
        if left(seconds(call.ts), _STILL_NEWS, time.time()):
            self._bell = call.seq
            try:
                tmux.announce(self.project, f"{self.project.name}: {call.text}")
            except tmux.TmuxError as error:  # nobody sees the session; every panel rings all the same
                self.log.info("not shown in tmux: %s", error)

    def _write(self) -> bool:
        """Write the status; return False when it says the same as the file."""
        now = _now()
        self._measure()
        leader = self.settings.roles.leader
        self._ask()
        setting = Setting(
            self.project.name,
            leader,
            self._started,
            self._size,
            self._segments,
            self._failing,
            self._obstacles,
            self._changed,
        )
        status = snapshot.status(self.state, self._live, setting, now)
        status.bell = self._bell
        status.ledger.verified = verified(self.project)
        status.bridges = self._bridges(status.services)
        shown = msgspec.json.encode(status)
        if shown == self._shown:
            self.trouble = self._socket_trouble
            return False
        status.ts = now.ts
        try:
            durable.show(self.project.status, msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n")
        except OSError as error:
            if not durable.no_room(error):
                raise
            self.trouble = f"{self.project.status} cannot be written: {error.strerror}"
            return True
        self.trouble = self._socket_trouble
        self._shown = shown
        return True

    def _ask(self) -> None:
        """Look, every some seconds, at which services do not stay up, and at what keeps patches from landing."""
        if time.monotonic() - self._asked < _ASK_EVERY:
            return
        self._asked = time.monotonic()
        try:
            rows = supervisor.processes(self.project)
            self._socket_trouble = ""
        except xmlrpc.client.Fault:  # everything is being stopped
            rows = []
        except NotRunning as error:
            rows = []
            self._socket_trouble = str(error) if "SUPERVISOR_ENABLED" in os.environ else ""  # else it runs alone
        self._failing = {row.name: supervisor.last_words(row) for row in rows if self._fails(row)}
        self._obstacles = [one_line(found.line) for found in self._ground.find()]
        self._changed = [one_line(line) for line in self._drift.lines(self._live.heard(_now()))]

    def _fails(self, row: supervisor.Row) -> bool:
        """Whether a service does not stay up. On a slow machine it lives long enough that supervisord does not wait."""
        return row.state == "BACKOFF" or (row.pid > 0 and self._live.is_another(row.name, row.pid, _now()))

    def _measure(self) -> None:
        """Look at the ledger's size, which changes only with its seq."""
        if self._measured == self.state.seq or not self.project.ledger.exists():
            return
        self._measured = self.state.seq
        files = [self.project.ledger, *(path for _, path in ledger.segments(self.project))]
        self._size = sum(path.stat().st_size for path in files)
        self._segments = len(files)

    def _bridges(self, running: Container[str]) -> dict[str, Bridge]:
        """Return what the bridges that run report of themselves."""
        found = {}
        for platform in PLATFORMS:
            if f"bridge-{platform}" in running:
                with contextlib.suppress(NotRunning):
                    said = bridges.report(self.project, platform)
                    since, error = _ts(said.since) if said.since else "", one_line(said.error)
                    found[platform] = Bridge(said.connected, since, said.proof, error, said.chats, said.waiting)
        return found

    def _running_since(self, beat: f.Beat) -> str:
        voice = self._live.voices.get(beat.by)
        if voice and voice.beat and voice.beat.pid == beat.pid:
            return voice.since
        return self._since(f"{beat.by}.lock")  # written once, when the process starts

    def _since(self, name: str) -> str:
        try:
            return _ts((self.project.run / name).stat().st_mtime)
        except FileNotFoundError:  # a service that was started alone, without supervisord
            return _now().ts


def _ts(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _now() -> Moment:
    return Moment(time.monotonic(), _ts(time.time()))


if __name__ == "__main__":
    sys.exit(main(Panel))
