"""What follows from a fact. Pure: no clock, no disk, no bus, no tmux.

`decide` is called once for every heard fact, in order, also in replay. It changes the state
and returns what must be said; the same facts give the same answers, so what was said before a
crash and is said again after it has the same ids and counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Dict

import msgspec

from cccc.common import anchor
from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import PEERS, folder
from cccc.common.plural import plural
from cccc.common.settings import Settings
from cccc.services.orchestrator import (
    decisions,
    diffs,
    envelope,
    evidence_cards,
    keepalive,
    patches,
    requests,
    room,
    talk,
    upkeep,
)
from cccc.services.orchestrator import filter as signal
from cccc.services.orchestrator.said import Said, Write

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_TALK = (
    f.ToPeer,
    f.TeachIntercept,
    f.ReviseIntercept,
    f.ReviseRemind,
    f.HandoffHeld,
    f.HandoffRelease,
    f.HandoffDrop,
    f.Pause,
    f.Resume,
    f.FilterSwitched,
)
_LEFT_OVER = "This message lay unread in your inbox when the release before this one stopped; it says who wrote it:"
_ROUTES = {"a": ("PeerA",), "b": ("PeerB",), "both": PEERS}


class State(msgspec.Struct):
    """What the orchestrator remembers."""

    inbox_seq: Dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(PEERS, 0))
    patches: patches.State = msgspec.field(default_factory=patches.State)
    talk: talk.State = msgspec.field(default_factory=talk.State)
    decisions: requests.State = msgspec.field(default_factory=requests.State)
    upkeep: upkeep.State = msgspec.field(default_factory=upkeep.State)
    room: room.State = msgspec.field(default_factory=room.State)
    keepalive: keepalive.State = msgspec.field(default_factory=keepalive.State)


class Rules:
    """The settings that decisions depend on, and the decisions. `prompts` are the SYSTEM texts by peer, as they are."""

    def __init__(self, settings: Settings, redact: f.Redact, prompts: Mapping[str, str] = MappingProxyType({})) -> None:
        self._profiles = settings.cli_profiles
        self._filter = settings.policies.handoff_filter
        self._rfd = settings.policies.rfd
        self._leader = next(peer for peer in PEERS if folder(peer) == settings.roles.leader)
        self._redact = redact
        self._upkeep = upkeep.Upkeep(settings.cli_profiles.delivery, prompts)

    def decide(self, state: State, fact: Fact, body: bytes, raw: bytes = b"") -> list[Said]:
        """Return what follows from `fact`; `body` holds the bytes it names, `raw` what was not UTF-8 before."""

        worth = 0  # handoffs of people and peers that say something

        def write(author: str, to: str, mid: str, text: str) -> Said:
            nonlocal worth
            worth += author != "System" and not signal.low(self._filter, text)
            return self._handoff(author, to, mid, text)

        def tell(to: str, mid: str, text: str) -> Said:
            return self._handoff("System", to, mid, text, ours=True)

        text = body.decode("utf-8", "replace")
        patch = diffs.find(raw) or diffs.find(body) if isinstance(fact, f.ToPeer) else None
        said = [
            *self._said(state, fact, body, text, patch, write),
            *decisions.decide(state.decisions, self._rfd, fact, text, bool(patch), write, self._redact),
            *evidence_cards.decide(fact, text, write, self._redact),
        ]
        keepalive.fold(state.keepalive, fact, text)
        room.fold(state.room, fact)
        if isinstance(fact, f.Handoff):
            state.inbox_seq[fact.to] = max(state.inbox_seq[fact.to], fact.inbox_seq)
        said = [*self._with_preambles(state, fact, said, tell), *self._upkeep.decide(state.upkeep, fact, tell)]
        return [*_numbered(state, said), *self._upkeep.count(state.upkeep, worth)]

    def _with_preambles(self, state: State, fact: Fact, said: Iterable[Said], tell: upkeep.Write) -> Iterator[Said]:
        for entry in said:
            if isinstance(entry.fact, f.Handoff):
                yield from self._upkeep.preamble(state.upkeep, entry.fact.to, fact, tell)
            yield entry

    def _said(self, state: State, fact: Fact, body: bytes, text: str, patch: bytes | None, write: Write) -> list[Said]:
        if isinstance(fact, f.UserMessage):
            return [write("User", to, fact.mid, text) for to in _ROUTES[fact.route]]
        if isinstance(fact, f.InboxTakenOver):
            return [write("System", fact.to, fact.mid, f"{_LEFT_OVER}\n\n{text}")]
        if isinstance(fact, _TALK):
            said = talk.decide(state.talk, self._filter, fact, text, bool(patch), write)
            return [*said, self._queued(fact, "inline", patch)] if isinstance(fact, f.ToPeer) and patch else said
        if isinstance(fact, f.Patch):
            return [self._queued(fact, "patch.diff", diffs.find(body) or body)]
        if isinstance(fact, f.MailboxRefused):
            text = f"MAILBOX REFUSED {fact.mid}: your {fact.file} was not taken: {fact.reason}"
            return [write("System", fact.author, f"sys-{fact.seq}", text)]
        if isinstance(fact, (f.IntakePaused, f.IntakeResumed)):
            return [Said(f.Notice(text=room.told(fact), about="orchestrator"))]
        if isinstance(fact, f.LedgerDiffers):
            text = f"{fact.reason}; the gate and the nudges wait; {anchor.HOW}"
            return [Said(f.Notice(text=text, about="ledger"))]
        if isinstance(fact, f.LedgerRestored):
            return [
                Said(f.Notice(text="the ledger's file was removed while up, and was put back whole", about="ledger"))
            ]
        if isinstance(fact, f.NudgeUnanswered):
            left = plural(fact.attempts, "nudge")
            text = f"{fact.to} has left {left} unanswered since {fact.since}; look at its pane"
            return [Said(f.Notice(text=text, about=fact.to))]
        if isinstance(fact, f.Keepalive):
            return [write("System", self._leader, f"keepalive-{fact.seq}", keepalive.text(fact, self._leader))]
        if isinstance(fact, f.RawTyped) and fact.outcome != "typed":
            return [Said(f.Notice(text=f"{fact.peer}: your line: {fact.outcome}", about=fact.peer))]
        if isinstance(fact, (f.PeerLimit, f.PeerLogin, f.PeerBlocked)):
            return [Said(f.Notice(text=_of_a_cli(fact), about=fact.peer))]
        return patches.decide(state.patches, fact, write)

    def _handoff(self, author: str, to: str, mid: str, text: str, ours: bool = False) -> Said:
        profile = self._profiles.peerA if to == "PeerA" else self._profiles.peerB
        body = envelope.wrap(author, mid, text, envelope.suffix_for(author, to, profile.inbound_suffix), ours)
        return Said(f.Handoff(author=author, to=to, mid=mid, inbox_seq=0, **f.body(body, self._redact)), body)

    def _queued(self, fact: f.ToPeer | f.Patch, source: str, patch: bytes) -> Said:
        queued = f.PatchQueued(author=fact.author, mid=fact.mid, source=source, **f.body(patch, self._redact))
        return Said(queued, patch)


def _numbered(state: State, said: list[Said]) -> list[Said]:
    """Give the handoffs their places in the inboxes."""
    for fact in (entry.fact for entry in said):
        if isinstance(fact, f.Handoff):
            state.inbox_seq[fact.to] += 1
            fact.inbox_seq = state.inbox_seq[fact.to]
    return said


def _of_a_cli(fact: f.PeerLimit | f.PeerLogin | f.PeerBlocked) -> str:
    """Return what the user is told of a CLI that cannot go on by itself."""
    if isinstance(fact, f.PeerLimit):
        when = f" (resets {fact.resets})" if fact.resets else ""
        return f"{fact.peer} has reached its usage limit{when}; its mail waits: {fact.text}"
    if isinstance(fact, f.PeerLogin):
        return f"{fact.peer} has to be logged in again: `cccc attach` and log in there; its mail waits: {fact.text}"
    return (
        f"{fact.peer} has mail that cannot be announced since {fact.since}: {fact.reason}; `cccc attach` shows its pane"
    )
