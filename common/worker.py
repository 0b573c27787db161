"""What every service but the ledger is: a fold of the facts, and an `act` on its state.

`fold` changes the state from one fact and touches nothing else; it also runs in replay,
when a service starts from its last snapshot. `act` looks at the state and does what is due.
What must be said after a fact is said again after a crash, with the same id, and counts
once. A snapshot is taken only when nothing said is unheard, so that no decision is lost.

A fact that `fold` dies on twice is skipped. A death in `act` counts against no fact: the disk or git
may be what fails, and to skip the fact heard last, which may be a person's no, would mend nothing.
"""

from __future__ import annotations

import os
import time
import traceback
from typing import Any, ClassVar

import msgspec

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.bus import RETRY, Bus
from cccc.common.facts import Fact, Signal
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import durable
from cccc.common.machine.process import Process, main
from cccc.common.paths import Project
from cccc.common.settings import drift
from cccc.common.text import redaction
from cccc.common.version import VERSION

__all__ = ["Worker", "main"]

BEAT = 2.0
SNAPSHOT_EVERY = 500
_DEATHS = 2
_LOOK_UP_EVERY = 1000  # facts of a long replay between beats


class _Snapshot(msgspec.Struct):
    version: int
    seq: int
    prev: str  # of the line `seq`: no match means another ledger
    state: msgspec.Raw


class _Strike(msgspec.Struct):
    """How often a service has died of one thing, and of what error."""

    count: int
    error: str


class Worker(Process):
    """A service. A subclass sets `name`, `State`, `version` and `hears`, and writes fold, open and act."""

    version: ClassVar[int] = 1  # of the state; a snapshot of another version is not used
    State: ClassVar[type[Any]]
    hears: ClassVar[frozenset[type[Fact]]]  # the kinds that `fold` has a rule for
    signals: ClassVar[tuple[type[Signal], ...]] = ()

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.settings = settings.load(project)
        self.blobs = Blobs(project)
        self.trouble = ""
        self._ready = False
        self._beaten = 0.0
        self._last_beat: tuple[object, ...] = ()
        self._prev = ""
        drift.note(project, self.name, self.settings)
        self._snapshot_path = project.snapshots / f"{self.name}.msgpack"
        self._strikes_path = project.snapshots / f"{self.name}.strikes.json"
        self._strikes = self._read_strikes()
        self._snapshot_seq, self.state = self._load()
        self.bus = Bus(project, self.name, self._snapshot_seq, self.signals)
        self.watch(self.bus.requests, self.bus.answers)
        self.watch(self.bus.messages, lambda: None)

    # --- what a service writes ---

    def fold(self, fact: Fact) -> None:
        """Change the state from one heard fact."""

    def hear(self, signal: Signal) -> None:
        """Take note of a signal."""

    def open(self) -> None:
        """Open watches and adopt what is there, once, after the replay."""

    def act(self) -> None:
        """Do what is due; cheap when nothing is."""

    def close(self) -> None:
        """Let go, at stop."""

    # --- what a service calls ---

    def say(self, *facts: Fact, id_: str, cause: int | None = None) -> None:
        """Say one decision, under an id that comes from its source."""
        self.bus.say(id_, facts, cause)

    def pending(self, id_: str) -> bool:
        """Whether this decision is said and not yet heard."""
        return self.bus.pending(id_)

    def signal(self, signal: Signal) -> None:
        """Publish a signal."""
        self.bus.signal(signal)

    def strike(self, source: str, error: Exception) -> None:
        """Note on disk that the service dies of `source`."""
        words = "".join(traceback.format_exception_only(type(error), error)).strip()
        count = self._strikes[source].count + 1 if source in self._strikes else 1
        self._strikes[source] = _Strike(count, redaction.default.redact(words)[: f.LONGEST_TEXT])
        durable.write(self._strikes_path, msgspec.json.encode(self._strikes))

    def struck(self, source: str) -> str:
        """Return the error of which the service has died twice at `source`, or ""."""
        strike = self._strikes.get(source)
        return strike.error if strike and strike.count >= _DEATHS else ""

    # --- the loop ---

    def run(self) -> None:
        for number, fact in enumerate(self.bus.replay()):
            self._fold(fact)
            if number % _LOOK_UP_EVERY == 0:
                self.alive()
                self._beat()
        self.open()
        self._ready = True
        self.log.info("ready at seq %d", self.bus.seq)
        super().run()
        self.close()
        for fact in self.bus.replay():
            self._fold(fact)
        self._save()
        self.bus.close()

    def turn(self) -> None:
        self.bus.answers()
        for heard in self.bus.hear():
            if isinstance(heard, Fact):
                self._fold(heard)
            else:
                self.hear(heard)
        self.act()
        self.bus.flush()
        self._beat()
        if self.bus.seq - self._snapshot_seq >= SNAPSHOT_EVERY:
            self._save()
        if self.bus.pending():
            self.wake_in(RETRY)

    def _fold(self, fact: Fact) -> None:
        self._prev = fact.prev
        if type(fact) not in self.hears:
            return
        died_of = self.struck(str(fact.seq))
        if died_of:
            skipped = f.FactSkipped(service=self.name, fact=fact.seq, error=died_of)
            self.say(skipped, id_=f"skip:{self.name}:{fact.seq}", cause=fact.seq)
            return
        try:
            self.fold(fact)
        except Exception as error:  # a bug: noted and raised, so that two deaths on one fact are enough
            if not (isinstance(error, OSError) and durable.no_room(error)):
                self.strike(str(fact.seq), error)
            raise

    def _beat(self) -> None:
        silent = self.bus.silent_since
        trouble = self.trouble
        if silent is not None:
            trouble = f"the ledger has not taken a fact for {time.monotonic() - silent:.0f} s"
        now = time.monotonic()
        beat = (self._ready, trouble)
        if beat == self._last_beat and now - self._beaten < BEAT:
            return
        told = f.Beat(pid=os.getpid(), version=VERSION, ready=self._ready, seq=self.bus.seq, trouble=trouble)
        if self.bus.signal(told):
            self._last_beat, self._beaten = beat, now
        else:
            self.wake_in(0.1)

    def _read_strikes(self) -> dict[str, _Strike]:
        try:
            return msgspec.json.decode(self._strikes_path.read_bytes(), type=dict[str, _Strike])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.log.warning("%s cannot be read (%s); counting from 0 again", self._strikes_path, error)
            return {}

    def _load(self) -> tuple[int, Any]:
        try:
            kept = msgspec.msgpack.decode(self._snapshot_path.read_bytes(), type=_Snapshot)
            line = ledger.line_at(self.project, kept.seq)
            if kept.version == self.version and line and ledger.envelope(line).prev == kept.prev:
                return kept.seq, msgspec.msgpack.decode(kept.state, type=self.State)
            self.log.warning("the snapshot fits neither this version nor this ledger; folding again")
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.log.warning("the snapshot cannot be read (%s); folding again", error)
        return 0, self.State()

    def _save(self) -> None:
        if self.bus.pending() or self.bus.seq == self._snapshot_seq:
            return
        kept = _Snapshot(self.version, self.bus.seq, self._prev, msgspec.Raw(msgspec.msgpack.encode(self.state)))
        try:
            durable.show(self._snapshot_path, msgspec.msgpack.encode(kept))
        except OSError as error:
            if not durable.no_room(error):
                raise
            self.log.warning("no snapshot is taken: %s", error)
            return
        self._snapshot_seq = self.bus.seq
