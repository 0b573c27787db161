"""`cccc certify`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import click

from cccc.common.errors import NotFound
from cccc.scripts.certify import checks
from cccc.scripts.certify.checks import Check
from cccc.scripts.certify.flight import PEER, Flight, Missed
from cccc.scripts.cli.screen import table


@click.command()
@click.argument("cli", nargs=-1, type=click.Choice(list(PEER)))
@click.option("--messages", default=20, show_default=True, help="How many messages are sent one after the other.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Where screens are kept; default: a new folder."
)
def command(cli: tuple[str, ...], messages: int, keep: Path | None) -> int:
    """Check the CLIs that are installed now in real flight.

    Starts each of CLI (default: both) in a scratch repository of its own, with a throw-away home and no account,
    against a model on loopback that cccc brings: start, acceptance, a running turn, a draft, a permission dialog, Esc,
    errors, a limit, compaction, resume, many messages. Nothing of yours is read or changed, and nothing leaves the
    machine. It takes some minutes. The screen after each check is kept.

    \b
    Examples:
      cccc certify
      cccc certify codex --messages 100

    Exit codes: 0 all as it has to be, 1 a check missed, 2 wrong usage, 3 a CLI is not installed.
    """
    screens = keep or Path(tempfile.mkdtemp(prefix="cccc-certify-"))
    good = True
    for kind in cli or tuple(PEER):
        program = shutil.which(kind)
        if not program:
            raise NotFound(f"{kind} is not on the PATH; install it, or name the other one")
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
        many = Check("messages one by one", lambda flight: checks.many(flight, messages))
        rows = [
            *_fly(kind, program, (*checks.ORDINARY, many, *checks.LAST), screens, asking=False),
            *_fly(kind, program, checks.ASKING, screens, asking=True),
        ]
        click.secho(f"\n{kind}: {version}", bold=True)
        table(("check", "verdict", "seen", "took"), rows, ["red" if row[1] == "miss" else None for row in rows])
        good = good and all(row[1] == "ok" for row in rows)
    click.echo(f"\nscreens: {screens}")
    return 0 if good else 1


def _fly(
    kind: str, program: str, flown: tuple[Check, ...], screens: Path, asking: bool
) -> list[tuple[str, str, str, str]]:
    """Fly one set of checks, in order; return the rows of the table."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="cccc-certify-", ignore_cleanup_errors=True) as at:
        flight = Flight(kind, program, Path(at), asking)
        try:
            flight.up()
            for check in flown:
                begin = time.monotonic()
                try:
                    verdict, seen = "ok", check.fly(flight)
                except Missed as missed:
                    verdict, seen = "miss", str(missed)
                rows.append((check.name, verdict, seen, f"{time.monotonic() - begin:.1f} s"))
                click.echo(f"{kind}: {check.name}: {verdict}", err=True)
                screens.mkdir(parents=True, exist_ok=True)
                (screens / f"{kind}-{check.name.replace(' ', '-').replace(',', '')}.txt").write_text(flight.screen())
        finally:
            flight.close()
    return rows
