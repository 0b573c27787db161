"""The run of the tests on a base of which nothing is known yet: what the first patch is compared with.

It has the gate tree when nothing else wants it, or when the first patch of a branch needs it. What came of it is
a fact, under a name made from the tree, the settings and the environment, so that it is never run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from typing import Optional, Union

import msgspec

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.services.evidence.checking import bases, checks
from cccc.services.evidence.checking.bases import Known, State
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import Child
from cccc.services.evidence.checking.commands import SETTINGS
from cccc.services.evidence.checking.links import Missing
from cccc.services.evidence.checking.runs import SILENT, Gate, Run, Runs
from cccc.services.evidence.checking.tree_commands import Commands

_ENVIRONMENT = ("TEST_CMD", "PATH", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "NODE_PATH", "GOFLAGS", "RUSTFLAGS")
_NAMED = 500
AGAIN = "base:again"  # begins the id of the drop that answers `base-again`, by its seq

Steps = Generator[Union[Child, f.BaseRun], Optional[Ended], Optional[f.BaseTest]]
Said = Iterator[tuple[f.Fact, str]]  # each fact with its id


class Runner:
    """Runs the tests of one base at a time."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._mid = ""
        self._id = ""
        self._branch = ""
        self._steps: Steps | None = None
        self._child: Child | None = None
        self._said = False  # what came of it, which is not heard yet
        self._idle: set[str] = set()  # bases without anything to run
        self._named = ("", "")

    def name(self, repo: git.Repo) -> str:
        """Return the mid of the run on what is checked out."""
        if self._named[0] != repo.head:
            tree = git.line(repo.top, "rev-parse", f"{repo.head}^{{tree}}", env=git.environment(self._gate.env))
            settings = self._gate.policies.gate
            deciding = (settings.tests, settings.setup, settings.link, settings.reports, settings.isolation)
            environment = [(name, self._gate.env.get(name, "")) for name in _ENVIRONMENT]
            key = msgspec.json.encode((tree, repo.prefix, deciding, settings.timeout_seconds, environment))
            self._named = (repo.head, f"base-{hashlib.sha256(key).hexdigest()[:12]}")
        return self._named[1]

    def forget_names(self) -> None:
        """Find out anew how runs are called, and whether there is one: the environment is another."""
        self._named, self._idle = ("", ""), set()

    def wanted(self, repo: git.Repo, state: State) -> str:
        """Return the mid of the run that a patch on what is checked out has to wait for, or ""."""
        return "" if state.knows(repo.branch) else self.unknown(repo, state)

    def unknown(self, repo: git.Repo, state: State) -> str:
        """Return the mid of the run on what is checked out, "" when it would tell nothing new."""
        if state.heads.get(repo.branch) == repo.head:
            return ""
        mid = self.name(repo)
        return "" if mid in self._idle or state.by_mid.get(mid, Known()).settled else mid

    def is_busy(self, state: State) -> bool:
        """Whether a run has the gate tree, or what came of one is on its way."""
        if self._said and state.by_mid.get(self._mid, Known()).settled:
            self._said = False
        return self._steps is not None or self._said

    def is_on(self, branch: str) -> bool:
        return self._branch == branch

    def begin(self, mid: str, repo: git.Repo, state: State) -> Said:
        """Give the gate tree to a run. Yields what is to be said."""
        known = state.by_mid.get(mid, Known())
        self._mid, self._branch, self._steps = mid, repo.branch, steps(self._gate, repo, mid)
        self._id = _id(mid, known.number if known.is_open else state.begun + 1)
        yield from self.go_on(state)

    def go_on(self, state: State) -> Said:
        """Take the next step when it is due. Yields what is to be said."""
        known = state.by_mid.get(self._mid, Known())
        while self._steps:
            if known.dropped:
                self.close()
                return
            ended = self._child.ended() if self._child else None
            if self._child and ended is None:
                return
            self._child = None
            try:
                step = self._steps.send(ended)
            except StopIteration as stop:
                yield from self._end(stop.value, state)
            except git.GitError as error:  # the patch meets it too, and is told
                yield from self.stop(str(error), state)
                yield from self._nothing(str(error), state)
            else:
                if isinstance(step, Child):
                    self._child = step
                elif not known.is_open:
                    yield step, self._id

    def _end(self, outcome: f.BaseTest | None, state: State) -> Said:
        self._steps = None
        if outcome is None:
            yield from self._nothing("nothing to run", state)
        else:
            self._said = True
            yield outcome, f"{self._id}:test"

    def _nothing(self, reason: str, state: State) -> Said:
        """Remember that there is no run here. Yields that to whom asked for one."""
        self._idle.add(self._mid)
        if state.again and not state.by_mid.get(self._mid, Known()).is_open:
            yield f.BaseDrop(mid=self._mid, reason=reason[: f.LONGEST_TEXT]), f"{AGAIN}:{state.again}"

    def stop(self, reason: str, state: State) -> Said:
        """End the run for a reason that is not a person's. Yields what is to be said."""
        self.close()
        yield from self.given_up(self._mid, reason, state)

    def given_up(self, mid: str, reason: str, state: State) -> Said:
        """Yield that a run which was begun goes on no more."""
        known = state.by_mid.get(mid, Known())
        if known.is_open:
            yield f.BaseDrop(mid=mid, reason=reason[: f.LONGEST_TEXT]), f"{_id(mid, known.number)}:end"

    def left_open(self, state: State) -> list[str]:
        """Return the runs that were begun and go on no more: of an earlier life, or on another base."""
        return [mid for mid, known in state.by_mid.items() if known.is_open and not (self._steps and mid == self._mid)]

    def close(self) -> None:
        if self._child:
            self._child.kill()
        self._steps = self._child = None


