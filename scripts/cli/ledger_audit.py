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
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object: lines, bodies, commits, problems, notes.")
def verify(as_json: bool) -> None:
    """Check the ledger, its bodies and its commits for changes.

    \b
    Reads every line, body and commit:
      lines    gapless seq, the hash of the line before, valid fields for the kind
      bodies   present and unchanged, or forgotten by a fact
      commits  the trailers Cccc-Mid, Cccc-Peer, Cccc-Patch, Cccc-Evidence and Cccc-Decision say what the facts say;
               and each commit with Cccc-Mid on a branch of the gate has its fact

    Prints one line per problem. Commits that you rewrote or removed since are listed with `note:`.

    \b
    Examples:
      cccc ledger verify
      cccc ledger verify --json | jq .problems

    Exit codes: 0 OK, 1 problems found, 5 no project here.
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
        return f"{counts}: OK"
    return f"{counts}: {plural(len(audit.problems), 'problem')} found"


@contextmanager
def _progress(total: int) -> Iterator[Tick]:
    if total < _SHOW_PROGRESS or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(range(total), label="reading", file=sys.stderr) as bar:
        yield bar.update


@click.command()
@click.argument("sha")
@click.option("--why", default="", metavar="TEXT", help="The reason, recorded in the fact.")
@click.option("--everywhere", is_flag=True, help="Also remove all copies found.")
def forget(sha: str, why: str, everywhere: bool) -> None:
    """Permanently remove the body of a message, patch or output.

    SHA is the `sha` of a fact, or its first digits. A new fact records who removed it and why, and the ledger still
    verifies. Previews of up to 400 characters, redacted, stay. Copies may also be in other bodies (a message is wrapped
    before a peer gets it), in inbox and processed folders and in the logs of checks: they are listed, and removed with
    --everywhere. What was committed, exported, displayed or sent to a chat is not undone. A queued patch without its
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
    click.echo(f"removed {sha}, {plural(len(content), 'byte')}; recorded as fact {seq}")
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
@click.option("--because", required=True, metavar="TEXT", help="What happened to it; recorded in the fact.")
def accept(because: str) -> None:
    """Accept the ledger as it is after lines of it were lost.

    The last acknowledged fact is recorded in the git directory. If the ledger is shorter (emptied, truncated, an older
    backup) or a different one, `up` starts with the gate and the nudges held, and `verify` fails, until you accept it
    here. Look for a backup first: restored while the project is down, it needs no acceptance.

    While the project is down, this also moves an unreadable ledger to .cccc/state/ledger/. Only a person can accept, in
    a terminal of their own.

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
        raise click.UsageError("--because is empty; say what happened to the ledger")
    fact, aside = accepting.accept(project, because.strip())
    for path in aside:
        click.echo(f"put aside: {plain(str(path.relative_to(project.root)))}")
    click.echo(f"accepted: the ledger continues; the old one ended at line {fact.old_seq or '(not known)'}")


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", metavar="WHEN", help=HELP)
def export(file: Path | None, since: str | None) -> None:
    """Export the ledger as one HTML page.

    The page is self-contained: the result of `cccc ledger verify`, tables of patches and decisions, then every fact by
    thread, with messages, diffs, checks, commits, and who decided what, when and where. Secrets are masked, bodies are
    cut after 64 KiB. FILE defaults to .cccc/work/ledger.html and is readable only by you.

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
        raise click.UsageError(f"{to} is not a regular file; name another file")
    audit = audited(project)
    exporting.export(project, to, after, audit, summary(audit))
    click.echo(to)
