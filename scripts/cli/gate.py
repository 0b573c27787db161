"""`cccc gate`: explain, run, forget."""

from __future__ import annotations

import contextlib
import os
import time

import click

from cccc.common import bus, ledger, settings
from cccc.common import facts as f
from cccc.common.commands.status import NO, check
from cccc.common.errors import NotRunning, Refused, UserError
from cccc.common.ledger.blobs import Blobs
from cccc.common.ledger.named import mid_of
from cccc.common.machine import git, host, supervisor
from cccc.common.paths import Project
from cccc.common.shown.short import text_of
from cccc.common.terminal import typed_by
from cccc.common.text.lines import plain
from cccc.scripts.cli import checked, gate_here, running
from cccc.services.evidence.checking import base_run, bases, environment, sandbox
from cccc.services.evidence.checking.child import Child

SECTION = "Decide", 4
_LOOK_EVERY = 0.1


@click.group(no_args_is_help=False)
def command() -> None:
    """Show and run the checks of the gate.

    \b
    Examples:
      cccc gate explain
      cccc gate run
      cccc gate forget tests/test_net.py::test_fetch

    Exit codes: 0 done, 1 not green, 2 wrong usage, 3 no such patch, 4 not running, 5 no project here, 6 refused.
    """


@command.command()
@click.argument("mid", metavar="[PATCH]", required=False)
def explain(mid: str | None) -> None:
    """Show which checks a patch gets, in which environment, and why.

    Without PATCH, looks at the commit that is checked out; with a mid or a commit, at the tree with that patch, and
    shows the results of its checks so far.

    \b
    Examples:
      cccc gate explain
      cccc gate explain cccc-1764000000-0a1b2c

    Exit codes: 0 done, 3 no such patch, 5 no project here.
    """
    project = Project.find()
    env = checked.environment_of(project)
    repo = git.look(project.root, git.environment(env))
    gate = settings.load(project).policies.gate
    facts = ledger.of_mid(project, mid_of(project, mid)) if mid else []
    queued = next((fact for fact in facts if isinstance(fact, f.PatchQueued)), None)
    with checked.tree_of(repo, env, Blobs(project).get(queued.sha) if queued else b"") as (tree, note):
        lint, tests = checked.words(gate, repo, env, tree)
    for line in (check("lint", lint), check("tests", tests), f"programs: {environment.words(repo, env)}"):
        click.echo(plain(line))
    isolation = sandbox.of(project, gate.isolation).isolation
    click.echo(f"isolation: {isolation.way}" + (f" ({isolation.why})" if isolation.why else ""))
    for name, value in (("setup", gate.setup), ("link", ", ".join(gate.link))):
        if value:
            click.echo(f"{name}: {plain(value)} (gate.{name})")
    if note:
        click.echo(note)
    known = _known(project)
    for name in sorted(known.known_red(host.name())):
        click.echo(f"known failure: {plain(name)}")
    if host.name() in known.untested:
        click.echo("patches may land untested here (undo with `cccc gate forget --untested`)")
    for fact in facts:
        if isinstance(fact, (f.Lint, f.Test)):
            click.echo(plain(f"{fact.kind}: {fact.verdict}, {text_of(fact)}; log: {fact.log or 'none'}"))


