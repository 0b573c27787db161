"""Receipts: reads the spool of the hooks, says what they prove, and keeps whether a turn runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

from cccc.common import facts as f
from cccc.common.machine import watch
from cccc.common.paths import PEERS
from cccc.common.worker import Worker
from cccc.services.delivery.mail import cli_hooks
from cccc.services.delivery.memory import Memory
from cccc.services.delivery.panes.hands import Hands
from cccc.services.delivery.running.peers import Kind

_BEGINS = ("UserPromptSubmit", "PostToolUse", "PreCompact", "Nudged")
_ENDS = ("Stop", "StopFailure", "Interrupt", "PostCompact", "SessionStart")
_LOOK_ANYWAY = 1.0  # where a folder gives no events


class Receipts:
    """The spool of both peers. A file is removed once what it proves is on disk."""

    def __init__(
        self, service: Worker, memory: Memory, hands_: Mapping[str, Hands], kind: Callable[[str], Kind]
    ) -> None:
        self._service = service
        self._memory = memory
        self._hands = hands_
        self._kind = kind
        self._project = service.project
        self._said: set[str] = set()
        self._fresh: set[str] = set(PEERS)  # peers whose spool has to be read
        self._read_at = 0.0
        cli_hooks.prepare(self._project)
        self._events_arrive = watch.probe(self._project.hooks(PEERS[0]))
        self._watch = watch.Watch()
        for peer in PEERS:
            self._watch.add(self._project.hooks(peer))
        service.watch(self._watch.fileno(), self._left)

    def close(self) -> None:
        self._service.unwatch(self._watch.fileno())
        self._watch.close()

    def _left(self) -> None:
        for event in self._watch.events():
            if event.what in (watch.GONE, watch.OVERFLOW):
                cli_hooks.prepare(self._project)
                for peer in PEERS:
                    self._watch.add(self._project.hooks(peer))
                self._fresh |= set(PEERS)
            elif not event.name.startswith("."):
                self._fresh |= {peer for peer in PEERS if event.folder == self._project.hooks(peer)}

    def read(self) -> None:
        """Say what is new in the spools, and forget what is on disk."""
        now = time.monotonic()
        if not self._events_arrive:
            self._service.wake_in(_LOOK_ANYWAY)
            if now - self._read_at > _LOOK_ANYWAY:
                self._fresh, self._read_at = set(PEERS), now
        for peer in sorted(self._fresh):
            self._fresh.discard(peer)
            for told in cli_hooks.spooled(self._project, peer):
                self._take(peer, told)

    def _take(self, peer: str, told: cli_hooks.Told) -> None:
        if self._service.pending(told.id):
            self._fresh.add(peer)
            return
        if told.id not in self._said:
            self._said.add(told.id)
            self._turn(peer, told)
            said = cli_hooks.follows(peer, self._memory.peers[peer], told)
            if said:
                self._service.say(*said, id_=told.id)
                self._fresh.add(peer)
                return
        self._said.discard(told.id)
        with contextlib.suppress(FileNotFoundError):
            told.path.unlink()

    def _turn(self, peer: str, told: cli_hooks.Told) -> None:
        at = self._hands.get(peer)
        if at is None:
            return
        if told.event == "PermissionRequest":
            at.asks = f"permission: {told.fields.get('tool_name', 'a tool')}"
        elif told.event in (*_BEGINS, *_ENDS):
            at.asks = ""
        if told.event in _BEGINS and not at.turn:
            at.begin(told.id, str(told.fields.get("transcript_path", "")))
        elif told.event in _ENDS:
            at.turn = ""
        at.look_at, at.stale = 0.0, True

    def end_by_screen(self, peer: str) -> None:
        """Say that a turn is over of whose end no hook told: a person's Esc, an error."""
        at = self._hands.get(peer)
        if at is None or not at.turn or not at.over(time.monotonic()):
            return
        ending = self._kind(peer).ending(Path(at.record))
        if ending.outcome == "failed":
            said = cli_hooks.failed(peer, ending.error, ending.words)
        else:
            said = [f.TurnEnd(peer=peer, outcome=ending.outcome)]
        self._service.say(*said, id_=f"{at.turn}.end")
        at.turn = at.asks = ""