def steps(gate: Gate, repo: git.Repo, mid: str) -> Steps:
    """Run the tests on what is checked out. Returns None when there is nothing to run. Raises GitError."""
    tree = gate.tree(repo)
    runs = Runs(gate, repo, tree, mid)
    commands = Commands(gate, repo, tree, runs.own)
    tree.reset(repo.head)
    command = commands.of("test", runs.files())
    if not command:
        return None
    log = str(runs.log("test").relative_to(gate.project.root))
    yield f.BaseRun(mid=mid, branch=repo.branch, base=repo.head, command=command, log=log)
    reason = checks.unready(command, commands.seen(runs.files()), lambda: runs.lends("node_modules"))
    run = None
    try:
        failed = None if reason else (yield from runs.set_up())
        if failed:
            reason = f"gate.setup failed: {failed.ended.over or f'exit {failed.ended.code}'}"
        run = None if reason else (yield from runs.run(command, "test"))
        if run:
            gate.on_base[(repo.head, command)] = run
    except Missing as missing:
        reason = str(missing)
    return _fact(gate, repo, mid, command, run, runs.files(), reason)


def _fact(
    gate: Gate, repo: git.Repo, mid: str, command: str, run: Run | None, files: list[str], reason: str
) -> f.BaseTest:
    fact = f.BaseTest(mid=mid, branch=repo.branch, base=repo.head, command=command, verdict="broken", reason=reason)
    if run is None:
        return fact
    verdict = checks.judge(run.ended, run.tally, command, SETTINGS["test"][1], files)
    fact.verdict, fact.reason = verdict.word, verdict.reason
    if verdict.word == "red" and not (run.tally and run.tally.executed):
        fact.verdict = "broken"
        fact.reason = f"`{command}` ends before any test (exit {run.ended.code}): {run.cause or SILENT}"
    fact.exit, fact.seconds = run.ended.code, round(run.ended.seconds, 3)
    fact.isolated = gate.sandbox.isolation.way
    fact.log, fact.sha = str(run.log.relative_to(gate.project.root)), run.sha
    fact.tail = checks.shown(run.ended)
    if run.tally:
        fact.tests, fact.failed, fact.skipped = run.tally.tests, run.tally.failed, run.tally.skipped
        names = sorted(bases.as_told(run.tally.failing or ()))[:_NAMED]
        fact.failing = names if bases.can_be_told(names) else []
    return fact


def _id(mid: str, number: int) -> str:
    return f"base:{mid}:run:{number}"
