"""Saying and hearing facts over ZeroMQ.

The ledger service binds a ROUTER (requests, answered after fsync) and a PUB (facts and
signals: topic frame, msgpack frame). Pub/sub loses messages, the file does not: what is not
exactly the next seq on the wire is read from the file, and so is a silent second. A lost
answer does no harm either: the request is sent again, and the ledger drops ids it knows.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Union

import msgpack
import msgspec
import zmq

from cccc.common import ledger
from cccc.common.errors import LedgerError, NotRunning
from cccc.common.facts import AnyFact, AnySignal, Beat, Fact, Signal, tag
from cccc.common.paths import Project
from cccc.common.text import redaction

RESEND = 0.5  # seconds after which an answer counts as lost
RETRY = 0.05  # seconds between looks for a ledger that is away
SILENCE = 1.0
_MOST_AT_ONCE = 256
# The fields that hold words of people, CLIs and programs. Their authors redact before they cut; this is the door.
_WORDS = ("text", "reason", "error", "stderr", "tail", "command", "title", "question", "summary")

Heard = Union[Fact, Signal]


def pack(message: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(message)
    return packed


def unpack(frame: bytes) -> dict[str, Any]:
    """Return the map of a frame. Raises ValueError when it is not one."""
    message = msgpack.unpackb(frame)
    if not isinstance(message, dict):
        raise ValueError(f"not a map: {frame[:80]!r}")
    return message


def _fields(fact: Fact) -> dict[str, Any]:
    """Return a fact as it goes over the wire: without secrets in its words."""
    fields: dict[str, Any] = msgspec.to_builtins(fact)
    return {name: redaction.default.redact(each) if name in _WORDS and each else each for name, each in fields.items()}


def topic_of(message: Heard) -> bytes:
    """Return the topic under which a message is published."""
    return f"{'fact' if isinstance(message, Fact) else 'signal'}.{tag(type(message))}".encode()


class _Fact(msgspec.Struct):
    """msgspec studies a Struct once, but a bare Union at each call: 100 µs for all our kinds, to convert takes one."""

    fact: AnyFact  # type: ignore[valid-type]  # made of all classes when the program runs


class _Signal(msgspec.Struct):
    signal: AnySignal


def as_fact(fields: dict[str, Any]) -> Fact:
    """Return the typed fact of a wire map. Raises msgspec.ValidationError."""
    return msgspec.convert({"fact": fields}, _Fact).fact


def as_signal(fields: dict[str, Any]) -> Signal:
    """Return the typed signal of a wire map. Raises msgspec.ValidationError."""
    return msgspec.convert({"signal": fields}, _Signal).signal


def _context() -> zmq.Context[zmq.Socket[bytes]]:
    return zmq.Context.instance()


def say_socket(project: Project) -> zmq.Socket[bytes]:
    """Return a DEALER to the ledger. It never queues for a ledger that is away."""
    socket: zmq.Socket[bytes] = _context().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.RECONNECT_IVL, 10)
    socket.connect(f"ipc://{project.socket('ledger')}")
    return socket


def hear_socket(project: Project, *topics: bytes) -> zmq.Socket[bytes]:
    """Return a SUB on the ledger's facts and signals."""
    socket: zmq.Socket[bytes] = _context().socket(zmq.SUB)
    socket.setsockopt(zmq.LINGER, 0)
    # The default of 100 ms loses every fact said in a new ledger's first tenth of a second.
    socket.setsockopt(zmq.RECONNECT_IVL, 10)
    for topic in topics:
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    socket.connect(f"ipc://{project.socket('facts')}")
    return socket


class _Decision:
    """The facts of one say, until they are heard."""

    def __init__(self, token: int, id_: str, facts: list[dict[str, Any]]) -> None:
        self.token = token
        self.id = id_
        self.facts = facts
        self.due = 0.0
        self.unheard = {fact["id"] for fact in facts}
        self.until = 0  # the last seq of what is written, 0 before the answer


