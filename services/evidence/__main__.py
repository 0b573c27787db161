"""The gate: one patch at a time, in the order they came.

A patch is tried in the gate tree (trial.py). A commit that passed is announced as `patch-landing`,
and landed (landing/land.py) only when that fact is heard: the ledger has then all that a restart needs
to finish it. What cannot land now is held and looked at again each second; it lets the patches
behind it pass, and is tried again when they have moved the branch.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import replace

from cccc.common import facts as f
from cccc.common import terminal, worker
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.ledger import anchor
from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.common.text import redaction
from cccc.common.text.lines import moment
from cccc.services.evidence import queue
from cccc.services.evidence.attempt import Asked, Attempt, Passed, Run
from cccc.services.evidence.checking import base_run, evidence_cards, sandbox
from cccc.services.evidence.checking.base_watch import BaseWatch
from cccc.services.evidence.checking.child import CheckLock, Child
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.checking.verdicts import OnBase, Stuck
from cccc.services.evidence.landing import settings_patch
from cccc.services.evidence.landing.branch import elsewhere
from cccc.services.evidence.landing.land import Blocked, Ground, Moved
from cccc.services.evidence.queue import Applying, Open
from cccc.services.evidence.reading import change
from cccc.services.evidence.trial import Ready, Trial
from cccc.services.evidence.user_tree import Watcher, over

_LOOK_EVERY = 1.0
_QUIET = 3.0  # seconds without work, after which a base may be looked at


class Evidence(worker.Worker):
    """Takes one open patch one step further whenever there is something to do."""

    name = "evidence"
    version = 7
    State = queue.State
    hears = queue.HEARS

    def fold(self, fact: Fact) -> None:
        queue.fold(self.state, fact)

    def open(self) -> None:
        self._run: Run | None = None
        self._attempts: dict[str, Attempt] = {}  # by mid
        self._lost = ""  # why there is no repository
        self._terminal: object = None  # what was last seen of its file
        self._seen: git.Repo | None = None  # in this turn
        self._place: git.Repo | None = None  # ever: where it lies does not change
        self._watcher: Watcher | None = None
        # Before the probe of the sandbox: a check of an earlier life may use its box.
        lock = CheckLock(self.project.run / "check.lock")
        lock.adopt()
        self._gate = Gate(
            self.project,
            self.settings.policies,
            self.blobs,
            lock,
            sandbox.of(self.project, self.settings.policies.gate.isolation),
            terminal.environment(self.project),
            terminal.umask(self.project),
        )
        self._cards = evidence_cards.Runner(self._gate)
        self._bases = BaseWatch(self._gate, self.state.bases, self.say)

    def close(self) -> None:
        self._drop_run()
        self._cards.close()
        self._bases.close()
        if self._watcher:
            self._watcher.close()

    def act(self) -> None:
        self._seen = None
        self._renew_environment()
        self._forget_settled()
        self._note_branches()
        self._tell_of_waiting()
        self._run_cards()
        self._bases.go_on()
        self._settle()
        while self._step():
            self.alive()
        self._tidy()
        self._rest()
        self._watch_worktree()
        waiting = (f"{patch.mid} waits: {patch.held}" for patch in self.state.patches if self._attempt(patch).stuck)
        self.trouble = self._lost or next(waiting, "")

    def _step(self) -> bool:
        """Take one patch one step further. Returns whether the next step may follow at once."""
        patch = self._next()
        if patch is None or not self._heard(patch):
            return False
        if patch.landing:
            self._land(patch)
            return False
        if patch.applying:
            self._drop_run()
            self._change_settings(patch, patch.applying)
            return False
        if patch.over:
            self._drop_run()
            reason = patch.over[: f.LONGEST_TEXT]
            self._decide(patch, f.PatchReject(author=patch.author, mid=patch.mid, reason=reason, lines=patch.lines))
            return True
        if self.state.differs:
            self._drop_run()
            self._hold(patch, self._differs())
            return True
        if self._run:
            return self._go_on(patch, self._run)
        passed = self._attempt(patch).passed
        if passed:
            self._announce(patch, passed)
            return False
        return self._begin(patch)

    def _next(self) -> Open | None:
        """Return the patch whose turn it is: what was begun, else the first that nothing holds."""
        patches: list[Open] = self.state.patches
        able = [patch for patch in patches if not patch.waits]
        begun = next((patch for patch in able if patch.landing or patch.applying), None)
        if begun is None and self._run:
            begun = queue.find(self.state, self._run.mid)
        if begun and not begun.waits:
            return begun
        self._drop_run()
        return next((patch for patch in able if not patch.held or patch.over or self._is_free(patch)), None)

    def _heard(self, patch: Open) -> bool:
        return patch.decided >= self._attempt(patch).awaited

    def _attempt(self, patch: Open) -> Attempt:
        return self._attempts.setdefault(patch.mid, Attempt())

    # --- the steps ---

    def _note_branches(self) -> None:
        """Write down which branch each new patch belongs to: the one checked out when it arrives."""
        new = [patch for patch in self.state.patches if not patch.branch and not self.pending(_branch_id(patch))]
        repo = self._look() if new else None
        if repo and repo.branch:
            for patch in new:
                self.say(f.PatchBranch(mid=patch.mid, branch=repo.branch), id_=_branch_id(patch), cause=patch.seq)

    def _tell_of_waiting(self) -> None:
        """Say which patches wait for what only the user can mend, or have been held for so long that they must know."""
        most = self.settings.policies.gate.wait_minutes * 60
        for patch in self.state.patches:
            if patch.held_since and not patch.told and (self._attempt(patch).stuck or over(patch.held_since, most)):
                waiting = f.PatchWaiting(author=patch.author, mid=patch.mid, reason=patch.held, since=patch.held_since)
                self.say(waiting, id_=f"patch:{patch.mid}:waiting", cause=patch.seq)

    def _tidy(self) -> None:
        """Clean up after the last patch while nothing waits for the gate tree."""
        if not self._gate.clean.due or not self._is_idle():
            return
        self._gate.clean.due = False
        repo = self._look()
        if repo and repo.head:
            with contextlib.suppress(git.GitError):  # the next patch meets it too, and is told
                self._gate.tree(repo).tidy(repo.head)

    def _is_idle(self) -> bool:
        """Whether nothing has the gate tree, or waits for it."""
        busy = self._run or self._cards.busy or self._waiting_cards() or self._bases.is_busy
        return not busy and all(patch.held or patch.waits for patch in self.state.patches)

    def _rest(self) -> None:
        """After a quiet while make the gate tree, and run the tests of a base of which nothing is known."""
        at, again = self.state.worktree, self.state.bases.again
        wanted = bool(again) and not self.pending(f"{base_run.AGAIN}:{again}")
        due = self._bases.due(self._is_idle(), at.branch, at.head, wanted, time.monotonic())
        if due == 0:
            self._bases.look(self._look(), at.branch, at.head, wanted)
        if due is not None:
            self.wake_in(due)

    def _watch_worktree(self) -> None:
        if self._watcher is None:
            place = self._place or self._look()
            if place is None:
                return
            wait = self.settings.policies.gate.wait_minutes * 60
            self._watcher = Watcher(place, self._gate.env, wait)
        passed = (attempt.passed for attempt in self._attempts.values())
        handed_in = {path for each in passed if each for path in each.ready.paths}
        for fact, id_ in self._watcher.news(self.state.worktree, self.state.patches, handed_in):
            self.say(fact, id_=id_)

    def _run_cards(self) -> None:
        """Let cards have the gate tree between two patches."""
        outcome = self._cards.go_on() if self._cards.busy else None
        waiting = self._waiting_cards()
        free = self._run is None and not self._bases.is_busy
        if not self._cards.busy and outcome is None and waiting and free:
            repo = self._look()
            outcome = self._cards.begin(waiting[0], repo) if repo else None
        if isinstance(outcome, (f.EvidenceValidate, f.EvidenceInvalid)):
            self.say(outcome, id_=_card_id(outcome.mid))
            self.wake_in(0)

    def _waiting_cards(self) -> list[evidence_cards.Handed]:
        return [card for card in self.state.cards.cards if not self.pending(_card_id(card.mid))]

    def _begin(self, patch: Open) -> bool:
        self._run_cards()
        if self._cards.busy or self._waiting_cards():
            return False
        unheard = self.pending(_branch_id(patch))
        if unheard and not self._seen:
            return False
        repo = self._seen or self._look()
        if repo is None:
            return False
        branch = repo.branch if unheard else patch.branch
        if not repo.head:
            self._hold(patch, "the repository has no commits yet; the user has to make the first one")
        elif not branch:
            self._hold(patch, "HEAD is detached; the patch waits until a branch is checked out")
        elif repo.branch != branch:
            self._hold(patch, elsewhere(repo.top, repo.branch, branch, git.environment(self._gate.env)))
        elif not self._bases.has(repo):
            return False
        else:
            self._gate.clean.due = True
            trial = Trial(self._gate, patch, repo, self._bases.before(repo))
            self._run = Run(patch.mid, trial.steps(), self._known_of_base())
        return True

    def _go_on(self, patch: Open, run: Run) -> bool:
        ended = None
        if run.child:
            ended = run.child.ended()
            if ended is None:
                return False
            run.child = None
        try:
            step = run.steps.send(ended)
        except OnBase as found:
            self._drop_run()
            self._wait_for_answer(patch, found, run.known)
            return True
        except (git.GitError, Stuck) as error:
            stuck = isinstance(error, Stuck)
            self._attempt(patch).rest(time.monotonic() - run.begun, stuck)
            self._drop_run()
            self._hold(patch, str(error), asked=stuck)
            return True
        if isinstance(step, Child):
            run.child = step
            return False
        if isinstance(step, Ready):
            self._drop_run()
            self._attempt(patch).passes(step)
            return True
        self._decide(patch, *step)
        return False

    def _wait_for_answer(self, patch: Open, found: OnBase, known: object) -> None:
        repo = self._look()
        if repo:
            asked = Asked(known, self._bases.question(found.why, found.names, repo))
            self._attempt(patch).asked = asked
            self._bases.ask(asked.question)
        self._hold(patch, str(found), asked=True)

    def _known_of_base(self) -> object:
        """Return what must change before a patch that was held for its base is tried again."""
        machine, tree = self._gate.machine, self.state.worktree
        known = self.state.bases.known_red(machine), machine in self.state.bases.untested
        return known, tree.branch, tree.head

    def _settle(self) -> None:
        """Undo what an interrupted landing left whose patch is not landed any more."""
        landing = any(patch.landing for patch in self.state.patches)
        ground = self._ground() if self._place and not landing else None
        if ground:
            with contextlib.suppress(Blocked, git.GitError):  # the next landing meets it too, and is told
                ground.settle()

    def _announce(self, patch: Open, passed: Passed) -> None:
        ready = passed.ready
        passed.ready = replace(ready, before=[])
        intent = f.PatchLanding(
            author=patch.author,
            mid=patch.mid,
            branch=ready.landing.branch,
            old=ready.landing.old,
            new=ready.landing.new,
            paths=change.shown(ready.paths),
            lines=ready.lines,
            notes=ready.notes,
        )
        self._decide(patch, *ready.before, intent)

    def _land(self, patch: Open) -> None:
        assert patch.landing
        ground, attempt = self._ground(), self._attempt(patch)
        if ground is None:
            return
        passed = attempt.passed
        known = passed.ready.changes if passed and passed.ready.landing == patch.landing else None
        try:
            ground.land(patch.landing, known)
        except Moved as moved:
            attempt.passed = None
            self._decide(patch, _held(patch, f"{moved}; the patch is checked again there"))
        except (Blocked, git.GitError) as blocked:
            if passed:
                passed.failed += 1
                passed.stamp = passed.look(ground)
            self._decide(patch, _held(patch, str(blocked)))
        else:
            fault("evidence.landed")
            self._decide(patch, _commit(patch))
            if passed:
                ready = passed.ready
                self._bases.landed(patch.mid, patch.seq, ready.landing.new, ready.runs)

    def _change_settings(self, patch: Open, change: Applying) -> None:
        try:
            kept = settings_patch.write(self.project, self.blobs, change)
        except (settings_patch.Refused, NotFound) as refused:
            reason = str(refused)
            self._decide(patch, f.PatchReject(author=patch.author, mid=patch.mid, reason=reason, paths=change.paths))
        else:
            applied = f.SettingsApplied(author=patch.author, mid=patch.mid, paths=change.paths, kept=kept)
            self._decide(patch, applied)

    def _is_free(self, patch: Open) -> bool:
        """Return whether a held patch may be taken further: nothing stands in its way, or it must be tried again."""
        now, attempt = time.monotonic(), self._attempt(patch)
        if self.state.differs and patch.held == _held(patch, self._differs()).reason:
            return False
        if not self._heard(patch) or now < attempt.look_at:
            return False
        attempt.look_at = now + _LOOK_EVERY
        asked = attempt.asked
        if asked and asked.known == self._known_of_base():
            self._bases.ask(asked.question)  # nobody may have answered
            return False
        attempt.asked = None
        passed, ground = attempt.passed, self._ground()
        if passed is None or ground is None:
            return True
        stamp = passed.look(ground)
        if stamp == passed.stamp:
            return False
        passed.stamp = stamp
        try:
            reason = ground.obstacle(passed.ready.landing)
        except (Moved, git.GitError):
            attempt.passed = None
            return True
        if reason:
            self._hold(patch, reason)
        return not reason

    # --- what they share ---

    def _look(self) -> git.Repo | None:
        """Return the user's repository as it is now; None, and the trouble is shown, when there is none."""
        try:
            repo = git.look(self.project.root, git.environment(self._gate.env))
        except NotFound as error:
            self._lost = str(error)
            return None
        self._lost = ""
        self._seen = self._place = repo
        return repo

    def _ground(self) -> Ground | None:
        repo = self._place or self._look()
        return Ground(repo, self.project.home, self._gate.env, self._gate.umask) if repo else None

    def _hold(self, patch: Open, reason: str, asked: bool = False) -> None:
        held = _held(patch, reason, asked)
        if patch.held != held.reason:
            self._decide(patch, held)

    def _differs(self) -> str:
        return f"{self.state.differs}; {anchor.HOW}"

    def _decide(self, patch: Open, *facts: Fact) -> None:
        """Say one decision about the patch; it goes on when all of it is heard."""
        self._attempt(patch).awaited = patch.decided + len(facts)
        self.say(*facts, id_=f"patch:{patch.mid}:{patch.decided}", cause=patch.seq)

    def _forget_settled(self) -> None:
        still = {patch.mid for patch in self.state.patches}
        for mid in self._attempts.keys() - still:
            del self._attempts[mid]

    def _renew_environment(self) -> None:
        """Take what `cccc up` and the like have kept since; what the user may have mended by that is tried again."""
        seen = terminal.stamp(self.project)
        if seen == self._terminal:
            return
        if self._terminal is not None:
            self._gate.env.clear()
            self._gate.env.update(terminal.environment(self.project))
            self._bases.forget()
            for attempt in self._attempts.values():
                attempt.look_at = 0.0 if attempt.stuck else attempt.look_at
        self._terminal = seen

    def _drop_run(self) -> None:
        if self._run and self._run.child:
            self._run.child.kill()
        self._run = None


def _card_id(mid: str) -> str:
    return f"card:{mid}"


def _branch_id(patch: Open) -> str:
    return f"patch:{patch.mid}:branch"


def _held(patch: Open, reason: str, asked: bool = False) -> f.PatchHeld:
    shown = redaction.default.redact(reason)[: f.LONGEST_TEXT]
    return f.PatchHeld(author=patch.author, mid=patch.mid, reason=shown, asked=asked)


def _commit(patch: Open) -> Fact:
    assert patch.landing
    test = patch.test if patch.test and patch.test.base == patch.landing.old else None
    return f.PatchCommit(
        author=patch.author,
        mid=patch.mid,
        source=patch.source,
        lines=patch.lines,
        paths=patch.paths,
        notes=patch.notes,
        branch=patch.landing.branch,
        commit=patch.landing.new,
        tests_ok=None if test is None or test.verdict == "skipped" else test.verdict == "green",
        seconds=round(max(0.0, time.time() - moment(patch.ts).timestamp()), 3),
    )


if __name__ == "__main__":
    sys.exit(worker.main(Evidence))
