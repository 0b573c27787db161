"""The panel's picture: lines of text for a pane of any size, from 60x15 up.

Pure: the same status, moment and size give the same lines. Times are shown to the minute,
so a picture stays right for a minute. Words, not colours alone, say every state.
"""

from __future__ import annotations

import re
import textwrap
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace
from rich.text import Text

from cccc.common.shown.status import Bridge, FactLine, Ledger, PatchLine, Peer, RfdLine, Service, Status, ToldLine
from cccc.common.text.lines import moment
from cccc.common.text.plural import plural

_LABEL = 10
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_WIDE = 80
_STYLES = {
    **dict.fromkeys(("idle", "ready", "landed", "read", "green"), "green"),
    **dict.fromkeys(("busy", "lint", "test", "approved", "landing", "nudged", "inbox"), "cyan"),
    **dict.fromkeys(
        ("waiting", "typing", "held", "decision", "queued", "handed", "starting", "broken", "reverted"), "yellow"
    ),
    **dict.fromkeys(("dead", "failing", "silent", "refused", "red"), "bold red"),
    "unknown": "dim",
}


class Section(NamedTuple):
    """Lines that belong together; the first `least` are shown in the smallest pane too."""

    label: str
    lines: list[Text]
    least: int


def picture(status: Status, width: int, height: int, now: datetime, note: str = "") -> list[Text]:
    """Return at most `height` lines of at most `width` cells. `note` stands in the headline."""
    sections = [
        Section("", [_headline(status, width, now, note)], 1),
        Section("troubles", [Text(line, "bold red") for line in status.troubles], 2),
        Section("decide", [_rfd(rfd, now) for rfd in status.rfds], 2),
        Section("to you", [_told(line, now) for line in status.told], 1),
        *(Section(name, _peer(peer, now), 2) for name, peer in status.peers.items()),
        Section("patches", _patches(status, now), 2),
        Section("paused", [_paused(status, now)] if status.paused else [], 1),
        Section("edits", [Text(_local(status.leftovers, now), "yellow")] if status.leftovers else [], 1),
        Section("handoffs", [_handoffs(status)], 1),
        Section("bridges", [_bridge(name, bridge, now) for name, bridge in status.bridges.items()], 1),
        Section("notices", [_timed(notice.ts, now, Text(_local(notice.text, now))) for notice in status.notices], 1),
        Section("facts", [_fact(fact, now, width) for fact in status.facts], 3),
        Section("services", _services(status, now) if status.services else [], 1),
        Section("ledger", [_ledger(status.ledger, now)], 0),
    ]
    sections = [section for section in sections if section.lines]
    counts = _share(sections, height)
    airy = height - sum(counts) >= len(sections) - 1
    lines: list[Text] = []
    for section, count in zip(sections, counts):
        if airy and lines:
            lines.append(Text())
        lines += _labelled(section, count, width)
    return lines


def at_rest(status: Status) -> Status:
    """Return a status without what was true only while the services ran."""
    peers = {name: replace(peer, state="stopped", reason="", since="", nudge="") for name, peer in status.peers.items()}
    return replace(status, started="", troubles=[], services={}, peers=peers, bridges={})


def waiting(reason: str, width: int) -> list[Text]:
    """Return the picture for a status that is not there."""
    return [Text("reconnecting", "bold yellow"), *(Text(line, "dim") for line in textwrap.wrap(reason, width))]


def _share(sections: list[Section], height: int) -> list[int]:
    """Return how many lines each section gets: its least first, then the rest, in order."""
    counts = [0] * len(sections)
    for wanted in ([min(s.least, len(s.lines)) for s in sections], [len(s.lines) for s in sections]):
        for number, lines in enumerate(wanted):
            counts[number] += min(lines - counts[number], height - sum(counts))
    return counts


def _labelled(section: Section, count: int, width: int) -> list[Text]:
    if not section.label:
        return section.lines[:count]
    labels = [section.label, *[""] * count]
    return [
        _cut(Text.assemble((label.ljust(_LABEL), "bold"), line), width)
        for label, line in zip(labels, section.lines[:count])
    ]


def _headline(status: Status, width: int, now: datetime, note: str) -> Text:
    left = Text.assemble((f"{status.session}  ", "bold"))
    if note:
        left.append(note, "bold yellow")
    elif status.troubles:
        count = len(status.troubles)
        left.append(plural(count, "trouble"), "bold red")
    elif status.rfds:
        left.append(f"{len(status.rfds)} to decide: Ctrl-R", "bold yellow")
    elif status.paused:
        left.append("paused", "bold yellow")
    elif any(service.state == "starting" for service in status.services.values()):
        left.append("starting", "yellow")
    else:
        left.append("OK", "green")
    up = f"up {age(status.started, now)}, " if status.started else ""
    left.append(f"  {up}{plural(status.ledger.seq, 'fact')}, {size(status.ledger.size)}", "dim")
    right = now.strftime("%H:%M")
    left = _cut(left, width - len(right) - 1)
    return left + Text(" " * (width - left.cell_len - len(right))) + Text(right, "bold")


def _peer(peer: Peer, now: datetime) -> list[Text]:
    first = _state(peer.state, 9)
    if peer.since:
        first.append(f"{age(peer.since, now):<6} ", "dim")
    first.append(f"inbox {peer.inbox}", "bold" if peer.inbox else "dim")
    if peer.nudge:
        first.append(f"  nudge {peer.nudge}", "yellow")
    if peer.reason not in peer.nudge:
        first.append(f"  {peer.reason}", "yellow")
    last = peer.last
    if last is None:
        return [first, Text("no messages yet", "dim")]
    second = Text.assemble((f"{clock(last.ts, now)} {last.author} {last.inbox_seq:06d} ", "dim"), _state(last.stage, 0))
    return [first, second.append(f"  {last.text}", "dim")]


