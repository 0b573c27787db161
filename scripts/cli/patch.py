"""`cccc patch`: show, retry, drop, revert."""

from __future__ import annotations

import os
import time

import click

from cccc.common import bus, git, ledger, settings
from cccc.common import facts as f
from cccc.common.blobs import Blobs
from cccc.common.errors import NotFound, UserError
from cccc.common.facts import Fact
from cccc.common.lines import clock
from cccc.common.paths import Project
from cccc.common.plural import plural
from cccc.common.redaction import Redactor
from cccc.common.short import colour, tell
from cccc.scripts.cli import running
from cccc.scripts.cli.screen import table

_SETTLED = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail, f.SettingsApplied)
# Whatever the user's configuration says: a diff that the gate reads as it is meant.
_DIFF = ("diff", "--binary", "--full-index", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative")
_PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/")


@click.group(no_args_is_help=False)
def command() -> None:
    """Look at a patch, try it again, drop it, or take it back.

    ID is the patch's mid, as `cccc queue` and `cccc ledger tail` show it.

    \b
    Examples:
      cccc patch show cccc-1764000000-0a1b2c
      cccc patch revert cccc-1764000000-0a1b2c

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not running, or no such patch.
    """


@command.command()
@click.argument("mid", metavar="ID")
def show(mid: str) -> None:
    """Show what the gate did with a patch, and the patch.

    Secrets in the diff are masked, as everywhere.

    \b
    Example:
      cccc patch show cccc-1764000000-0a1b2c

    Exit codes: 0 done, 2 wrong usage, 3 no such patch, or its bytes were removed.
    """
    project = Project.find()
    queued, facts = _find(project, mid)
    click.echo(f"{mid}: {_state(facts)}, from {queued.author} ({queued.source}), {plural(queued.size, 'byte')}")
    raws = [raw for fact in facts if (raw := ledger.line_at(project, fact.seq))]
    rows = [(clock(told.ts), told.kind, told.text) for told in map(tell, raws)]
    table(("time", "kind", "what"), rows, [colour(raw) for raw in raws])
    paths = next((fact.paths for fact in reversed(facts) if isinstance(fact, (f.PatchLanding, f.PatchReject))), [])
    click.echo("\n" + "".join(f"{path}\n" for path in paths))
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    click.echo(redact(Blobs(project).get(queued.sha).decode("utf-8", "replace")), nl=False)


@command.command()
@click.argument("mid", metavar="ID")
def retry(mid: str) -> None:
    """Queue a refused patch again, on what is checked out now.

    Prints the mid under which the same bytes go through the whole gate again.

    \b
    Example:
      cccc patch retry cccc-1764000000-0a1b2c

    Exit codes: 0 queued, 1 it still waits or has landed, 2 wrong usage, 3 not running, or no such patch.
    """
    project = Project.find()
    queued, facts = _find(project, mid)
    if not isinstance(facts[-1], (f.PatchReject, f.PatchPrecheckFail)):
        raise UserError(f"{mid} is {_state(facts)}; only a refused patch can be tried again")
    running.require(project)
    new = _mid()
    again = f.PatchRetry(
        id=new,
        author=queued.author,
        mid=new,
        of=mid,
        source=queued.source,
        sha=queued.sha,
        size=queued.size,
        text=queued.text,
    )
    bus.tell(project, "cli", [again])
    click.echo(new)


@command.command()
@click.argument("mid", metavar="ID")
def drop(mid: str) -> None:
    """Drop a patch that waits or is being checked.

    Its author is told. A patch that is just landing lands.

    \b
    Example:
      cccc patch drop cccc-1764000000-0a1b2c

    Exit codes: 0 asked for, 1 it is settled already, 2 wrong usage, 3 not running, or no such patch.
    """
    project = Project.find()
    _, facts = _find(project, mid)
    if isinstance(facts[-1], _SETTLED):
        raise UserError(f"{mid} is {_state(facts)}; there is nothing to drop")
    running.require(project)
    bus.tell(project, "cli", [f.PatchDrop(id=f"drop:{mid}", mid=mid)])
    click.echo(f"{mid} is dropped, unless it is landing just now; its author is told")


@command.command()
@click.argument("mid", metavar="ID")
def revert(mid: str) -> None:
    """Hand in the reverse of a landed patch.

    The reverse is a patch of the user's and goes through the same gate, rules and checks. Prints its mid.

    \b
    Example:
      cccc patch revert cccc-1764000000-0a1b2c

    Exit codes: 0 queued, 1 it has not landed, 2 wrong usage, 3 not running, or no such patch.
    """
    project = Project.find()
    _, facts = _find(project, mid)
    landed = facts[-1]
    if not isinstance(landed, f.PatchCommit):
        raise UserError(f"{mid} is {_state(facts)}; only a landed patch can be reverted")
    running.require(project)
    diff = git.run(project.root, *_DIFF, *_PREFIXES, landed.commit, f"{landed.commit}^").stdout
    Blobs(project).put(diff)
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    new = _mid()
    bus.tell(project, "cli", [f.PatchRevert(id=new, mid=new, of=mid, commit=landed.commit, **f.body(diff, redact))])
    click.echo(new)


def _find(project: Project, mid: str) -> tuple[f.PatchQueued, list[Fact]]:
    """Return how a patch was queued, and what the gate has said of it since. Raises NotFound."""
    facts = ledger.of_mid(project, mid)
    for number, fact in enumerate(facts):
        if isinstance(fact, f.PatchQueued):
            return fact, [fact, *(later for later in facts[number + 1 :] if later.by == "evidence")]
    raise NotFound(f"no patch has the mid {mid}; `cccc ledger show --kind patch-queued` lists them")


def _state(facts: list[Fact]) -> str:
    last = facts[-1]
    if isinstance(last, (f.PatchReject, f.PatchPrecheckFail)):
        return "refused"
    if isinstance(last, f.PatchCommit):
        return f"landed as {last.commit[:10]}"
    if isinstance(last, f.SettingsApplied):
        return "applied"
    if isinstance(last, f.PatchNeedsDecision):
        return "waiting for a decision (`cccc rfd list`)"
    return f"held: {last.reason}" if isinstance(last, f.PatchHeld) else "in the queue"


def _mid() -> str:
    now = time.time_ns() // 1000
    return f"cli-{now // 1_000_000}-{now % 1_000_000:05x}-{os.getpid()}"
