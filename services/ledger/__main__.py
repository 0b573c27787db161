"""The ledger service: the one writer, and the hub of the bus.

Requests are drained without waiting, written with one fsync, published, then answered: the
batch that gathers during one fsync pays for the next. No timer, no delay, no setting.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, NamedTuple

import msgspec
import zmq

from cccc.common import bus, ledger, registry
from cccc.common import facts as f
from cccc.common.facts import Beat, Fact, Signal
from cccc.common.ledger import anchor
from cccc.common.machine import leftovers
from cccc.common.machine.faults import fault
from cccc.common.machine.process import Process, main
from cccc.common.paths import Project
from cccc.common.version import VERSION
from cccc.services.ledger.store import Store

BEAT = 2.0
_MOST_AT_ONCE = 256
_LONGEST = 4 * f.LONGEST_TEXT  # who says a fact cuts at LONGEST_TEXT; a fact that was refused would stop its service


class _Say(NamedTuple):
    """One request to write."""

    sender: bytes
    token: object
    facts: list[Fact]


class Ledger(Process):
    """Writes, publishes, answers."""

    name = "ledger"

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._store = Store(project)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._requests = context.socket(zmq.ROUTER)
        self._published = context.socket(zmq.PUB)
        self._files: dict[str, int] = {}
        self._bound = {"ledger": self._requests, "facts": self._published}
        for name, socket in self._bound.items():
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, 100_000)
            self._bind(name)
        self._beats: dict[str, Beat] = {}
        self._trouble = ""
        self._beaten = 0.0
        self.watch(self._requests, lambda: None)
        self._say_repairs()
        self.log.info("ready at seq %d", self._store.seq)

    def run(self) -> None:
        super().run()
        self._store.close()

    def _bind(self, name: str) -> None:
        """Bind a socket and note which file it is."""
        path = self.project.socket(name)
        self.project.make_run()
        leftovers.clear(path)
        self._bound[name].bind(f"ipc://{path}")
        path.chmod(0o600)
        self._files[name] = path.lstat().st_ino

    def _bind_again(self) -> None:
        """Make the sockets again that somebody removed. Who was connected still is."""
        for name, inode in list(self._files.items()):
            path = self.project.socket(name)
            if not path.is_socket() or path.lstat().st_ino != inode:
                self.log.warning("%s was removed; it is made again", path)
                self._bound[name].unbind(f"ipc://{path}")
                self._bind(name)

    def _say_repairs(self) -> None:
        """Say what was cut or archived, also where a crash, or `cccc ledger forget`, came before the saying."""
        for kept in sorted(self.project.segments.glob("torn-*.bin")):
            size = kept.stat().st_size
            fact = f.LedgerRepaired(bytes=size, kept=str(kept.relative_to(self.project.root)))
            if self._own(fact, f"repair:{kept.stem}"):
                self.log.warning("the last line was torn: %d bytes were cut and are kept in %s", size, kept)
        closed = [first for first, _ in ledger.segments(self.project)]
        for first, following in zip(closed, [*closed[1:], self._store.first]):
            self._own(f.LedgerArchived(first=first, last=following - 1), f"archive:{first}")
        loss = self._store.keeper.loss
        if loss:
            differs = f.LedgerDiffers(old_seq=loss.seq, old_hash=loss.hash, reason=loss.words)
            self.log.warning("%s", loss.words)
            self._own(differs, f"differs:{loss.hash or time.time_ns()}")

    def _see_to_the_file(self) -> None:
        """Mend, and tell, what others did to the ledger's file."""
        told = self._store.look()
        if told:
            self.log.warning("others changed the ledger's file: %s", told)
            self._own(told, f"mended:{time.time_ns()}")

    def turn(self) -> None:
        says: list[_Say] = []
        for _ in range(_MOST_AT_ONCE):
            try:
                sender, *frames = self._requests.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._take(sender, b"".join(frames), says)
        if says:
            self._see_to_the_file()
            self._write(says)
            self.wake_in(0)
        else:
            self._store.index_now()
        self._store.keep()
        self._beat()

    def _take(self, sender: bytes, frame: bytes, says: list[_Say]) -> None:
        try:
            request = bus.unpack(frame)
            what, token = request["what"], request.get("token")
            if what == "signal":
                self._publish_signal(bus.as_signal(request["signal"]))
            elif what == "beats":
                self._answer(sender, token, beats=[msgspec.to_builtins(beat) for beat in self._beats.values()])
            elif what == "archive":
                self._archive(sender, token)
            elif what == "say":
                self._check(sender, token, request, says)
            else:
                raise ValueError(f"unknown request {what!r}")
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:  # a ValueError since msgspec 0.21 only
            self.log.error("refused a request from %s: %s", sender.hex(), error)
            self._refuse(sender, frame, f"{type(error).__name__}: {error}")

    def _check(self, sender: bytes, token: object, request: dict[str, Any], says: list[_Say]) -> None:
        facts = [bus.as_fact(fields) for fields in request["facts"]]
        for fact in facts:
            if fact.kind not in registry.SAYS.get(request["by"], frozenset()):
                raise ValueError(f"{request['by']} may not say {fact.kind}")
            if not fact.id:
                raise ValueError(f"a {fact.kind} without an id")
            if any(isinstance(value, str) and len(value) > _LONGEST for value in msgspec.structs.astuple(fact)):
                raise ValueError(f"{fact.kind} {fact.id} has a field of more than {_LONGEST} characters; store a body")
            if len(msgspec.json.encode(fact)) > f.LONGEST_FACT:
                raise ValueError(f"{fact.kind} {fact.id} has more than {f.LONGEST_FACT} bytes")
            fact.by = request["by"]
        says.append(_Say(sender, token, facts))

    def _write(self, says: list[_Say]) -> None:
        new: dict[str, Fact] = {}
        for say in says:
            for fact in say.facts:
                if self._store.seq_of(fact.id) is None:
                    new.setdefault(fact.id, fact)
        batch = list(new.values())
        written = self._store.append(batch) if batch else 0
        for fact in batch[:written]:
            self._published.send_multipart([bus.topic_of(fact), bus.pack(msgspec.to_builtins(fact))])
        fault("ledger.published")
        self._trouble = "" if written == len(batch) else "the disk is full: facts are refused"
        for say in says:
            seqs = [self._store.seq_of(fact.id) for fact in say.facts]
            if None in seqs:
                self._answer(say.sender, say.token, error="the disk is full")
            else:
                self._answer(say.sender, say.token, seqs=seqs)

    def _own(self, fact: Fact, id_: str) -> bool:
        """Say a fact of our own; return whether it is new, and on disk."""
        fact.by, fact.id = self.name, id_
        if self._store.seq_of(id_) is not None or not self._store.append([fact]):
            return False
        self._published.send_multipart([bus.topic_of(fact), bus.pack(msgspec.to_builtins(fact))])
        return True

    def _archive(self, sender: bytes, token: object) -> None:
        self._see_to_the_file()
        first, closed = self._store.first, ledger.segments(self.project)
        # A request that is sent again because the answer was late must not close a segment of one line.
        just_now = bool(closed) and self._store.seq == first == self._store.seq_of(f"archive:{closed[-1][0]}")
        path = None if just_now else self._store.archive()
        if path is None:
            self._answer(sender, token, error="nothing to archive: no new facts since the last time")
            return
        self._own(f.LedgerArchived(first=first, last=self._store.seq), f"archive:{first}")
        self._answer(sender, token, path=str(path))

    def _publish_signal(self, signal: Signal) -> None:
        if isinstance(signal, Beat):
            self._beats[signal.by] = signal
        self._published.send_multipart([bus.topic_of(signal), bus.pack(msgspec.to_builtins(signal))])

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten < BEAT:
            return
        self._beaten = now
        self._bind_again()
        self._see_to_the_file()
        loss = self._store.keeper.loss
        differs = f"{loss.words}; gate and nudges are held; {anchor.HOW}" if loss else ""
        self._publish_signal(
            Beat(
                by=self.name,
                pid=os.getpid(),
                version=VERSION,
                ready=True,
                seq=self._store.seq,
                trouble=differs or self._trouble or self._store.trouble or self._store.keeper.trouble,
            )
        )

    def _answer(self, sender: bytes, token: object, **fields: object) -> None:
        self._requests.send_multipart([sender, bus.pack({"token": token, **fields})], zmq.NOBLOCK)

    def _refuse(self, sender: bytes, frame: bytes, reason: str) -> None:
        try:
            token = bus.unpack(frame).get("token")
        except ValueError:
            return
        self._answer(sender, token, refused=reason)


if __name__ == "__main__":
    sys.exit(main(Ledger))
