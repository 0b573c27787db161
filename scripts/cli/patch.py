"""`cccc patch`: show, retry, drop, revert."""

from __future__ import annotations

import os
import time

import click

from cccc.common import bus, ledger, settings
from cccc.common import facts as f
from cccc.common.errors import NotFound, UserError
from cccc.common.facts import Fact
from cccc.common.facts.patches import because as because_of
from cccc.common.ledger.blobs import Blobs
from cccc.common.ledger.named import mid_of
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.shown.short import colour, tell
from cccc.common.text.lines import clock, printable
from cccc.common.text.plural import plural
from cccc.common.text.redaction import Redactor
from cccc.scripts.cli import running
from cccc.scripts.cli.printing import table

SECTION = "Decide", 2
_SETTLED = (f.PatchCommit, f.PatchReverted, f.PatchReject, f.PatchPrecheckFail, f.SettingsApplied)
# Whatever the user's configuration says: a diff that the gate reads as it is meant.
_DIFF = ("diff", "--binary", "--full-index", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative")
_PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/")


@click.group(no_args_is_help=False)
def command() -> None:
    """Show, retry, drop or revert a patch.

    ID is the patch's mid, as in `cccc queue` and `cccc ledger tail`, or the commit it landed as: a full or short hash,
    a branch or a tag.

    \b
    Examples:
      cccc patch show cccc-1764000000-0a1b2c
      cccc patch revert 1a2b3c4

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no such patch, 4 not running.
    """


@command.command()
@click.argument("mid", metavar="ID")
def show(mid: str) -> None:
    """Show a patch and what the gate did with it.

    Secrets in the diff are masked.

    \b
    Example:
      cccc patch show cccc-1764000000-0a1b2c

    Exit codes: 0 done, 2 wrong usage, 3 no such patch, or its bytes were removed.
    """
    project = Project.find()
    mid, queued, facts = _find(project, mid)
    click.echo(
        f"{mid}: {_state(project, facts)}, from {queued.author} ({queued.source}), {plural(queued.size, 'byte')}"
    )
    raws = [raw for fact in facts if (raw := ledger.line_at(project, fact.seq))]
    rows = [(clock(told.ts), told.kind, told.text) for told in map(tell, raws)]
    table(("time", "kind", "what"), rows, [colour(raw) for raw in raws])
    paths = next((fact.paths for fact in reversed(facts) if isinstance(fact, (f.PatchLanding, f.PatchReject))), [])
    click.echo("\n" + "".join(f"{printable(path)}\n" for path in paths))
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    patch = redact(Blobs(project).get(queued.sha).decode("utf-8", "replace"))
    click.echo("\n".join(map(printable, patch.split("\n"))), nl=False)


@command.command()
@click.argument("mid", metavar="ID")
def retry(mid: str) -> None:
    """Queue a refused patch again, on the current base.

    Prints the new mid under which the same patch goes through the whole gate.

    \b
    Example:
      cccc patch retry cccc-1764000000-0a1b2c

    Exit codes: 0 queued, 1 still queued or landed, 2 wrong usage, 3 no such patch, 4 not running.
    """
    project = Project.find()
    mid, queued, facts = _find(project, mid)
    if not isinstance(facts[-1], (f.PatchReject, f.PatchPrecheckFail)):
        raise UserError(f"{mid} is {_state(project, facts)}; only a refused patch can be retried")
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
        reverts=queued.reverts,
        commit=queued.commit,
        because=queued.because,
    )
    bus.tell(project, "cli", [again])
    click.echo(new)


@command.command()
@click.argument("mid", metavar="ID")
def drop(mid: str) -> None:
    """Drop a patch that is queued or being checked.

    Its author is told. A patch that is already landing lands. A test run on a base (`base-…` in `cccc queue`) can be
    dropped too; you are then asked about the first patch, which may run fewer tests.

    \b
    Example:
      cccc patch drop cccc-1764000000-0a1b2c

    Exit codes: 0 requested, 1 settled already, 2 wrong usage, 3 no such patch, 4 not running.
    """
    project = Project.find()
    if mid.startswith("base-"):
        _drop_base(project, mid)
        return
    mid, _, facts = _find(project, mid)
    if isinstance(facts[-1], _SETTLED):
        raise UserError(f"{mid} is {_state(project, facts)}; there is nothing to drop")
    running.require(project)
    bus.tell(project, "cli", [f.PatchDrop(id=f"drop:{mid}", mid=mid)])
    click.echo(f"{mid} is dropped, unless it is already landing; its author is told")


