"""What keeps two peers on course for weeks: SYSTEM in each new session, self-checks, compactions. Pure.

A session is new when its CLI was started without going on with one, or tells of one that was
never given SYSTEM. The text waits for the first message (the lazy preamble), so that a
session in which nobody says anything costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.common.paths import PEERS
from cccc.common.settings.cli_profiles import Delivery
from cccc.common.text.lines import moment
from cccc.services.orchestrator.decision import Said

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_MOST_TOLD = 50
_REMINDER = "Use the insight block of your next message for a new angle, not to repeat the message."

# (to, mid, text) -> the handoff of a text that is the system's own
Write = Callable[[str, str, str], Said]


class Session(msgspec.Struct):
    """What one peer's CLI remembers."""

    id: str = ""  # "" until the CLI tells it
    owed: bool = False  # SYSTEM goes in front of the next message
    unread: str = ""  # mid of the last SYSTEM, while it lies in the inbox


class State(msgspec.Struct):
    sessions: Dict[str, Session] = msgspec.field(default_factory=lambda: {peer: Session() for peer in PEERS})
    unread: Dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(PEERS, 0))
    told: List[str] = msgspec.field(default_factory=list)  # sessions that were given SYSTEM, the newest last
    handoffs: int = 0  # that say something
    checks: int = 0


class Upkeep:
    """The settings that it depends on; `prompts` are the SYSTEM texts by peer, {} for none."""

    def __init__(self, settings: Delivery, prompts: Mapping[str, str]) -> None:
        self._settings = settings
        self._prompts = prompts

    def preamble(self, state: State, peer: str, fact: Fact, write: Write) -> list[Said]:
        """Return what goes in front of a message that is about to be handed to the peer."""
        session = state.sessions[peer]
        if not session.owed or not self._settings.lazy_preamble.enabled or not self._prompts.get(peer):
            return []
        if session.unread:  # of a session that ended before it read it
            _given(state, session)
            return []
        return [Said(f.LazyPreambleSent(peer=peer)), *self.system(state, peer, fact, write)]

    def count(self, state: State, handoffs: int) -> list[Said]:
        """Count handoffs that say something; return the self-check that they make due."""
        every, before = self._settings.self_check_every_handoffs, state.handoffs
        state.handoffs += handoffs
        if not every or before // every == state.handoffs // every:
            return []
        return [Said(f.SelfCheck(every=every, count=state.checks + 1))]

    def check(self, state: State, fact: f.SelfCheck, write: Write) -> list[Said]:
        """Return the questions of a self-check, and the compactions that it brings."""
        state.checks = fact.count
        text = f"{now(fact.ts)}\n{self._settings.self_check_text.strip()}\n{_REMINDER}"
        said = [write(peer, f"check-{fact.seq}", text) for peer in PEERS]
        every = self._settings.context_compact_every_self_checks
        if every and fact.count % every == 0:
            said += [Said(f.ContextCompactTry(peer=peer, self_check_index=fact.count)) for peer in PEERS]
        return said

    def compacted(self, state: State, fact: f.ContextCompact, write: Write) -> list[Said]:
        """Return SYSTEM again, for a session that was compacted."""
        again = f.ContextSystemReinject(peer=fact.peer, chars=len(self._prompts.get(fact.peer, "")))
        return [Said(again), *self.system(state, fact.peer, fact, write)]

    def system(self, state: State, peer: str, fact: Fact, write: Write) -> list[Said]:
        """Return SYSTEM for a peer, if it has one."""
        text = self._prompts.get(peer, "")
        if not text:
            return []
        session = state.sessions[peer]
        _given(state, session)
        session.unread = f"system-{fact.seq}-{peer[-1].lower()}"
        return [write(peer, session.unread, f"{now(fact.ts)}\n\n{text}")]


# What follows from a fact of sessions, self-checks and compactions.
decide: ByKind[Sequence[Said]] = ByKind(())


@decide.rule
def _session(state: State, fact: f.PeerStarted | f.PeerSession, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    _begin(state, fact)
    return upkeep.preamble(state, fact.peer, fact, write) if state.unread[fact.peer] > 0 else ()


@decide.rule
def _handed(state: State, fact: f.Handoff, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    state.unread[fact.to] += 1
    return ()


@decide.rule
def _read(state: State, fact: f.AckFile, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    state.unread[fact.author] -= 1
    session = state.sessions[fact.author]
    session.unread = "" if session.unread == fact.mid else session.unread
    return ()


@decide.rule
def _check(state: State, fact: f.SelfCheck, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    return upkeep.check(state, fact, write)


@decide.rule
def _compacted(state: State, fact: f.ContextCompact, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    return upkeep.compacted(state, fact, write) if fact.of else ()


@decide.rule
def _refresh(state: State, fact: f.Refresh, upkeep: Upkeep, write: Write) -> Sequence[Said]:
    return upkeep.system(state, fact.peer, fact, write)


def now(ts: str) -> str:
    """Return a fact's time as the peers are told it: local, with its zone."""
    local = moment(ts).astimezone()
    offset = local.strftime("%z")
    return f"Now: {local:%Y-%m-%d %H:%M:%S} {local.tzname()} (UTC{offset[:3]}:{offset[3:]})"


def _begin(state: State, fact: f.PeerStarted | f.PeerSession) -> None:
    """Note which session runs, and whether it still has to be given SYSTEM."""
    session = state.sessions[fact.peer]
    if isinstance(fact, f.PeerSession) and fact.session == session.id:
        return
    unnamed = isinstance(fact, f.PeerSession) and not session.id
    session.id = fact.session
    if unnamed and not session.owed:  # it was given SYSTEM before its CLI told its id
        _given(state, session)
    session.owed = session.id not in state.told


def _given(state: State, session: Session) -> None:
    session.owed = False
    if session.id and session.id not in state.told:
        state.told.append(session.id)
        del state.told[:-_MOST_TOLD]
