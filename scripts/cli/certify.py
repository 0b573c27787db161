"""`cccc certify`."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cccc.common.errors import NotFound
from cccc.scripts.certify import checks
from cccc.scripts.certify.checks import Check
from cccc.scripts.certify.flight import PEER, Flight, Missed
from cccc.scripts.cli import peer_commands
from cccc.scripts.cli.printing import table

SECTION = "Test", 1


@click.command()
@click.argument("cli", nargs=-1, type=click.Choice(list(PEER)))
@click.option("--messages", default=20, show_default=True, help="Number of messages to send in a row.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to save the screens, as <cli>-<version>/<shown>-<n>.txt; default: a new folder.",
)
def command(cli: tuple[str, ...], messages: int, keep: Path | None) -> int:
    """Test the installed CLIs end to end.

    Runs each CLI (default: both) in a scratch repository with a temporary home and no account, against a local stub
    model: start, acceptance, a running turn, a draft, menus and dialogs, Esc, errors, a limit, compaction, resume, many
    messages. Nothing of yours is read or changed, and nothing leaves the machine. Takes some minutes. The screens are
    saved, named by what they show.

    \b
    Examples:
      cccc certify
      cccc certify codex --messages 100

    Exit codes: 0 all checks passed, 1 a check failed, 2 wrong usage, 3 a CLI is not installed.
    """
    screens = keep or Path(tempfile.mkdtemp(prefix="cccc-certify-"))
    good = True
    for kind in cli or tuple(PEER):
        program = shutil.which(kind)
        if not program:
            raise NotFound(f"{kind} is not on the PATH; install it or name the other CLI")
        version = peer_commands.version(program) or "unknown"
        folder = screens / f"{kind}-{version}"
        rows, kept = [], []
        for manner, flown in checks.flights(kind, messages):
            with _flight(kind, program, folder, manner) as flight:
                rows += [_row(flight, check, folder) for check in flown]
                kept += flight.kept
        wrong = [each.path.stem for each in kept if not each.right()]
        rows.append(("screens recognised", "miss" if wrong else "ok", ", ".join(wrong) or f"all {len(kept)}", ""))
        click.secho(f"\n{kind} {version}", bold=True)
        table(("check", "verdict", "seen", "took"), rows, ["red" if row[1] == "miss" else None for row in rows])
        good = good and all(row[1] == "ok" for row in rows)
    click.echo(f"\nscreens: {screens}")
    return 0 if good else 1


@contextmanager
def _flight(kind: str, program: str, folder: Path, manner: str) -> Iterator[Flight]:
    """Keep one CLI up in a scratch repository."""
    with tempfile.TemporaryDirectory(prefix="cccc-certify-", ignore_cleanup_errors=True) as at:
        flight = Flight(kind, program, Path(at), folder, manner)
        try:
            flight.up()
            yield flight
        finally:
            flight.close()


def _row(flight: Flight, check: Check, folder: Path) -> tuple[str, str, str, str]:
    """Fly one check; return its row of the table. The screen at a miss is kept too."""
    begin = time.monotonic()
    try:
        verdict, seen = "ok", check.fly(flight)
    except Missed as missed:
        verdict, seen = "miss", str(missed)
        place = folder / "missed" / f"{check.name.replace('/', '')}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(flight.screen(), encoding="utf-8")
    click.echo(f"{flight.kind}: {check.name}: {verdict}", err=True)
    return check.name, verdict, seen, f"{time.monotonic() - begin:.1f} s"