@command.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Run the tests on the commit that is checked out, as the gate does.

    While the project is up, the gate runs them as soon as its work tree is free, and patches are compared with the
    result; otherwise they run here, and only the log is kept.

    \b
    Example:
      cccc gate run

    Exit codes: 0 green, 1 not green or nothing to run, 3 no repository, 5 no project here.
    """
    project = Project.find()
    env = checked.environment_of(project)
    repo = git.look(project.root, git.environment(env))
    if not repo.head or not repo.branch:
        raise UserError("no commit on a branch is checked out; make a commit or switch to a branch")
    gate = settings.load(project).policies.gate
    with checked.tree_of(repo, env, b"") as (tree, _):
        _, tests = checked.words(gate, repo, env, tree)
    click.echo(plain(check("tests", tests)))
    if supervisor.is_up(project):
        program = typed_by.program(project)
        if program:
            raise Refused(f"refused: {program} cannot do that; people are asked again by it")
        outcome = _ask_the_gate(project)
    elif tests.startswith(NO):
        ctx.exit(1)
    else:
        outcome = _run_here(project, repo)
    click.echo(plain(f"{outcome.verdict}: {outcome.reason}, {outcome.seconds:.1f} s; log: {outcome.log or 'none'}"))
    for name in outcome.failing:
        click.echo(f"  {plain(name)}")
    ctx.exit(0 if outcome.verdict == "green" else 1)


@command.command()
@click.argument("names", metavar="[TEST]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All known failures of this machine.")
@click.option("--untested", is_flag=True, help="The permission to land untested on this machine.")
def forget(names: tuple[str, ...], every: bool, untested: bool) -> None:
    """Remove tests from the known failures of this machine.

    A patch with which such a test fails is then held, and you are asked again. `cccc gate explain` lists the known
    failures.

    \b
    Examples:
      cccc gate forget tests.test_net::test_fetch
      cccc gate forget --all

    Exit codes: 0 done, 1 not a known failure, 2 wrong usage, 4 not running, 6 refused.
    """
    project = Project.find()
    program = typed_by.program(project)
    if program:
        raise Refused(f"refused: {program} cannot do that; only a person can, in a terminal of their own")
    if not (names or every or untested):
        raise click.UsageError("name a test, or pass --all or --untested")
    running.require(project)
    here, known = host.name(), _known(project)
    red = known.known_red(here)
    strange = sorted(set(names) - red)
    if strange:
        raise UserError(f"{strange[0]} is not a known failure; `cccc gate explain` lists them")
    gone = sorted(red if every else names)
    told: list[f.Fact] = []
    if gone:
        told.append(f.BaseForgotten(id=f"forget-{_now()}", why="red", machine=here, names=gone))
    if untested and here in known.untested:
        told.append(f.BaseForgotten(id=f"forget-untested-{_now()}", why="untested", machine=here))
    if not told:
        raise UserError("no known failures here; see `cccc gate explain`")
    bus.tell(project, "cli", told)
    for fact in told:
        click.echo(plain(f"removed: {text_of(fact)}"))


def _known(project: Project) -> bases.State:
    """Return what the ledger says of the bases."""
    known = bases.State()
    for fact in ledger.read(project):
        bases.fold(known, fact)
    return known


def _ask_the_gate(project: Project) -> f.BaseTest:
    """Have the gate run the tests, and wait for what comes of it. Raises NotRunning, UserError."""
    (seq,) = bus.tell(project, "cli", [f.BaseAgain(id=f"again-{_now()}")])
    begun = False
    with contextlib.closing(ledger.Reader(project, seq)) as reader:
        while True:
            for fact in map(ledger.decode, (line.raw for line in reader.read())):
                begun = begun or isinstance(fact, f.BaseRun)
                if begun and isinstance(fact, f.BaseTest):
                    return fact
                if isinstance(fact, f.BaseDrop) and (begun or fact.id == f"{base_run.AGAIN}:{seq}"):
                    raise UserError(f"the run was stopped: {fact.reason or 'dropped by the user'}")
            if not supervisor.is_up(project):
                raise NotRunning("the project was stopped; the tests will run after the next `cccc up`")
            time.sleep(_LOOK_EVERY)


def _run_here(project: Project, repo: git.Repo) -> f.BaseTest:
    """Run the tests in this process. Raises UserError while the gate tree is in use."""
    steps = base_run.steps(gate_here.gate_of(project), repo, f"cli-base-{_now()}")
    ended = None
    try:
        while True:
            step = steps.send(ended)
            ended = gate_here.end_of(step) if isinstance(step, Child) else None
    except StopIteration as stop:
        outcome: f.BaseTest | None = stop.value
    if outcome is None:
        raise UserError("nothing to run")
    return outcome


def _now() -> str:
    return f"{time.time_ns() // 1000}-{os.getpid()}"