@command.command()
@click.argument("mid", metavar="ID")
@click.option("--because", default="", metavar="TEXT", help="The reason, for the commit message.")
def revert(mid: str, because: str) -> None:
    """Revert a landed patch.

    Queues the reverse patch, from you, which goes through the same gate. Prints its mid, or that of an earlier revert.
    Its commit names what it reverts and why; `cccc trace` and `cccc patch show` of the original show that it was
    reverted.

    \b
    Examples:
      cccc patch revert cccc-1764000000-0a1b2c
      cccc patch revert 1a2b3c4 --because "breaks the import of old files"

    Exit codes: 0 queued, 1 not landed, 2 wrong usage, 3 no such patch, 4 not running.
    """
    project = Project.find()
    mid, _, facts = _find(project, mid)
    landed = next((fact for fact in facts if isinstance(fact, f.PatchCommit)), None)
    if landed is None:
        raise UserError(f"{mid} is {_state(project, facts)}; only a landed patch can be reverted")
    done = _reverted(project, mid)
    if done:
        click.echo(f"{mid} is {_state(project, facts)}", err=True)
        click.echo(done)
        return
    running.require(project)
    diff = git.run(project.root, *_DIFF, *_PREFIXES, landed.commit, f"{landed.commit}^").stdout
    Blobs(project).put(diff)
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    new = _mid()
    why = redact(" ".join(because.split()))[: f.LONGEST_TEXT // 4]
    reverse = f.PatchRevert(id=new, mid=new, of=mid, commit=landed.commit, because=why, **f.body(diff, redact))
    bus.tell(project, "cli", [reverse])
    click.echo(new)


def _drop_base(project: Project, mid: str) -> None:
    facts = [fact for fact in ledger.of_mid(project, mid) if isinstance(fact, (f.BaseRun, f.BaseTest, f.BaseDrop))]
    if not facts:
        raise NotFound(f"no run {mid}; see `cccc queue`")
    if not isinstance(facts[-1], f.BaseRun):
        raise UserError(f"{mid} has ended; there is nothing to drop")
    running.require(project)
    bus.tell(project, "cli", [f.BaseDrop(id=f"drop:{mid}:{facts[-1].seq}", mid=mid)])
    click.echo(f"{mid} is dropped, unless it has just finished")


def _find(project: Project, name: str) -> tuple[str, f.PatchQueued, list[Fact]]:
    """Return a patch's mid, how it was queued, and what the gate has said of it since. Raises NotFound."""
    mid = mid_of(project, name)
    facts = ledger.of_mid(project, mid)
    for number, fact in enumerate(facts):
        if isinstance(fact, f.PatchQueued):
            later = (later for later in facts[number + 1 :] if later.by == "evidence")
            return mid, fact, [fact, *later, *(fact for fact in facts if isinstance(fact, f.PatchReverted))]
    raise NotFound(f"no patch {mid}; `cccc ledger show --kind patch-queued` lists them")


def _state(project: Project, facts: list[Fact]) -> str:
    last = next(fact for fact in reversed(facts) if not isinstance(fact, f.PatchReverted))
    if isinstance(last, (f.PatchReject, f.PatchPrecheckFail)):
        return "refused"
    if isinstance(last, f.PatchCommit):
        return f"landed as {last.commit[:10]}" + _reverts(project, last.mid)
    if isinstance(last, f.SettingsApplied):
        return "applied"
    if isinstance(last, f.PatchNeedsDecision):
        return "waiting for a decision (`cccc rfd list`)"
    return f"held: {last.reason}" if isinstance(last, f.PatchHeld) else "in the queue"


def _reverts(project: Project, mid: str) -> str:
    """Return by what a patch was reverted, and by what that was in turn, to stand behind that it landed."""
    found = [fact for fact in ledger.of_mid(project, mid) if isinstance(fact, f.PatchReverted)]
    if not found:
        return ""
    last = found[-1]
    return f", reverted by {last.revert} as {last.commit[:10]}{because_of(last)}" + _reverts(project, last.revert)


def _reverted(project: Project, mid: str) -> str:
    """Return the patch that took a patch back, "" where there is none or that was taken back in turn."""
    found = [fact.revert for fact in ledger.of_mid(project, mid) if isinstance(fact, f.PatchReverted)]
    return found[-1] if found and not _reverted(project, found[-1]) else ""


def _mid() -> str:
    now = time.time_ns() // 1000
    return f"cli-{now // 1_000_000}-{now % 1_000_000:05x}-{os.getpid()}"
