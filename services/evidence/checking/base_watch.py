"""What is said of bases: when one is looked at, what people are asked of it, what a landing makes known.

The tests on a base are run by base_run.py, and what is known of them is folded by bases.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.services.evidence.checking import base_questions, base_run, bases, commands, environment
from cccc.services.evidence.checking.base_questions import Question
from cccc.services.evidence.checking.bases import Before, State
from cccc.services.evidence.checking.counts import Tally
from cccc.services.evidence.checking.runs import Gate, Run

_QUIET = 3.0  # seconds without work, after which a base may be looked at


class Say(Protocol):
    """How a service says one decision; see `worker.Worker.say`."""

    def __call__(self, *facts: f.Fact, id_: str, cause: int | None = None) -> None: ...


class BaseWatch:
    """Says what is new of bases. Its run has the gate tree while it `is_busy`."""

    def __init__(self, gate: Gate, state: State, say: Say) -> None:
        self._gate = gate
        self._state = state
        self._say = say
        self._runner = base_run.Runner(gate)
        self._looked_at: set[tuple[str, str]] = set()  # branches and commits, in a quiet moment
        self._busy_at = time.monotonic()

    @property
    def is_busy(self) -> bool:
        return self._runner.is_busy(self._state)

    def go_on(self) -> None:
        """Take the run's next step when it is due."""
        self._tell(self._runner.go_on(self._state))

    def close(self) -> None:
        self._runner.close()

    def forget(self) -> None:
        """Find out anew what there is to run: the environment is another."""
        self._gate.on_base.clear()
        self._runner.forget_names()
        self._looked_at.clear()

    # --- in a quiet moment ---

    def due(self, idle: bool, branch: str, head: str, wanted: bool, now: float) -> float | None:
        """Return in how many seconds to `look` at what is checked out; None when there is no need, or no time for it.

        `wanted` is whether a person waits for that.
        """
        if not idle:
            self._busy_at = now
            return None
        if not (branch and head) or ((branch, head) in self._looked_at and not wanted):
            return None
        return 0.0 if wanted else max(0.0, self._busy_at + _QUIET - now)

    def look(self, repo: git.Repo | None, branch: str, head: str, wanted: bool) -> None:
        """Make the gate tree, and run the tests of what is checked out when nothing is known of them, or it is wanted.

        `branch` and `head` are what was asked for with `due`.
        """
        self._looked_at.add((branch, head))
        self._gate.clean.due = True
        self._tell_of_checks(repo)
        mid = self._runner.unknown(repo, self._state) if repo and repo.head and repo.branch else ""
        if wanted and repo and not mid:
            mid = self._runner.name(repo)
        for left in self._runner.left_open(self._state):
            if left != mid:
                self._tell(self._runner.given_up(left, "another commit is checked out now", self._state))
        if mid and repo:
            self._tell(self._runner.begin(mid, repo, self._state))

    def _tell_of_checks(self, repo: git.Repo | None) -> None:
        """Say what will be checked, where that is something new."""
        if repo is None or not repo.head:
            return
        env = self._gate.env
        lint, tests = commands.words(self._gate.policies.gate, env, commands.at(repo, env))
        told = f.GateChecks(linted_by=lint, tested_by=tests, programs=environment.words(repo, env))
        if self._state.checks != told.linted_by + told.tested_by + told.programs:
            self._say(told, id_=f"gate-checks:{repo.head}:{time.time_ns()}")

    # --- for a patch ---

    def has(self, repo: git.Repo) -> bool:
        """Whether a patch on what is checked out knows what to compare its tests with; begin to find out if not."""
        if self.is_busy:
            if self._runner.is_on(repo.branch) and not self._state.knows(repo.branch):
                return False
            self._tell(self._runner.stop("a patch needs the gate tree", self._state))
        wanted = self._runner.wanted(repo, self._state)
        if wanted:
            self._tell(self._runner.begin(wanted, repo, self._state))
        return not wanted or not self.is_busy

    def before(self, repo: git.Repo) -> Before:
        """Return what a patch on what is checked out is compared with."""
        mid = "" if self._state.knows(repo.branch) else self._runner.name(repo)
        return bases.before(self._state, repo.branch, mid, self._gate.machine)

    def question(self, why: str, names: list[str], repo: git.Repo) -> Question:
        """Return what to `ask` about what is checked out."""
        return Question(why, names, self._runner.name(repo), repo.branch, repo.head)

    def ask(self, question: Question) -> None:
        """Ask people, unless they were asked."""
        asked = base_questions.ask(self._state, question, self._gate.machine)
        if asked:
            self._say(asked[0], id_=asked[1])

    def landed(self, mid: str, queued: int, commit: str, runs: Mapping[str, Run]) -> None:
        """Take the checks of what has landed for those of the next patch's base; what is green now is known no more.

        `queued` is the seq by which the patch came, `runs` has its checks by their kind.
        """
        self._gate.on_base.clear()
        self._gate.on_base.update({(commit, run.command): run for run in runs.values()})
        green = sorted(
            now_green(self._state.known_red(self._gate.machine), runs["test"].tally if "test" in runs else None)
        )
        if green:
            gone = f.BaseForgotten(why="red", machine=self._gate.machine, names=green, reason=f"not failing with {mid}")
            self._say(gone, id_=f"patch:{mid}:green", cause=queued)

    def _tell(self, said: base_run.Said) -> None:
        """Say what came of a run, and ask about the tests that failed in it."""
        for fact, id_ in said:
            self._say(fact, id_=id_)
            self._gate.clean.due = True
            run = self._gate.on_base.get((fact.base, fact.command)) if isinstance(fact, f.BaseTest) else None
            if isinstance(fact, f.BaseTest) and fact.verdict == "red" and run and run.tally and run.tally.failing:
                self.ask(Question("red", sorted(run.tally.failing), fact.mid, fact.branch, fact.base))


def now_green(known_red: Iterable[str], tally: Tally | None) -> frozenset[str]:
    """Return which of the tests that are known to fail passed in a run. What was not run is not green."""
    if tally is None or not tally.tests or tally.failing is None:
        return frozenset()
    green = frozenset(known_red) - bases.as_told(tally.failing)
    return green if tally.passing is None else green & bases.as_told(tally.passing)
