"""`cccc ledger`: tail, show, verify, archive."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

import click
import zmq

from cccc.common import bus, ledger
from cccc.common.errors import LedgerBroken, NotFound
from cccc.common.facts import KINDS
from cccc.common.paths import Project
from cccc.scripts.cli import running
from cccc.scripts.cli.lines import clock, colour, moment, tell
from cccc.scripts.cli.screen import columns, cut

_LOOK_AGAIN = 2.0  # for a fact whose wake-up was lost
_AGE = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.group()
def command() -> None:
    """Read, check and archive the ledger.

    The ledger, .cccc/state/ledger.jsonl, is the append-only record of everything that happened, one fact a line. All
    but `archive` work whether or not the project is up.

    \b
    Examples:
      cccc ledger tail -f
      cccc ledger show --kind patch-commit --since 2d

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running or not found.
    """


@command.command()
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(min=0), help="How many facts.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new facts, until Ctrl-C.")
def tail(count: int, follow: bool) -> None:
    """Show the newest facts.

    One line each: local time, kind, who, what in short. With -f it goes on with new facts as they are written, and
    waits while the ledger is away.

    \b
    Examples:
      cccc ledger tail -n 50
      cccc ledger tail -f

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no project here.
    """
    project = Project.find()
    reader = ledger.Reader(project, max(0, ledger.end(project) - count))
    _print_rest(reader)
    if follow:
        _follow(project, reader)


@command.command()
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; can be given again for more.")
@click.option("--mid", metavar="MID", help="Only facts of this message.")
@click.option("--since", metavar="WHEN", help="Only later facts: 30s, 10m, 2h, 3d ago, or 2025-01-31T10:00 (local).")
@click.option("--json", "as_json", is_flag=True, help="Print the ledger's own lines.")
def show(kinds: tuple[str, ...], mid: str | None, since: str | None, as_json: bool) -> None:
    """Show chosen facts.

    Prints the facts to which every given option applies, oldest first, with their seq and local date.

    \b
    Examples:
      cccc ledger show --since 10m
      cccc ledger show --kind test --kind lint --json

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no such fact.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise click.UsageError(f"no kind {kind}; there are {', '.join(sorted(KINDS))}")
    project, found = Project.find(), 0
    for raw in _lines(project, mid, _when(since) if since else None):
        fact = json.loads(raw)
        if kinds and fact["kind"] not in kinds:
            continue
        found += 1
        if as_json:
            click.echo(raw)
        else:
            _print(raw, f"{fact['seq']:>7} {moment(fact['ts']).astimezone():%Y-%m-%d %H:%M:%S}")
    if not found:
        raise NotFound("no such fact in the ledger; `cccc ledger tail` shows the newest")


@command.command()
def verify() -> None:
    """Check that nobody changed the ledger.

    Reads every line of every segment: gapless seq, the hash of the line before, the form of its kind.

    \b
    Example:
      cccc ledger verify

    Exit codes: 0 every line holds, 1 one does not (it is named), 3 no project here.
    """
    verdict = ledger.verify(Project.find())
    if verdict.broken:
        raise LedgerBroken(f"the ledger does not hold after {verdict.lines} lines: {verdict.broken}")
    click.echo(f"{verdict.lines} facts, every line holds")


@command.command()
def archive() -> None:
    """Close the open segment of the ledger.

    Moves ledger.jsonl to .cccc/state/ledger/<first seq>.jsonl and goes on in an empty file; seq and hashes run on.
    The closed file can be compressed or stored elsewhere later, but what is gone cannot be read here.

    \b
    Example:
      cccc ledger archive

    Exit codes: 0 done (prints the path), 1 refused, 3 not running.
    """
    project = Project.find()
    running.require(project)
    click.echo(bus.archive(project))


def _lines(project: Project, mid: str | None, since: datetime | None) -> Iterator[bytes]:
    lines: Iterable[bytes]
    if mid:
        lines = ledger.lines_of(project, mid=mid)
    else:
        lines = (line.raw for line in ledger.Reader(project, _before(project, since)).read())
    return (raw for raw in lines if not since or moment(json.loads(raw)["ts"]) >= since)


def _before(project: Project, since: datetime | None) -> int:
    """Return a seq before the first fact since then, found by halving."""
    low, high = 0, ledger.end(project) if since else 0
    while since and high - low > 1:
        middle = (low + high) // 2
        raw = ledger.line_at(project, middle)
        if raw is None or moment(json.loads(raw)["ts"]) < since:
            low = middle
        else:
            high = middle
    return low


def _when(text: str) -> datetime:
    ago = _AGE.fullmatch(text)
    if ago:
        return datetime.now(timezone.utc) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    except ValueError:
        raise click.UsageError(f"--since {text}: say 30s, 10m, 2h, 3d, or a time such as 2025-01-31T10:00") from None


def _follow(project: Project, reader: ledger.Reader) -> None:
    facts = bus.hear_socket(project, b"fact.")
    try:
        while True:
            facts.poll(int(_LOOK_AGAIN * 1000))
            try:
                while True:
                    facts.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                _print_rest(reader)
    except KeyboardInterrupt:
        return


def _print_rest(reader: ledger.Reader) -> None:
    for line in reader.read():
        _print(line.raw, clock(tell(line.raw).ts))


def _print(raw: bytes, start: str) -> None:
    told, mid = tell(raw), ledger.envelope(raw).mid
    line = f"{start} {told.kind:<18} {told.who:<13} {told.text}" + (f" [{mid}]" if mid else "")
    room = columns()
    click.secho(line if room is None else cut(line, room), fg=colour(raw))