def _patches(status: Status, now: datetime) -> list[Text]:
    counts, tests = status.counts, status.counts.tests
    head = Text.assemble((f"{status.patches_open} open  ", "bold" if status.patches_open else "dim"))
    head.append(f"{counts.landed} landed", "green" if counts.landed else "dim")
    head.append(f"  {counts.refused} refused", "red" if counts.refused else "dim")
    if tests:
        head.append("  tests " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(tests.items())), "dim")
    return [head, *(_patch(patch, now) for patch in (*status.patches, *status.settled))]


def _patch(patch: PatchLine, now: datetime) -> Text:
    what = Text.assemble(_state(patch.stage, 9), f"{patch.author} ", (patch.mid, "dim"), "  ", patch.reason)
    return _timed(patch.ts, now, what)


def _rfd(rfd: RfdLine, now: datetime) -> Text:
    return _timed(rfd.ts, now, Text.assemble((rfd.rfd_id, "bold yellow"), f"  {rfd.title}"))


def _told(line: ToldLine, now: datetime) -> Text:
    return _timed(line.ts, now, Text.assemble((f"{line.author} ", "green"), ("/log shows all  ", "dim"), line.text))


def _paused(status: Status, now: datetime) -> Text:
    text = Text("handoffs are paused (/resume to continue)", "yellow")
    return _timed(status.paused, now, text)


def _handoffs(status: Status) -> Text:
    counts = status.counts
    ways = [f"{author}→{to} {n}" for author, all_to in counts.handoffs.items() for to, n in all_to.items()]
    line = Text.assemble(("  ".join(ways) or "none yet", "" if ways else "dim"))
    line.append(f"  {plural(counts.nudges, 'nudge')}", "dim")
    if counts.drops:
        line.append(f"  {counts.drops} not forwarded", "yellow")
    if status.filter_on is False:
        line.append("  filter off", "yellow")
    return line


def _bridge(name: str, bridge: Bridge, now: datetime) -> Text:
    line = Text(f"{name:<9}")
    line.append("connected " if bridge.connected else "not connected ", "green" if bridge.connected else "bold red")
    line.append(f"{age(bridge.since, now)}  " if bridge.since else "", "dim")
    if bridge.connected:
        line.append(f"{bridge.proof}  ", "dim")
    line.append(plural(bridge.chats, "chat"), "dim")
    if bridge.waiting:
        line.append(f"  {plural(bridge.waiting, 'post')} waiting", "yellow")
    return line.append(f"  {bridge.error}", "dim" if bridge.connected else "bold red")


def _ledger(ledger: Ledger, now: datetime) -> Text:
    line = Text(f"{plural(ledger.seq, 'fact')}, {size(ledger.size)} in {plural(ledger.segments, 'file')}, ")
    found = ledger.verified
    if found is None:
        return line.append("not verified: `cccc ledger verify`")
    if found.problems:
        return line.append(f"{plural(found.problems, 'problem')} found: `cccc ledger verify`", "bold red")
    return line.append(f"verified up to {found.seq}, {age(found.ts, now)} ago", "green")


def _services(status: Status, now: datetime) -> list[Text]:
    ready = sum(service.state == "ready" for service in status.services.values())
    summary = Text.assemble((f"{ready}/{len(status.services)} ready ", "bold"))
    for name, service in status.services.items():
        state = "" if service.state == "ready" else f" ({service.state})"
        summary.append(f" {name}{state}", _STYLES[service.state])
    return [summary, *(_service(name, service, now) for name, service in status.services.items())]


def _service(name: str, service: Service, now: datetime) -> Text:
    line = Text(f"{name:<16}").append_text(_state(service.state, 9))
    if service.silent_since:
        line.append(f"since {clock(service.silent_since, now)}  ", "bold red")
    if service.pid:
        line.append(f"up {age(service.since, now):<6}  pid {service.pid:<8} {service.version}", "dim")
    return line.append(f"  {service.trouble}", "bold red")


def _fact(fact: FactLine, now: datetime, width: int) -> Text:
    what = Text.assemble((f"{fact.kind:<17} ", "cyan"), f"{fact.who:<13} ", (fact.text, "dim"))
    return _timed(fact.ts, now, what, seconds=width >= _WIDE)


def _timed(ts: str, now: datetime, text: Text, *, seconds: bool = False) -> Text:
    return Text.assemble((f"{clock(ts, now, seconds=seconds)} ", "dim"), text)


def _state(state: str, width: int) -> Text:
    return Text.assemble((state.ljust(width), _STYLES.get(state, "")))


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    line.rstrip()
    return line


def clock(ts: str, now: datetime, *, seconds: bool = False) -> str:
    """Return the local time of day of a moment, or month and day when that is long ago."""
    then = moment(ts).astimezone(now.tzinfo)
    if now - then > timedelta(hours=20):
        return then.strftime("%m-%d   " if seconds else "%m-%d")
    return then.strftime("%H:%M:%S" if seconds else "%H:%M")


def age(ts: str, now: datetime) -> str:
    """Return how long ago a moment was, in two units at most: `<1m`, `5m`, `2h05m`, `3d04h`."""
    minutes = max(0, int((now - moment(ts)).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}m" if minutes else "<1m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 24 else f"{hours // 24}d{hours % 24:02d}h"


def size(count: float) -> str:
    """Return a number of bytes for a person."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _local(text: str, now: datetime) -> str:
    """Return a text with the moments in it as the clock on the wall shows them."""
    return _MOMENT.sub(lambda found: clock(found[0], now), text)
