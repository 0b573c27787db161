"""Taking the open patches on their way, one step of one patch at a time.

turn.py says which step comes next, here it is done: the trial goes on, what passed is announced as `patch-landing` and
landed when that fact is heard: the ledger has then all that a restart needs to finish it. What cannot land now is held,
and tried again when those behind it have moved the branch.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Callable

from cccc.common import facts as f
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.services.evidence import outcomes, turn
from cccc.services.evidence.attempt import Asked, Attempt, Run
from cccc.services.evidence.checking.base_watch import BaseWatch, Say
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.checking.verdicts import OnBase, Stuck
from cccc.services.evidence.landing import branch, settings_patch
from cccc.services.evidence.landing.land import Blocked, Moved
from cccc.services.evidence.queue import Open, State
from cccc.services.evidence.repository import Repository
from cccc.services.evidence.trial import Ready, Trial


class Attempts:
    """What this life of the gate does with each open patch. A trial has the gate tree while they are `busy`."""

    def __init__(self, gate: Gate, state: State, repository: Repository, bases: BaseWatch, say: Say) -> None:
        self._gate = gate
        self._state = state
        self._repository = repository
        self._bases = bases
        self._say = say
        self._by_mid: dict[str, Attempt] = {}
        self._run: Run | None = None
        self._do: dict[turn.What, Callable[[Open], bool]] = {
            "land": self._land,
            "apply": self._apply,
            "refuse": self._refuse,
            "hold": self._hold_for_ledger,
            "go on": self._go_on,
            "announce": self._announce,
            "begin": self._begin,
        }

    @property
    def busy(self) -> bool:
        return self._run is not None

    def close(self) -> None:
        """End the trial that has the gate tree."""
        if self._run:
            self._run.close()
        self._run = None

    def step(self, tree_is_free: bool) -> bool:
        """Take one patch one step further. Returns whether the next step may follow at once.

        `tree_is_free` is whether no card has or wants the gate tree.
        """
        if self._run and not turn.is_wanted(self._state, self._run.mid):
            self.close()
        tried = self._run.mid if self._run else ""
        step = turn.next_step(self._state, self._by_mid, tried, tree_is_free, time.monotonic())
        if step and step.what == "look":
            if not self._is_free(step.patch):
                return True
            step = turn.after(self._state, step.patch, self._by_mid, "", tree_is_free)
        if step is None:
            return False
        if step.ends_trial:
            self.close()
        return self._do[step.what](step.patch)

    def trouble(self) -> str:
        """Return which patch waits for what only the user can mend, or ""."""
        stuck = (patch for patch in self._state.patches if self._of(patch).stuck)
        return next((f"{patch.mid} is held: {patch.held}" for patch in stuck), "")

    def handed_in(self) -> set[str]:
        """Return the paths of what has passed: edits of them in the user's tree are accounted for."""
        passed = (attempt.passed for attempt in self._by_mid.values())
        return {path for each in passed if each for path in each.ready.paths}

    # --- before the steps ---

    def prepare(self) -> None:
        """Take in what is new: patches that came and went, and what the user must know of."""
        for mid in self._by_mid.keys() - {patch.mid for patch in self._state.patches}:
            del self._by_mid[mid]
        self._note_branches()
        self._tell_of_waiting()
        self._settle()

    def _note_branches(self) -> None:
        """Write down which branch each new patch belongs to: the one checked out when it arrives."""
        new = [patch for patch in self._state.patches if not patch.branch and not self._of(patch).branch]
        repo = self._repository.look() if new else None
        if repo and repo.branch:
            for patch in new:
                self._of(patch).branch = repo.branch
                said = f.PatchBranch(mid=patch.mid, branch=repo.branch)
                self._say(said, id_=f"patch:{patch.mid}:branch", cause=patch.seq)

    def _tell_of_waiting(self) -> None:
        most = self._gate.policies.gate.wait_minutes * 60
        for patch in turn.untold(self._state, self._by_mid, most, time.time()):
            self._say(outcomes.waiting(patch), id_=f"patch:{patch.mid}:waiting", cause=patch.seq)

    def _settle(self) -> None:
        """Undo what an interrupted landing left whose patch is not landed any more."""
        landing = any(patch.landing for patch in self._state.patches)
        ground = self._repository.ground() if self._repository.is_found and not landing else None
        if ground:
            with contextlib.suppress(Blocked, git.GitError):  # the next landing meets it too, and is told
                ground.settle()

    def retry(self) -> None:
        """Try at once what only the user can mend, and may have mended."""
        for attempt in self._by_mid.values():
            attempt.look_at = 0.0 if attempt.stuck else attempt.look_at

    # --- the steps ---

    def _begin(self, patch: Open) -> bool:
        repo = self._repository.seen()
        if repo is None:
            return False
        reason = branch.not_there(repo, patch.branch or self._of(patch).branch, git.environment(self._gate.env))
        if reason:
            self._hold(patch, reason)
            return True
        if not self._bases.has(repo):
            return False
        self._gate.clean.due = True
        steps = Trial(self._gate, patch, repo, self._bases.before(repo)).steps()
        self._run = Run(patch.mid, steps, self._known_of_base())
        return True

    def _go_on(self, patch: Open) -> bool:
        assert self._run
        run, attempt = self._run, self._of(patch)
        try:
            step = run.go_on()
        except OnBase as found:
            self.close()
            self._wait_for_answer(patch, found, run.known)
            return True
        except (git.GitError, Stuck) as error:
            self.close()
            stuck = isinstance(error, Stuck)
            attempt.rest(time.monotonic() - run.begun, stuck)
            self._hold(patch, str(error), asked=stuck)
            return True
        if isinstance(step, Ready):
            self.close()
            attempt.passes(step)
            return True
        if step is not None:
            self._decide(patch, *step)
        return False

    def _wait_for_answer(self, patch: Open, found: OnBase, known: object) -> None:
        repo = self._repository.look()
        if repo:
            asked = Asked(known, self._bases.question(found.why, found.names, repo))
            self._of(patch).asked = asked
            self._bases.ask(asked.question)
        self._hold(patch, str(found), asked=True)

    def _announce(self, patch: Open) -> bool:
        passed = self._of(patch).passed
        assert passed
        ready = passed.ready
        passed.ready = replace(ready, before=[])
        self._decide(patch, *ready.before, outcomes.landing(patch, ready))
        return False

    def _land(self, patch: Open) -> bool:
        assert patch.landing
        ground, attempt = self._repository.ground(), self._of(patch)
        if ground is None:
            return False
        passed = attempt.passed
        known = passed.ready.changes if passed and passed.ready.landing == patch.landing else None
        try:
            ground.land(patch.landing, known)
        except Moved as moved:
            attempt.passed = None
            self._decide(patch, outcomes.held(patch, f"{moved}; the patch is checked again there"))
        except (Blocked, git.GitError) as blocked:
            if passed:
                passed.failed += 1
                passed.stamp = passed.look(ground)
            self._decide(patch, outcomes.held(patch, str(blocked)))
        else:
            fault("evidence.landed")
            self._decide(patch, outcomes.landed(patch, time.time()))
            if passed:
                self._bases.landed(patch.mid, patch.seq, passed.ready.landing.new, passed.ready.runs)
        return False

    def _apply(self, patch: Open) -> bool:
        """Write what people have approved into the settings."""
        assert patch.applying
        paths = patch.applying.paths
        try:
            kept = settings_patch.write(self._gate.project, self._gate.blobs, patch.applying)
        except (settings_patch.Refused, NotFound) as refused:
            reason = str(refused)
            self._decide(patch, f.PatchReject(author=patch.author, mid=patch.mid, reason=reason, paths=paths))
        else:
            self._decide(patch, f.SettingsApplied(author=patch.author, mid=patch.mid, paths=paths, kept=kept))
        return False

    def _refuse(self, patch: Open) -> bool:
        self._decide(patch, outcomes.unwanted(patch))
        return True

    def _hold_for_ledger(self, patch: Open) -> bool:
        self._hold(patch, turn.differs(self._state))
        return True

    def _is_free(self, patch: Open) -> bool:
        """Look at what holds a patch. Returns whether it goes on: nothing holds it, or it must be tried again."""
        attempt = self._of(patch)
        attempt.look_at = time.monotonic() + turn.LOOK_EVERY
        asked = attempt.asked
        if asked and asked.known == self._known_of_base():
            self._bases.ask(asked.question)  # nobody may have answered
            return False
        attempt.asked = None
        passed, ground = attempt.passed, self._repository.ground()
        if passed is None or ground is None:
            return True
        try:
            reason = passed.obstacle(ground)
        except (Moved, git.GitError):
            attempt.passed = None
            return True
        if reason:
            self._hold(patch, reason)
        return reason == ""

    # --- what they share ---

    def _of(self, patch: Open) -> Attempt:
        return self._by_mid.setdefault(patch.mid, Attempt())

    def _known_of_base(self) -> object:
        return turn.known_of_base(self._state, self._gate.machine)

    def _hold(self, patch: Open, reason: str, asked: bool = False) -> None:
        held = outcomes.held(patch, reason, asked)
        if patch.held != held.reason:
            self._decide(patch, held)

    def _decide(self, patch: Open, *facts: Fact) -> None:
        """Say one decision about the patch; it goes on when all of it is heard."""
        self._of(patch).awaited = patch.decided + len(facts)
        self._say(*facts, id_=f"patch:{patch.mid}:{patch.decided}", cause=patch.seq)
