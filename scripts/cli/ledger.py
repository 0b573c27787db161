"""`cccc ledger`: tail, show, archive; ledger_audit.py has verify, accept, forget and export."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import click
import zmq

from cccc.common import bus, ledger
from cccc.common.errors import NotFound
from cccc.common.facts import KINDS
from cccc.common.ledger.named import mid_of
from cccc.common.paths import Project
from cccc.common.registry import SAYS
from cccc.common.shown.short import colour, tell
from cccc.common.text.lines import clock, cut, moment
from cccc.scripts.cli import ledger_audit, running
from cccc.scripts.cli.printing import columns
from cccc.scripts.cli.since import HELP, before, stamp

SECTION = "Watch", 6
_LOOK_AGAIN = 2.0  # for a fact whose wake-up was lost


@click.group(no_args_is_help=False)
def command() -> None:
    """Read, check and archive the ledger.

    The ledger, .cccc/state/ledger.jsonl, is the append-only log of everything that happened, one fact per line. All but
    `archive` also work while the project is down. docs/ledger.md describes the format and every kind of fact.

    \b
    Examples:
      cccc ledger tail -f
      cccc ledger show --kind patch-commit --since 2d

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not running.
    """


@command.command()
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(min=0), help="Number of facts.")
@click.option("-f", "--follow", is_flag=True, help="Follow new facts, until Ctrl-C.")
def tail(count: int, follow: bool) -> None:
    """Show the newest facts.

    One line each: local time, kind, author, summary. -f follows the ledger as it grows.

    \b
    Examples:
      cccc ledger tail -n 50
      cccc ledger tail -f

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    reader = ledger.Reader(project, max(0, ledger.end(project) - count))
    _print_rest(reader)
    if follow:
        _follow(project, reader)


@command.command()
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; repeatable.")
@click.option("--mid", metavar="MID", help="Only facts of this message or patch (mid or commit).")
@click.option("--rfd", metavar="ID", help="Only facts of this decision request.")
@click.option("--by", metavar="SERVICE", help="Only facts from this service; `cli` is the command line.")
@click.option("--since", metavar="WHEN", help=HELP)
@click.option("-n", "count", type=click.IntRange(min=1), help="Only the newest N.")
@click.option("--json", "as_json", is_flag=True, help="Print the raw ledger lines (JSON).")
def show(
    kinds: tuple[str, ...],
    mid: str | None,
    rfd: str | None,
    by: str | None,
    since: str | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Search the ledger.

    Prints the facts that match all options, oldest first, with seq and local time. --mid and --rfd use the index and
    are fast in a ledger of any size.

    \b
    Examples:
      cccc ledger show --since 10m
      cccc ledger show --kind test --kind lint --json
      cccc ledger show --rfd r-12 --by cli

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no such fact.
    """
    for kind in kinds:
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, 1)
            raise click.UsageError(f"unknown kind {kind}" + (f" (did you mean {near[0]}?)" if near else ""))
    if by and by not in SAYS:
        raise click.UsageError(f"unknown service {by}; choose from {', '.join(sorted(SAYS))}")
    project, start = Project.find(), stamp(since) if since else ""
    mid = mid_of(project, mid) if mid else None
    chosen: Iterable[tuple[ledger.Envelope, bytes]] = (
        (told, raw)
        for told, raw in _lines(project, mid, rfd, start)
        if (not kinds or told.kind in kinds) and (not by or told.by == by) and told.ts >= start
    )
    found = 0
    cut_one = False
    for told, raw in deque(chosen, maxlen=count) if count else chosen:
        found += 1
        if as_json:
            click.echo(raw)
        else:
            cut_one |= _print(raw, f"{told.seq:>7} {moment(told.ts).astimezone():%Y-%m-%d %H:%M:%S}")
    if cut_one:
        click.echo("lines are cut: `cccc log MID` (the mid in brackets) shows all; or --json", err=True)
    if not found:
        raise NotFound("no matching facts; `cccc ledger tail` shows the newest")


for _audit in (ledger_audit.verify, ledger_audit.accept, ledger_audit.forget, ledger_audit.export):
    command.add_command(_audit)


@command.command()
def archive() -> None:
    """Close the open segment of the ledger.

    Moves ledger.jsonl to .cccc/state/ledger/<first seq>.jsonl and starts a new file; seq and hashes continue. Leave the
    closed file there: `verify` reads it, and so do services whose snapshot is out of date.

    \b
    Example:
      cccc ledger archive

    Exit codes: 0 done (prints the path), 1 refused, 4 not running.
    """
    project = Project.find()
    running.require(project)
    click.echo(bus.archive(project))


def _lines(project: Project, mid: str | None, rfd: str | None, start: str) -> Iterator[tuple[ledger.Envelope, bytes]]:
    if mid or rfd:
        raws = ledger.lines_of(project, mid=mid) if mid else ledger.lines_of(project, rfd_id=rfd or "")
        told = ((ledger.envelope(raw), raw) for raw in raws)
        yield from ((envelope, raw) for envelope, raw in told if not rfd or envelope.rfd_id == rfd)
        return
    for line in ledger.Reader(project, before(project, start) if start else 0).read():
        yield ledger.envelope(line.raw), line.raw


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


def _print(raw: bytes, start: str) -> bool:
    """Print a fact in one line; return whether it does not say all."""
    told, mid = tell(raw), ledger.envelope(raw).mid
    name, room = f" [{mid}]" if mid else "", columns()
    line = f"{start} {told.kind:<18} {told.who:<13} {told.text}"
    shown = line if room is None else cut(line, max(0, room - len(name)))
    click.secho(shown + name if room is None else cut(shown + name, room), fg=colour(raw))
    return told.text.endswith("…") or shown != line
