"""The whole project in one `Status`: what the ledger told, and what is heard right now.

What signals told is lost with the process, and told again within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from cccc.common import facts as f
from cccc.common.paths import PEERS
from cccc.common.registry import SERVICES, is_bridge
from cccc.common.shown.short import one_line
from cccc.common.shown.status import FORMAT, Ledger, Peer, Service, Skip, Status
from cccc.services.panel.fold import State

SILENT_AFTER = 10.0
_OPEN_SHOWN = 20


class Moment(NamedTuple):
    """One instant on both clocks: monotonic to compare, UTC to show."""

    clock: float
    ts: str


@dataclass
class _Voice:
    """The last beat of one service."""

    at: Moment
    beat: f.Beat | None = None
    since: str = ""


@dataclass
class Live:
    """What was heard since `start`."""

    start: Moment
    voices: dict[str, _Voice] = field(default_factory=dict)
    panes: dict[str, tuple[f.PaneState, str]] = field(default_factory=dict)  # with the state's first moment

    def __post_init__(self) -> None:
        self.voices = {service.name: _Voice(self.start) for service in SERVICES}

    def hear_beat(self, beat: f.Beat, now: Moment, since: str) -> None:
        """Take note of a beat of the process that runs since `since`."""
        if beat.by == "ledger" and now.clock - self.voices["ledger"].at.clock > SILENT_AFTER:
            for voice in self.voices.values():  # none of them could be heard
                voice.at = now
        self.voices[beat.by] = _Voice(now, beat, since)

    def hear_pane(self, pane: f.PaneState, now: Moment) -> None:
        """Take note of the state of a peer's pane."""
        known = self.panes.get(pane.peer)
        self.panes[pane.peer] = (pane, known[1] if known and known[0].state == pane.state else now.ts)

    def silent(self, name: str, now: Moment) -> bool:
        """Whether a service has stopped beating.

        The others are heard through the ledger, so they are judged by its last beat.
        """
        heard_until = now if name == "ledger" else self.voices["ledger"].at
        return heard_until.clock - self.voices[name].at.clock > SILENT_AFTER

    def is_another(self, name: str, pid: int, now: Moment) -> bool:
        """Whether a service that is silent was started again since, as the process `pid`."""
        voice = self.voices.get(name)
        return bool(voice and voice.beat and voice.beat.pid != pid) and self.silent(name, now)

    def heard(self, now: Moment) -> list[str]:
        """Return the services that beat, in start order."""
        return [name for name, voice in self.voices.items() if voice.beat and not self.silent(name, now)]


class Setting(NamedTuple):
    """What neither facts nor signals tell."""

    session: str
    leader: str
    started: str
    ledger_size: int
    segments: int
    failing: Mapping[str, str] = MappingProxyType({})  # services that supervisord has to start again and again, and why
    obstacles: Sequence[str] = ()  # what keeps patches from landing
    settings: Sequence[str] = ()  # what is broken in the files, or not in force yet


def status(state: State, live: Live, setting: Setting, now: Moment) -> Status:
    """Return the whole, with an empty `ts`. It shares lists with `state`: encode it at once."""
    # A bridge that is silent was stopped: it is no trouble.
    here = [name for name in live.voices if not (is_bridge(name) and live.silent(name, now))]
    services = {name: _service(live, name, now) for name in here}
    for name, why in setting.failing.items():
        service = services.setdefault(name, Service())
        service.state, service.trouble = "failing", one_line(why)
    peers = {peer: _peer(state, live, peer, now) for peer in PEERS}
    return Status(
        format=FORMAT,
        ts="",
        session=setting.session,
        leader=setting.leader,
        started=setting.started,
        troubles=[*_troubles(services, peers, state.skipped), *setting.obstacles, *setting.settings],
        settings=list(setting.settings),
        services=services,
        peers=peers,
        patches_open=len(state.patches),
        patches=list(state.patches.values())[:_OPEN_SHOWN],
        settled=state.settled,
        counts=state.counts,
        mailbox_counts=state.mailbox_counts,
        notices=state.notices,
        told=state.told,
        rfds=list(state.rfds.values()),
        skipped=state.skipped,
        facts=state.facts,
        ledger=Ledger(state.seq, setting.ledger_size, setting.segments),
        paused=state.paused,
        filter_on=state.filter_on,
        linted_by=state.linted_by,
        tested_by=state.tested_by,
        tested=state.tested,
        leftovers=state.leftovers,
    )


def _service(live: Live, name: str, now: Moment) -> Service:
    voice = live.voices[name]
    service = Service(since=voice.since)
    if voice.beat:
        service.state = "ready" if voice.beat.ready else "starting"
        service.pid, service.version = voice.beat.pid, voice.beat.version
        service.trouble = one_line(voice.beat.trouble)
    if live.silent(name, now):
        service.state, service.silent_since = "silent", voice.at.ts
    return service


def _peer(state: State, live: Live, peer: str, now: Moment) -> Peer:
    mail = state.mail[peer]
    result = Peer(inbox=max(0, mail.delivered - mail.read), command=mail.command, last=mail.last)
    if live.silent("delivery", now):
        result.reason = "delivery is not responding"
    elif peer in live.panes:
        pane, result.since = live.panes[peer]
        result.state, result.reason = pane.state, one_line(pane.reason)
        result.inbox, result.nudge = pane.inbox, one_line(pane.nudge)
    return result


def _troubles(services: dict[str, Service], peers: dict[str, Peer], skipped: list[Skip]) -> list[str]:
    lines = []
    for name, service in services.items():
        if service.state == "silent":
            lines.append(f"{name} is not responding; see `cccc logs {name}`")
        elif service.trouble:
            lines.append(f"{name}: {service.trouble}")
    for peer, shown in peers.items():
        if shown.state == "dead":
            lines.append(f"{peer} is dead: {shown.reason}" if shown.reason else f"{peer} is dead")
    for skip in skipped:
        lines.append(f"{skip.service} skipped fact {skip.fact} (seen? `cccc status --clear`): {skip.error}")
    return lines
