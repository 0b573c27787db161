"""A bridge: between the facts and one chat platform.

What comes in is acknowledged to the platform only after its fact is on disk, one after the other. What goes out is in
`outgoing.py`. Everything that decides is pure, in the modules beside these two.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import msgspec

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.chats import bridges, pairing
from cccc.common.errors import NotFound, UserError
from cccc.common.facts import Fact
from cccc.common.machine import durable
from cccc.common.machine.faults import fault
from cccc.common.paths import Project
from cccc.common.settings.chat import Chat
from cccc.common.text.redaction import Redactor
from cccc.common.worker import Worker
from cccc.services.bridges import files_in, files_out, intake, memory
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.ends import Ends
from cccc.services.bridges.files_in import Fetched
from cccc.services.bridges.files_out import FilesOut
from cccc.services.bridges.intake import PassOn, Setting, Verdict
from cccc.services.bridges.loop import Done, Loop
from cccc.services.bridges.outgoing import Outgoing
from cccc.services.bridges.platform import Health, Incoming, Message, Platform, Undone, Unreadable, well_formed
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
        self._inbox: deque[Incoming] = deque()
        self._taken = ""  # the id under which the first of them was said
        self._verdict: Verdict | None = None  # of the first of them, while its files are fetched
        self._fetched: list[Fetched] | None = None
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
                self._inbox.append(well_formed(each))
        self._tell()
        if not self._begun:
            if any(map(self.pending, self._first)):  # who is let in, and what is thrown away, comes before all else
                return
            bridges.start_mark(self.project, self.via).unlink(missing_ok=True)
            self._begun = True
        while self._inbox and self._take_in(self._inbox[0]):
            self._inbox.popleft()
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
                left_out = f.ChatUnsubscribed(via=self.via, chat=chat, reason="the settings do not list it any more")
                self._say_first(left_out, f"{self.name}:out:{chat}:{self.bus.seq}")

    def _say_first(self, fact: Fact, id_: str) -> None:
        self.say(fact, id_=id_)
        self._first.append(id_)

    # --- coming in ---

    def _take_in(self, came: Incoming) -> bool:
        """Bring one thing that came a step further; return whether it is done and accepted."""
        if self._taken != came.id:
            verdict = self._verdict or self._decided(came)
            if verdict.message and verdict.message.files and self._fetched is None:
                if self._verdict is None:
                    self._verdict = verdict
                    self.loop.submit("fetch", self._fetch(came, verdict.message))
                return False
            with self._blaming(came):
                self._say(came, verdict)
            self._taken, self._verdict, self._fetched = came.id, None, None
        if self.pending(came.id):
            return False
        fault("bridge.heard")
        self.loop.submit("accept", self.platform.accept(came))
        return True

    def _decided(self, came: Incoming) -> Verdict:
        died_of = self.struck(came.id)
        with self._blaming(came):
            return intake.decide(self.state, Unreadable(came.id, died_of) if died_of else came, self._setting())

    @contextlib.contextmanager
    def _blaming(self, came: Incoming) -> Iterator[None]:
        """Note that the bridge dies of what came, as the platform brings it again: after two deaths it is refused."""
        try:
            yield
        except (OSError, Undone):  # the disk or the network
            raise
        except Exception as error:
            self.strike(came.id, error)
            raise

    def _setting(self) -> Setting:
        return Setting(
            via=self.via,
            rules=self.rules,
            me=self.platform.me,
            plain_words=self.platform.plain_words,
            configured=self.configured(),
            codes=pairing.good(self.project, time.time()),
            now=time.time(),
        )

    def _say(self, came: Incoming, verdict: Verdict) -> None:
        facts = list(verdict.facts)
        if verdict.message and isinstance(came, Message):
            facts += self._message(came, verdict.message, self._fetched or [])
        if facts:
            self.say(*facts, id_=came.id)
        if verdict.used_code:
            pairing.use_up(self.project, verdict.used_code, time.time())

    async def _fetch(self, came: Incoming, passed: PassOn) -> str:
        folder = self.project.root / self.rules.files.inbound_dir / time.strftime("%Y%m%d", time.gmtime())
        kept = self.settings.cli_profiles.mailbox.min_free_mb * 1_000_000
        spare = shutil.disk_usage(self.project.home).free - kept
        with self._blaming(came):
            rules = self.rules.files
            self._fetched = await files_in.fetch(self.platform, passed.files, folder, _mid(came), rules, spare)
        return ""

    def _message(self, came: Message, passed: PassOn, fetched: Sequence[Fetched]) -> list[Fact]:
        """Return the message for the peers, unless nothing of it is left, and what its author is told."""
        files_in.note(self.project, self.via, came, _mid(came), self.redact(passed.text), fetched)
        told: list[Fact] = [
            intake.told(came, self.via, f"the file {file.name} was not taken: {file.refused}")
            for file in fetched
            if file.refused
        ]
        if not passed.text and not any(file.path for file in fetched):
            return told
        content = files_in.block(self.project, passed.text, fetched).encode()
        self.blobs.put(content)
        message = f.UserMessage(
            mid=_mid(came),
            via=self.via,
            route=passed.route,
            who=came.who,
            user=came.user,
            chat=came.chat,
            thread=came.thread,
            message=came.message,
            album=came.album,
            edit_of=passed.edit_of,
            **f.body(content, self.redact),
        )
        return [message, *told]

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


def _mid(came: Incoming) -> str:
    """Return the id by which the peers, the trace and the file names know what came."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", came.id)
