"""The gate: one patch at a time, in the order they came.

A patch is tried in the gate tree (trial.py). A commit that passed is announced as `patch-landing`,
and landed (landing.py) only when that fact is heard: the ledger has then all that a restart needs
to finish it. What cannot land now is held and looked at again each second.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from cccc.common import facts as f
from cccc.common import git, terminal, worker
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.faults import fault
from cccc.services.evidence import queue
from cccc.services.evidence.child import CheckLock, Child
from cccc.services.evidence.landing import Blocked, Ground, Moved, short
from cccc.services.evidence.queue import Open
from cccc.services.evidence.trial import Gate, Ready, Steps, Trial

_LOOK_EVERY = 1.0
_LOOK_ANYWAY = 30.0  # also at what `Ground.stamp` does not see


@dataclass
class _Run:
    """The trial of the first patch, and its commit once that is ready to land."""

    mid: str
    steps: Steps
    child: Child | None = None
    ready: Ready | None = None
    stamp: object = None


class Evidence(worker.Worker):
    """Takes the first open patch one step further whenever there is something to do."""

    name = "evidence"
    version = 1
    State = queue.State

    def fold(self, fact: Fact) -> None:
        queue.fold(self.state, fact)

    def open(self) -> None:
        self._run: _Run | None = None
        self._awaited = ("", 0)  # a patch, and how many of its facts must be heard before it goes on
        self._looked = 0.0
        self._seen: git.Repo | None = None  # in this turn
        self._place: git.Repo | None = None  # ever: where it lies does not change
        self._gate = Gate(
            self.project,
            self.settings.policies,
            self.blobs,
            CheckLock(self.project.run / "check.lock"),
            terminal.environment(self.project),
            terminal.umask(self.project),
        )

    def close(self) -> None:
        self._drop_run()

    def act(self) -> None:
        self._seen = None
        self._note_branches()
        while self._step():
            self.alive()

    def _step(self) -> bool:
        """Take the first patch one step further. Returns whether the next step may follow at once."""
        patch = self.state.patches[0] if self.state.patches else None
        if self._run and (patch is None or self._run.mid != patch.mid):
            self._drop_run()
        if patch is None or (self._awaited[0] == patch.mid and patch.decided < self._awaited[1]):
            return False
        if patch.landing:
            self._land(patch)
            return False
        if self._run is None:
            return self._begin(patch)
        if self._run.ready:
            return self._look_again(patch, self._run, self._run.ready)
        return self._go_on(patch, self._run)

    # --- the steps ---

    def _note_branches(self) -> None:
        """Write down which branch each new patch belongs to: the one checked out when it arrives."""
        new = [patch for patch in self.state.patches if not patch.branch and not self.pending(_branch_id(patch))]
        repo = self._look() if new else None
        if repo and repo.branch:
            for patch in new:
                self.say(f.PatchBranch(mid=patch.mid, branch=repo.branch), id_=_branch_id(patch), cause=patch.seq)

    def _begin(self, patch: Open) -> bool:
        unheard = self.pending(_branch_id(patch))
        if (unheard and not self._seen) or (patch.held and not self._is_time()):
            return False
        repo = self._seen or self._look()
        if repo is None:
            return False
        branch = repo.branch if unheard else patch.branch
        if not repo.head:
            reason = "no-commit: the repository has no commit yet; the user has to make the first one"
            self._decide(patch, f.PatchReject(author=patch.author, mid=patch.mid, reason=reason))
        elif not branch:
            self._hold(patch, "HEAD is detached; the patch waits until a branch is checked out")
        elif repo.branch != branch:
            self._hold(patch, f"{short(repo.branch)} is checked out; the patch waits for {short(branch)}")
        else:
            self._run = _Run(patch.mid, Trial(self._gate, patch, repo).steps())
            return True
        return False

    def _go_on(self, patch: Open, run: _Run) -> bool:
        ended = None
        if run.child:
            ended = run.child.ended()
            if ended is None:
                return False
            run.child = None
        try:
            step = run.steps.send(ended)
        except git.GitError as error:
            self._drop_run()
            self._hold(patch, str(error))
            return False
        if isinstance(step, Child):
            run.child = step
        elif not isinstance(step, Ready):
            self._decide(patch, *step)
        else:
            run.ready = step
            if patch.held:
                return True  # what held it may still be there
            self._announce(patch, run, step)
        return False

    def _announce(self, patch: Open, run: _Run, ready: Ready) -> None:
        run.ready = replace(ready, before=[])
        intent = f.PatchLanding(
            author=patch.author,
            mid=patch.mid,
            branch=ready.landing.branch,
            old=ready.landing.old,
            new=ready.landing.new,
            paths=ready.paths,
            lines=ready.lines,
        )
        self._decide(patch, *ready.before, intent)

    def _land(self, patch: Open) -> None:
        assert patch.landing
        ground = self._ground()
        if ground is None:
            return
        try:
            ground.land(patch.landing)
        except Moved as moved:
            self._drop_run()
            self._decide(patch, _held(patch, f"{moved}; the patch is checked again there"))
        except (Blocked, git.GitError) as blocked:
            self._decide(patch, _held(patch, str(blocked)))
        else:
            fault("evidence.landed")
            self._decide(patch, _commit(patch))

    def _look_again(self, patch: Open, run: _Run, ready: Ready) -> bool:
        """Land what was held, once nothing stands in its way."""
        if not self._is_time():
            return False
        self._looked = time.monotonic()
        ground = self._ground()
        if ground is None:
            return False
        stamp = (ground.stamp(ready.paths), time.monotonic() // _LOOK_ANYWAY)
        if stamp == run.stamp:
            return False
        run.stamp = stamp
        try:
            reason = ground.obstacle(ready.landing)
        except Moved:
            self._drop_run()
            return True
        if reason:
            self._hold(patch, reason)
        else:
            self._announce(patch, run, ready)
        return False

    # --- what they share ---

    def _look(self) -> git.Repo | None:
        """Return the user's repository as it is now; None, and the trouble is shown, when there is none."""
        self._looked = time.monotonic()
        try:
            repo = git.look(self.project.root, git.environment(self._gate.env))
        except NotFound as error:
            self.trouble = str(error)
            return None
        self.trouble = ""
        self._seen = self._place = repo
        return repo

    def _is_time(self) -> bool:
        return time.monotonic() - self._looked >= _LOOK_EVERY

    def _ground(self) -> Ground | None:
        repo = self._place or self._look()
        return Ground(repo, self.project.home, self._gate.env, self._gate.umask) if repo else None

    def _hold(self, patch: Open, reason: str) -> None:
        if patch.held != reason:
            self._decide(patch, _held(patch, reason))

    def _decide(self, patch: Open, *facts: Fact) -> None:
        """Say one decision about the patch; it goes on when all of it is heard."""
        self._awaited = (patch.mid, patch.decided + len(facts))
        self.say(*facts, id_=f"patch:{patch.mid}:{patch.decided}", cause=patch.seq)

    def _drop_run(self) -> None:
        if self._run and self._run.child:
            self._run.child.kill()
        self._run = None


def _branch_id(patch: Open) -> str:
    return f"patch:{patch.mid}:branch"


def _held(patch: Open, reason: str) -> Fact:
    return f.PatchHeld(author=patch.author, mid=patch.mid, reason=reason[: f.LONGEST_TEXT])


def _commit(patch: Open) -> Fact:
    assert patch.landing
    test = patch.test if patch.test and patch.test.base == patch.landing.old else None
    queued = datetime.fromisoformat(patch.ts.replace("Z", "+00:00"))
    return f.PatchCommit(
        author=patch.author,
        mid=patch.mid,
        source=patch.source,
        lines=patch.lines,
        paths=patch.paths,
        branch=patch.landing.branch,
        commit=patch.landing.new,
        tests_ok=True if test and test.verdict == "green" else None,
        seconds=round((datetime.now(timezone.utc) - queued).total_seconds(), 3),
    )


if __name__ == "__main__":
    sys.exit(worker.main(Evidence))
