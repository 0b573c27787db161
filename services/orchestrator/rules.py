"""What follows from a fact. Pure: no clock, no disk, no bus, no tmux.

`decide` is called once for every heard fact, in order, also in replay. It changes the state
and returns what must be said; the same facts give the same answers, so what was said before a
crash and is said again after it has the same ids and counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.common.ledger import anchor
from cccc.common.paths import PEERS, folder, other
from cccc.common.settings import Settings
from cccc.services.orchestrator import evidence_cards, patches
from cccc.services.orchestrator.decision import Around, Said
from cccc.services.orchestrator.decisions import answers, requests
from cccc.services.orchestrator.mail import causes, diffs, disk, inbox_text
from cccc.services.orchestrator.talk import forwarding, worth
from cccc.services.orchestrator.upkeep import keepalive, sessions

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_LEFT_OVER = "This message was unread in your inbox when the previous release stopped; it says who wrote it:"
OUTBOX = (f.ToUser, f.ToPeer, f.Notice, f.Rfd)  # what outbox.jsonl, for other programs, has lines of
_ROUTES = {"a": ("PeerA",), "b": ("PeerB",), "both": PEERS}


class State(msgspec.Struct):
    """What the orchestrator remembers."""

    inbox_seq: Dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(PEERS, 0))
    # Messages of the user to the other peer alone, of which this peer was not told yet.
    passed_by: Dict[str, List[str]] = msgspec.field(default_factory=lambda: {peer: [] for peer in PEERS})
    patches: patches.State = msgspec.field(default_factory=patches.State)
    talk: forwarding.State = msgspec.field(default_factory=forwarding.State)
    decisions: requests.State = msgspec.field(default_factory=requests.State)
    upkeep: sessions.State = msgspec.field(default_factory=sessions.State)
    causes: causes.State = msgspec.field(default_factory=causes.State)
    room: disk.State = msgspec.field(default_factory=disk.State)
    keepalive: keepalive.State = msgspec.field(default_factory=keepalive.State)


# What follows from a message as it is, and what the user is told of the system.
_decide: ByKind[Sequence[Said]] = ByKind(())


@_decide.rule
def _typed(state: State, fact: f.UserMessage, around: Around) -> Sequence[Said]:
    to = _ROUTES[fact.route]
    for peer in set(PEERS) - set(to):
        state.passed_by[peer].append(fact.mid)
    return [around.write("User", peer, fact.mid, around.text) for peer in to]


@_decide.rule
def _taken_over(state: State, fact: f.InboxTakenOver, around: Around) -> Sequence[Said]:
    return [around.write("System", fact.to, fact.mid, f"{_LEFT_OVER}\n\n{around.text}")]


@_decide.rule
def _refused(state: State, fact: f.MailboxRefused, around: Around) -> Sequence[Said]:
    text = f"MAILBOX REFUSED {fact.mid}: your {fact.file} was refused: {fact.reason}"
    return [around.write("System", fact.author, f"sys-{fact.seq}", text)]


@_decide.rule
def _keep_alive(state: State, fact: f.Keepalive, around: Around) -> Sequence[Said]:
    return [around.write("System", around.leader, f"keepalive-{fact.seq}", keepalive.text(fact, around.leader))]


@_decide.rule
def _intake(state: State, fact: f.IntakePaused | f.IntakeResumed, around: Around) -> Sequence[Said]:
    return [Said(f.Notice(text=disk.told(fact), about="orchestrator"))]


@_decide.rule
def _differs(state: State, fact: f.LedgerDiffers, around: Around) -> Sequence[Said]:
    return [Said(f.Notice(text=f"{fact.reason}; gate and nudges are held; {anchor.HOW}", about="ledger"))]


@_decide.rule
def _restored(state: State, fact: f.LedgerRestored, around: Around) -> Sequence[Said]:
    return [
        Said(f.Notice(text="the ledger's file was deleted while running and has been restored in full", about="ledger"))
    ]


@_decide.rule
def _unanswered(state: State, fact: f.NudgeUnanswered, around: Around) -> Sequence[Said]:
    return [Said(f.Notice(text=f"{fact.call()}; {fact.advice()}", about=fact.to))]


@_decide.rule
def _line(state: State, fact: f.RawTyped, around: Around) -> Sequence[Said]:
    text = f"{fact.peer}: your line: {fact.outcome}"
    return [Said(f.Notice(text=text, about=fact.peer))] if fact.outcome != "typed" else ()


@_decide.rule
def _of_a_cli(state: State, fact: f.PeerLimit | f.PeerLogin | f.PeerBlocked, around: Around) -> Sequence[Said]:
    return [Said(f.Notice(text=f"{fact.call()}; {fact.advice()}", about=fact.peer))]


# Whose kinds the orchestrator hears.
HEARS: frozenset[type[Fact]] = frozenset().union(
    *(part.kinds for part in (_decide, forwarding.decide, patches.decide, answers.decide, evidence_cards.decide)),
    *(part.kinds for part in (keepalive.fold, disk.fold, causes.fold, sessions.decide)),
    OUTBOX,
)


class Rules:
    """The settings that decisions depend on, and the decisions. `prompts` are the SYSTEM texts by peer, as they are."""

    def __init__(self, settings: Settings, redact: f.Redact, prompts: Mapping[str, str] = MappingProxyType({})) -> None:
        self._profiles = settings.cli_profiles
        self._policies = settings.policies
        self._leader = next(peer for peer in PEERS if folder(peer) == settings.roles.leader)
        self._redact = redact
        self._upkeep = sessions.Upkeep(settings.cli_profiles.delivery, prompts)

    def decide(self, state: State, fact: Fact, body: bytes, raw: bytes = b"") -> list[Said]:
        """Return what follows from `fact`; `body` holds the bytes it names, `raw` what was not UTF-8 before."""
        text = body.decode("utf-8", "replace")
        as_handed_in = raw if raw and b"\0" not in raw else body  # UTF-16 and UTF-32 are searched as text
        diff = diffs.find(as_handed_in) or b"" if isinstance(fact, (f.ToPeer, f.Patch)) else b""
        alone = isinstance(fact, f.UserMessage) and fact.route != "both"

        def write(author: str, to: str, mid: str, text: str) -> Said:
            return self._handoff(author, to, mid, text, _passed_by(state, to), alone=alone)

        around = Around(self._policies, self._redact, write, self._leader, text, body, diff)
        keepalive.fold(state.keepalive, fact, text)
        disk.fold(state.room, fact)
        causes.fold(state.causes, fact)
        if isinstance(fact, f.Handoff):
            state.inbox_seq[fact.to] = max(state.inbox_seq[fact.to], fact.inbox_seq)
        return [_in_its_place(state, entry) for entry in self._following(state, fact, around)]

    def _following(self, state: State, fact: Fact, around: Around) -> Iterator[Said]:
        """Yield what follows, in the order in which it is said."""
        saying = 0  # handoffs of people and peers that say something
        for entry in (
            *_decide(state, fact, around),
            *forwarding.decide(state.talk, fact, around),
            *patches.decide(state.patches, fact, around),
            *answers.decide(state.decisions, fact, around),
            *evidence_cards.decide(state, fact, around),
        ):
            if isinstance(entry.fact, f.Handoff):
                yield from self._upkeep.preamble(state.upkeep, entry.fact.to, fact, self._ours)
                of_system = entry.fact.author == "System"  # every other carries the text of `fact`
                saying += not of_system and not worth.low(self._policies.handoff_filter, around.text)
            yield entry
        yield from sessions.decide(state.upkeep, fact, self._upkeep, self._ours)
        yield from self._upkeep.count(state.upkeep, saying)

    def _ours(self, to: str, mid: str, text: str) -> Said:
        return self._handoff("System", to, mid, text, ours=True)

    def _handoff(
        self, author: str, to: str, mid: str, text: str, note: str = "", ours: bool = False, alone: bool = False
    ) -> Said:
        profile = self._profiles.peerA if to == "PeerA" else self._profiles.peerB
        suffix = inbox_text.suffix_for(author, to, profile.inbound_suffix, alone)
        body = inbox_text.wrap(author, mid, text, suffix, note, ours)
        return Said(f.Handoff(author=author, to=to, mid=mid, inbox_seq=0, **f.body(body, self._redact)), body)


def _passed_by(state: State, to: str) -> str:
    """Return the line that tells a peer, once, what the user wrote to the other one alone; "" when that was nothing."""
    mids, state.passed_by[to] = state.passed_by[to], []
    return f"[NOTE: the user wrote to {other(to)} alone: {', '.join(mids)}; nothing for you to do]" if mids else ""


def _in_its_place(state: State, entry: Said) -> Said:
    """Give a handoff its place in the receiver's inbox."""
    if isinstance(entry.fact, f.Handoff):
        state.inbox_seq[entry.fact.to] += 1
        entry.fact.inbox_seq = state.inbox_seq[entry.fact.to]
    return entry
