"""A bridge: between the facts and one chat platform.

What comes in is in `arrivals.py`, what goes out in `outgoing.py`. Everything that decides is pure, in the modules
beside these.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges
from cccc.common.errors import NotFound, UserError
from cccc.common.facts import Fact
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.settings.chat import Chat
from cccc.common.text.redaction import Redactor
from cccc.common.worker import Worker
from cccc.services.bridges import files_in, files_out, memory
from cccc.services.bridges.arrivals import Arrivals
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.ends import Ends
from cccc.services.bridges.files_out import FilesOut
from cccc.services.bridges.loop import Done, Loop
from cccc.services.bridges.outgoing import Outgoing
from cccc.services.bridges.platform import Health, Platform, well_formed
from cccc.services.bridges.receipts import Receipts
from cccc.services.bridges.state import State

_REPORT_EVERY = 5.0
_SWEEP_EVERY = 1800.0


class Bridge(Worker):
    """One chat platform. A subclass sets `name` and `via`, and writes `section`, `configured` and `connect`."""

    version = 2
    State = State
    hears = memory.HEARS
    via: ClassVar[str]

    # --- what a platform writes ---

    def section(self) -> Chat:
        """Return the platform's settings."""
        raise NotImplementedError

    def configured(self) -> Mapping[str, tuple[bool, bool]]:
        """Return the chats that the settings let in: does it get what is said to the user, and the peers' talk."""
        raise NotImplementedError

    def connect(self, tokens: Mapping[str, str]) -> Platform:
        """Return the platform, which does not touch the network before it is run."""
        raise NotImplementedError

    def origin(self) -> str:
        """Return what no other ledger has, 16 characters: the numbers of posts begin at 1 in each of them."""
        return hashlib.sha256(ledger.line_at(self.project, 1) or b"").hexdigest()[:16]

    # --- the worker ---

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        lacking = bridges.missing(self.settings, self.via)
        if lacking:
            raise NotFound(lacking)
        exposed = bridges.exposed(self.project, self.settings, self.via)
        if exposed:
            raise UserError(exposed)
        self.rules = self.section()
        self.state.peers_by_default = self.rules.show_peer_messages
        self.redact = Redactor(self.settings.telegram.redact_patterns).redact
        tokens = bridges.tokens(self.settings, self.via)
        self._token_locks = [bridges.hold_token(token) for token in tokens.values()]
        self.platform = self.connect(tokens)
        self.loop = Loop(self.platform)
        ends = Ends(self, self.state, self.via, self.platform, self.loop, self.rules, self.redact)
        calls = Calls(self, self.via, self.platform.pace)
        self._out, self._receipts = Outgoing(ends, calls), Receipts(ends, calls)
        self._files = FilesOut(self, self.rules.files, self.state, self.redact)
        self._arrivals = Arrivals(ends, self.configured())
        self._first: list[str] = []  # what is said at the start
        self._begun = False  # all of it is heard
        self._swept_at = -_SWEEP_EVERY
        self._report = bridges.Report(os.getpid(), since=time.time())
        self._reported_at = 0.0

    def fold(self, fact: Fact) -> None:
        memory.fold(self.state, fact, self.via)

    def open(self) -> None:
        self._out.adopt()
        self._begin()
        self._subscribe()
        self.watch(self.loop.fileno(), lambda: None)
        self.loop.start()

    def act(self) -> None:
        for each in self.loop.came():
            if isinstance(each, Health):
                self._feel(each)
            elif isinstance(each, Done):
                (self._receipts if each.key == "mark" else self._out).ended(each)
            else:
                self._arrivals.put(well_formed(each))
        self._tell()
        if not self._begun:
            if any(map(self.pending, self._first)):  # who is let in, and what is thrown away, comes before all else
                return
            bridges.start_mark(self.project, self.via).unlink(missing_ok=True)
            self._begun = True
        self._arrivals.step()
        self._out.step()
        self._receipts.step()
        self._files.step()
        self._sweep()

    def close(self) -> None:
        self.loop.close()
        self._files.close()
        self._report.connected = False
        self._write_report()

    # --- starting ---

    def _begin(self) -> None:
        """Say that a person started the bridge, once per start, and not after a crash."""
        mark = bridges.start_mark(self.project, self.via)
        if mark.exists():
            started = f.BridgeStarted(via=self.via, reset=self.rules.outbound.reset_on_start)
            self._say_first(started, f"{self.name}:start:{mark.read_text()}")

    def _subscribe(self) -> None:
        """Let in what the settings list, and leave out what they list no more."""
        wanted = {self.state.moved.get(chat, chat): gets for chat, gets in self.configured().items()}
        for chat, (to_user, peers) in wanted.items():
            its = self.state.subscriptions.get(chat)
            if its is None or (its.how == "settings" and (its.to_user, its.peers) != (to_user, peers)):
                let_in = f.ChatSubscribed(via=self.via, chat=chat, how="settings", to_user=to_user, peers=peers)
                self._say_first(let_in, f"{self.name}:in:{chat}:{self.bus.seq}")
        for chat, its in self.state.subscriptions.items():
            if its.how == "settings" and chat not in wanted:
                left_out = f.ChatUnsubscribed(via=self.via, chat=chat, reason="the settings no longer list it")
                self._say_first(left_out, f"{self.name}:out:{chat}:{self.bus.seq}")

    def _say_first(self, fact: Fact, id_: str) -> None:
        self.say(fact, id_=id_)
        self._first.append(id_)

    def _sweep(self) -> None:
        """Remove what is older than the settings say, twice an hour."""
        if time.monotonic() - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at, rules, now = time.monotonic(), self.rules.files, time.time()
        files_in.forget_old(self.project.root / rules.inbound_dir, rules.inbound_retention_days, now)
        files_out.forget_old(self.project.root / rules.outbound_dir, rules.outbound_retention_days, now)

    # --- how it is ---

    def _feel(self, health: Health) -> None:
        report, now = self._report, time.time()
        if health.connected != report.connected:
            report.connected, report.since = health.connected, now
            self.log.info(
                "connected" if health.connected else "not connected: %s", *([] if health.connected else [health.error])
            )
            self._reported_at = 0.0
        if health.connected:
            report.proof, report.proved = health.proof, now
        if health.error and health.error != report.error:
            self.log.warning("%s", health.error)
            self._reported_at = 0.0
        report.error = health.error or report.error
        self.trouble = "" if health.connected else health.error

    def _tell(self) -> None:
        """Write the report for people and tools when it has changed, and not all the time."""
        self._report.chats = len(self.state.subscriptions)
        self._report.waiting = sum(len(box.queue) for box in self.state.outboxes.values())
        if time.monotonic() - self._reported_at >= _REPORT_EVERY:
            self._write_report()

    def _write_report(self) -> None:
        self._reported_at = time.monotonic()
        told = msgspec.json.format(msgspec.json.encode(self._report)) + b"\n"
        durable.show(bridges.report_path(self.project, self.via), told)
