"""What follows from a fact. Pure: no clock, no disk, no bus, no tmux.

`decide` is called once for every heard fact, in order, also in replay. It changes the state
and returns what must be said; the same facts give the same answers, so what was said before a
crash and is said again after it has the same ids and counts once.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple

import msgspec

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import PEERS, other
from cccc.common.settings.cli_profiles import CliProfiles
from cccc.services.orchestrator import diffs, envelope

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_ROUTES = {"a": ("PeerA",), "b": ("PeerB",), "both": PEERS}


class Queued(msgspec.Struct):
    """A patch that the gate has not settled yet."""

    author: str
    mid: str
    source: str
    since: str
    stage: str = "queued"  # then checking, held, landing
    reason: str = ""


class State(msgspec.Struct):
    """What the orchestrator remembers."""

    inbox_seq: Dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(PEERS, 0))
    queue: List[Queued] = msgspec.field(default_factory=list)
    tails: Dict[str, str] = msgspec.field(default_factory=dict)  # mid -> end of its last failed check


class Said(NamedTuple):
    """A fact to say, and the body it names."""

    fact: Fact
    body: bytes = b""


class Rules:
    """The settings that decisions depend on, and the decisions."""

    def __init__(self, profiles: CliProfiles, redact: f.Redact) -> None:
        self._profiles = profiles
        self._redact = redact

    def decide(self, state: State, fact: Fact, body: bytes) -> list[Said]:
        """Return what follows from `fact`; `body` holds the bytes it names."""
        if isinstance(fact, f.UserMessage):
            text = body.decode("utf-8", "replace")
            return [self._handoff(state, "User", to, fact.mid, text) for to in _ROUTES[fact.route]]
        if isinstance(fact, f.ToPeer):
            return self._to_peer(state, fact, body)
        if isinstance(fact, f.Patch):
            return [self._queued(fact.author, fact.mid, "patch.diff", diffs.find(body) or body)]
        if isinstance(fact, f.MailboxRefused):
            text = f"MAILBOX REFUSED {fact.mid}: your {fact.file} was not taken: {fact.reason}"
            return [self._handoff(state, "System", fact.author, f"sys-{fact.seq}", text)]
        if isinstance(fact, f.NudgeUnanswered):
            text = f"{fact.to} has left {fact.attempts} nudges unanswered since {fact.since}; look at its pane"
            return [Said(f.Notice(text=text, about=fact.to))]
        if isinstance(fact, f.Handoff):
            state.inbox_seq[fact.to] = max(state.inbox_seq[fact.to], fact.inbox_seq)
            return []
        return self._gate(state, fact)

    def _to_peer(self, state: State, fact: f.ToPeer, body: bytes) -> list[Said]:
        text = body.decode("utf-8", "replace")
        said = [self._handoff(state, fact.author, other(fact.author), fact.mid, text)]
        patch = diffs.find(body)
        if patch:
            said.append(self._queued(fact.author, fact.mid, "inline", patch))
        return said

    def _gate(self, state: State, fact: Fact) -> list[Said]:
        """Follow a patch through the gate, and tell its author what became of it."""
        if isinstance(fact, f.PatchQueued):
            state.queue.append(Queued(fact.author, fact.mid, fact.source, fact.ts))
        elif isinstance(fact, (f.Lint, f.Test)):
            _stage(state, fact.mid, "checking", f"{fact.kind} {fact.verdict}")
            if fact.verdict not in ("green", "skipped"):
                state.tails[fact.mid] = f"$ {fact.command}\n{fact.tail}"
        elif isinstance(fact, f.PatchHeld):
            _stage(state, fact.mid, "held", fact.reason)
            text = f"PATCH HELD {fact.mid}: {fact.reason}\nIt is kept and goes on by itself; nothing to do."
            return [self._handoff(state, "System", fact.author, f"sys-{fact.seq}", text)]
        elif isinstance(fact, f.PatchLanding):
            _stage(state, fact.mid, "landing", "")
        elif isinstance(fact, (f.PatchReject, f.PatchPrecheckFail)):
            return [self._rejected(state, fact)]
        elif isinstance(fact, f.PatchCommit):
            return self._landed(state, fact)
        return []

    def _rejected(self, state: State, fact: f.PatchReject | f.PatchPrecheckFail) -> Said:
        _settled(state, fact.mid)
        if isinstance(fact, f.PatchPrecheckFail):
            reason, output = f"git cannot apply it to {fact.base[:9]}", fact.stderr
        else:
            reason, output = fact.reason, state.tails.get(fact.mid, "")
        state.tails.pop(fact.mid, None)
        text = f"PATCH REJECTED {fact.mid}: {reason}\n"
        if output:
            text += f"\n```\n{output.strip()}\n```\n"
        text += "\nNothing in the repository was changed. Hand in a corrected patch."
        return self._handoff(state, "System", fact.author, f"sys-{fact.seq}", text)

    def _landed(self, state: State, fact: f.PatchCommit) -> list[Said]:
        _settled(state, fact.mid)
        state.tails.pop(fact.mid, None)
        tests = "no tests were found" if fact.tests_ok is None else "tests green"
        branch = fact.branch.removeprefix("refs/heads/")
        text = f"PATCH LANDED {fact.mid}: {fact.commit[:9]} on {branch}, {fact.lines} lines, {tests}\n"
        text += "\n".join(fact.paths[:20])
        mid = f"sys-{fact.seq}"
        return [self._handoff(state, "System", peer, mid, text) for peer in (fact.author, other(fact.author))]

    def _handoff(self, state: State, author: str, to: str, mid: str, text: str) -> Said:
        state.inbox_seq[to] += 1
        profile = self._profiles.peerA if to == "PeerA" else self._profiles.peerB
        body = envelope.wrap(author, mid, text, envelope.suffix_for(author, to, profile.inbound_suffix))
        fact = f.Handoff(author=author, to=to, mid=mid, inbox_seq=state.inbox_seq[to], **f.body(body, self._redact))
        return Said(fact, body)

    def _queued(self, author: str, mid: str, source: str, patch: bytes) -> Said:
        return Said(f.PatchQueued(author=author, mid=mid, source=source, **f.body(patch, self._redact)), patch)


def _stage(state: State, mid: str, stage: str, reason: str) -> None:
    for entry in state.queue:
        if entry.mid == mid:
            entry.stage, entry.reason = stage, reason


def _settled(state: State, mid: str) -> None:
    state.queue = [entry for entry in state.queue if entry.mid != mid]
