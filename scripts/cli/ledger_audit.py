"""`cccc ledger verify`, `accept`, `forget` and `export`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import click

from cccc.common.errors import Refused
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.shown import status
from cccc.common.terminal import typed_by
from cccc.common.text.lines import plain
from cccc.common.text.plural import plural
from cccc.scripts.audit import accept as accepting
from cccc.scripts.audit import export as exporting
from cccc.scripts.audit import forget as forgetting
from cccc.scripts.audit import verify as verifying
from cccc.scripts.audit.verify import Audit, Tick
from cccc.scripts.cli.since import HELP, before, stamp

_SHOW_PROGRESS = 50 << 20  # bytes to read


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: lines, bodies, commits, problems, notes.")
def verify(as_json: bool) -> None:
    """Check that nobody changed the ledger, nor what it speaks of.

    \b
    Reads every line, every body and every commit that the facts name:
      lines    gapless seq, the hash of the line before, the form of its kind
      bodies   there with the right bytes, or forgotten by a fact
      commits  the trailers Cccc-Mid, Cccc-Peer, Cccc-Patch, Cccc-Evidence and Cccc-Decision say what the facts say;
               and each commit with Cccc-Mid on a branch of the gate has its fact

    One line for each thing that does not hold. Commits that you rewrote or took away since are named with `note:`.

    \b
    Examples:
      cccc ledger verify
      cccc ledger verify --json | jq .problems

    Exit codes: 0 everything holds, 1 something does not (it is named), 5 no project here.
    """
    audit = audited(Project.find())
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(audit), indent=2))
    else:
        for note in audit.notes:
            click.echo(f"note: {plain(note)}")
        for problem in audit.problems:
            click.secho(plain(problem), fg="red")
        click.echo(summary(audit))
    if audit.problems:
        sys.exit(1)


def audited(project: Project) -> Audit:
    """Verify, with a progress bar where it takes a while; the panel shows when that was and what was found."""
    with _progress(verifying.size(project)) as tick:
        audit = verifying.verify(project, tick)
    if project.state.is_dir():
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        status.note_verified(project, status.Verified(audit.lines, now, len(audit.problems)))
    return audit


def summary(audit: Audit) -> str:
    """Return the verdict in one line."""
    forgotten = f" ({audit.forgotten} forgotten)" if audit.forgotten else ""
    facts, bodies = plural(audit.lines, "fact"), plural(audit.bodies, "body", "bodies")
    counts = f"{facts}, {bodies}{forgotten}, {plural(audit.commits, 'commit')}"
    if not audit.problems:
        return f"{counts}: everything holds"
    return f"{counts}: {plural(len(audit.problems), 'thing does', 'things do')} not hold"


@contextmanager
def _progress(total: int) -> Iterator[Tick]:
    if total < _SHOW_PROGRESS or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(range(total), label="reading", file=sys.stderr) as bar:
        yield bar.update


@click.command()
@click.argument("sha")
@click.option("--why", default="", metavar="TEXT", help="The reason, kept in the fact.")
@click.option("--everywhere", is_flag=True, help="Remove every copy that is found, too.")
def forget(sha: str, why: str, everywhere: bool) -> None:
    """Remove a body for good; the ledger still verifies.

    SHA, or its first digits, names a body: the `sha` of a fact of a message, a patch or an output. A fact says who had
    it removed and why. The facts that name the body stay, and so do their previews, which are redacted and at most 400
    characters long. The same bytes may also lie in other bodies (a message is wrapped before a peer gets it), in the
    peers' inbox and processed folders and in the logs of checks: they are listed, and removed with --everywhere. What
    was committed, exported, shown on a screen or sent to a chat is not undone. A patch that waits with a forgotten
    body is refused.

    \b
    Examples:
      cccc ledger show --mid MID --json | jq -r .sha
      cccc ledger forget 8970f5447058 --why "a password"

    Exit codes: 0 removed, 1 refused, 2 wrong usage, 3 no such body.
    """
    project = Project.find()
    sha = forgetting.find(project, sha)
    content = Blobs(project).path(sha).read_bytes()  # also of a body that was damaged
    seq = forgetting.forget(project, sha, why)
    click.echo(f"removed {sha}, {plural(len(content), 'byte')}; fact {seq} says so")
    for path in forgetting.copies(project, content):
        name = path.relative_to(project.root)
        if not everywhere:
            click.echo(f"also in {plain(str(name))}")
        elif path.parent == project.blobs:
            click.echo(f"removed {path.name}; fact {forgetting.forget(project, path.name, why)} says so")
        else:
            path.unlink(missing_ok=True)
            click.echo(f"removed {plain(str(name))}")


@click.command()
@click.option("--because", required=True, metavar="TEXT", help="What became of it; kept in the fact.")
def accept(because: str) -> None:
    """Say that the ledger is right as it is, after lines of it were lost.

    The last fact that was acknowledged is remembered in the git directory. Where the ledger is shorter (emptied, cut,
    an older backup) or another one, `up` starts with the gate held and without nudges, and `verify` says so, until
    somebody accepts it here. Look for a backup first: put back while the project is down, it needs no acceptance.

    While the project is down this also puts aside in .cccc/state/ledger/, whole, what cannot be read. Only a person can
    accept, in a terminal of their own.

    \b
    Example:
      cccc ledger accept --because "restored from Monday's backup after the disk died"

    Exit codes: 0 accepted, 1 nothing to accept, 2 wrong usage, 5 no project here, 6 refused.
    """
    project = Project.find()
    program = typed_by.program(project)
    if program:
        raise Refused(f"refused: {program} cannot accept; only a person can, in a terminal of their own")
    if not because.strip():
        raise click.UsageError("--because is empty; say what became of the ledger")
    fact, aside = accepting.accept(project, because.strip())
    for path in aside:
        click.echo(f"put aside: {plain(str(path.relative_to(project.root)))}")
    click.echo(f"accepted: the ledger goes on; the one before ended at line {fact.old_seq or '(not known)'}")


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", metavar="WHEN", help=HELP)
def export(file: Path | None, since: str | None) -> None:
    """Write the ledger as one HTML page.

    The page needs no network and no other file: what `cccc ledger verify` found, a table of patches and one of
    decisions, then every fact, thread by thread, with messages, diffs, checks, commits, and who decided what, when and
    over which channel. Secrets are blotted out, bodies are cut after 64 KiB. FILE is .cccc/work/ledger.html unless you
    name one, and only you can read it.

    \b
    Examples:
      cccc ledger export
      cccc ledger export audit.html --since 7d

    Exit codes: 0 written (prints the path), 1 failed, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    after = before(project, stamp(since)) if since else 0
    to = file or project.work / "ledger.html"
    if to.exists() and not to.is_file():  # a pipe or a device would be replaced
        raise click.UsageError(f"{to} is no plain file; name a file that may be replaced")
    audit = audited(project)
    exporting.export(project, to, after, audit, summary(audit))
    click.echo(to)