class Bus:
    """One service's connection: says decisions, hears every fact once and in order."""

    def __init__(self, project: Project, name: str, after: int, signals: Iterable[type[Signal]] = ()) -> None:
        self._name = name
        self.requests = say_socket(project)
        self.messages = hear_socket(project, b"fact.", *map(_signal_topic, signals))
        self._reader = ledger.Reader(project, after)
        self._heard_at = 0.0
        self._tokens = itertools.count(time.time_ns())
        self._decisions: dict[str, _Decision] = {}
        self.silent_since: float | None = None  # when the ledger last owed an answer

    @property
    def seq(self) -> int:
        """The last fact heard."""
        return self._reader.seq

    def say(self, id_: str, facts: Sequence[Fact], cause: int | None) -> None:
        """Say one decision; a repeat of one still under way is ignored.

        It is sent by `flush`, and again until the ledger has it.
        """
        if id_ in self._decisions:
            return
        for number, fact in enumerate(facts):
            fact.by, fact.cause = self._name, cause
            fact.id = id_ if len(facts) == 1 else f"{id_}.{number}"
        fields = [_fields(fact) for fact in facts]
        self._decisions[id_] = _Decision(next(self._tokens), id_, fields)

    def pending(self, id_: str | None = None) -> bool:
        """Whether a decision (or any) is said and not yet heard."""
        return bool(self._decisions) if id_ is None else id_ in self._decisions

    def signal(self, signal: Signal) -> bool:
        """Publish a signal; return False when the ledger is away, and the signal is lost."""
        signal.by = self._name
        return self._send({"what": "signal", "signal": msgspec.to_builtins(signal)})

    def flush(self) -> None:
        """Send what is due. A later decision waits for the answers to the earlier ones: order is kept."""
        now = time.monotonic()
        self._decisions = {id_: d for id_, d in self._decisions.items() if not 0 < d.until <= self.seq}
        unwritten = [decision for decision in self._decisions.values() if not decision.until]
        if any(decision.due > now for decision in unwritten):
            return
        for decision in unwritten:
            request = {"what": "say", "token": decision.token, "by": self._name, "facts": decision.facts}
            sent = self._send(request)
            if not sent or decision.due:
                self.silent_since = self.silent_since or now
            decision.due = now + (RESEND if sent else RETRY)

    def answers(self) -> None:
        """Take the ledger's answers. Raises LedgerError when it says that a fact is wrong."""
        while True:
            try:
                answer = unpack(self.requests.recv(zmq.NOBLOCK))
            except zmq.Again:
                return
            self.silent_since = None
            decision = next((d for d in self._decisions.values() if d.token == answer["token"]), None)
            if decision is None:
                continue
            if "refused" in answer:
                raise LedgerError(f"the ledger refused {decision.facts}: {answer['refused']}")
            if "error" in answer:  # a full disk: due again after RESEND
                self.silent_since = time.monotonic()
            elif max(answer["seqs"]) <= self.seq:
                del self._decisions[decision.id]
            else:
                decision.until = max(answer["seqs"])

    def hear(self) -> Iterator[Heard]:
        """Yield what came since the last call: signals, and every fact after `seq` in order."""
        for _ in range(_MOST_AT_ONCE):
            try:
                topic, frame = self.messages.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            if topic.startswith(b"signal."):
                yield as_signal(unpack(frame))
                continue
            fields = unpack(frame)
            if fields["seq"] == self._reader.seq + 1:
                self._reader.seq += 1
                yield self._known(as_fact(fields))
            elif fields["seq"] > self._reader.seq:
                yield from self.replay()
            self._heard_at = time.monotonic()
        if time.monotonic() - self._heard_at > SILENCE:
            yield from self.replay()

    def replay(self) -> Iterator[Fact]:
        """Yield the facts after `seq` that are in the file."""
        self._heard_at = time.monotonic()
        for line in self._reader.read():
            fact = ledger.decode(line.raw)
            if fact:
                yield self._known(fact)

    def close(self) -> None:
        self._reader.close()
        self.requests.close()
        self.messages.close()

    def _known(self, fact: Fact) -> Fact:
        """Let go of a decision whose every fact was heard: a full disk writes some and refuses the others."""
        if fact.by == self._name:
            for id_ in (fact.id, fact.id.rpartition(".")[0]):
                decision = self._decisions.get(id_)
                if decision:
                    decision.unheard.discard(fact.id)
                    if not decision.unheard:
                        del self._decisions[id_]
        return fact

    def _send(self, request: dict[str, Any]) -> bool:
        try:
            self.requests.send(pack(request), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True


def _signal_topic(cls: type[Any]) -> bytes:
    return f"signal.{tag(cls)}".encode()


def _ask(project: Project, request: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Send one request until it is answered. Raises NotRunning after `timeout` seconds."""
    socket, end = say_socket(project), time.monotonic() + timeout
    request["token"] = time.time_ns()
    frame, due = pack(request), 0.0
    try:
        while time.monotonic() < end:
            if time.monotonic() >= due and socket.poll(5, zmq.POLLOUT):
                socket.send(frame)
                due = time.monotonic() + RESEND
            if socket.poll(5, zmq.POLLIN):
                answer = unpack(socket.recv())
                if answer["token"] == request["token"]:
                    return answer
    finally:
        socket.close()
    raise NotRunning("the ledger does not answer; run `cccc up`, or see `cccc logs ledger`")


def tell(project: Project, by: str, facts: Sequence[Fact], timeout: float = 5.0) -> list[int]:
    """Write one decision of a program that is no service; return the facts' seqs.

    Each fact carries its own id. Raises NotRunning, or LedgerError when the ledger refuses.
    """
    for fact in facts:
        fact.by = by
    request = {"what": "say", "by": by, "facts": [_fields(fact) for fact in facts]}
    answer = _ask(project, request, timeout)
    if "seqs" not in answer:
        raise LedgerError(f"refused by the ledger: {answer.get('refused') or answer.get('error')}")
    seqs: list[int] = answer["seqs"]
    return seqs


def beats(project: Project, timeout: float = 0.5) -> list[Beat]:
    """Return the last beat of each service, the ledger's own included. Raises NotRunning."""
    answer = _ask(project, {"what": "beats"}, timeout)
    return [beat for beat in map(as_signal, answer["beats"]) if isinstance(beat, Beat)]


def archive(project: Project, timeout: float = 10.0) -> str:
    """Close the open segment; return the path of the closed one. Raises NotRunning, LedgerError."""
    answer = _ask(project, {"what": "archive"}, timeout)
    if "path" not in answer:
        raise LedgerError(str(answer.get("error")))
    return str(answer["path"])
