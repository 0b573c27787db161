"""The gate: one patch at a time, in the order they came.

turn.py decides whose turn it is and what comes next, attempts.py does that. Cards and the tests of a base have the gate
tree between two patches.
"""

from __future__ import annotations

import contextlib
import sys
import time

from cccc.common import facts as f
from cccc.common import terminal, worker
from cccc.common.facts import Fact
from cccc.common.machine import git
from cccc.services.evidence import queue, turn
from cccc.services.evidence.attempts import Attempts
from cccc.services.evidence.checking import base_run, evidence_cards, sandbox
from cccc.services.evidence.checking.base_watch import BaseWatch
from cccc.services.evidence.checking.child import CheckLock
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.repository import Repository
from cccc.services.evidence.user_tree import Watcher


class Evidence(worker.Worker):
    """Takes one open patch one step further whenever there is something to do."""

    name = "evidence"
    version = 8
    State = queue.State
    hears = queue.HEARS

    def fold(self, fact: Fact) -> None:
        queue.fold(self.state, fact)

    def open(self) -> None:
        self._terminal: object = None  # what was last seen of its file
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
        self._repository = Repository(self._gate)
        self._cards = evidence_cards.Runner(self._gate)
        self._bases = BaseWatch(self._gate, self.state.bases, self.say)
        self._attempts = Attempts(self._gate, self.state, self._repository, self._bases, self.say)

    def close(self) -> None:
        self._attempts.close()
        self._cards.close()
        self._bases.close()
        if self._watcher:
            self._watcher.close()

    def act(self) -> None:
        self._repository.begin_turn()
        self._renew_environment()
        self._attempts.prepare()
        self._run_cards()
        self._bases.go_on()
        while self._attempts.step(tree_is_free=not self._has_cards()):
            self.alive()
            self._run_cards()
        self._tidy()
        self._rest()
        self._watch_worktree()
        self.trouble = self._repository.lost or self._attempts.trouble()

    def _renew_environment(self) -> None:
        """Take what `cccc up` and the like have kept since; what the user may have mended by that is tried again."""
        seen = terminal.stamp(self.project)
        if seen == self._terminal:
            return
        if self._terminal is not None:
            self._gate.env.clear()
            self._gate.env.update(terminal.environment(self.project))
            self._bases.forget()
            self._attempts.retry()
        self._terminal = seen

    # --- between two patches ---

    def _run_cards(self) -> None:
        """Let cards have the gate tree while no patch and no base has it."""
        outcome = self._cards.go_on() if self._cards.busy else None
        waiting = self._waiting_cards()
        free = not (self._cards.busy or self._attempts.busy or self._bases.is_busy)
        if free and outcome is None and waiting:
            repo = self._repository.look()
            outcome = self._cards.begin(waiting[0], repo) if repo else None
        if isinstance(outcome, (f.EvidenceValidate, f.EvidenceInvalid)):
            self.say(outcome, id_=_card_id(outcome.mid))
            self.wake_in(0)

    def _waiting_cards(self) -> list[evidence_cards.Handed]:
        return [card for card in self.state.cards.cards if not self.pending(_card_id(card.mid))]

    def _has_cards(self) -> bool:
        return self._cards.busy or bool(self._waiting_cards())

    def _is_idle(self) -> bool:
        """Whether nothing has the gate tree, or waits for it."""
        return not (self._attempts.busy or self._has_cards() or self._bases.is_busy) and turn.is_idle(self.state)

    def _tidy(self) -> None:
        """Clean up after the last patch while nothing waits for the gate tree."""
        if not self._gate.clean.due or not self._is_idle():
            return
        self._gate.clean.due = False
        repo = self._repository.look()
        if repo and repo.head:
            with contextlib.suppress(git.GitError):  # the next patch meets it too, and is told
                self._gate.tree(repo).tidy(repo.head)

    def _rest(self) -> None:
        """After a quiet while make the gate tree, and run the tests of a base of which nothing is known."""
        at, again = self.state.worktree, self.state.bases.again
        wanted = bool(again) and not self.pending(f"{base_run.AGAIN}:{again}")
        due = self._bases.due(self._is_idle(), at.branch, at.head, wanted, time.monotonic())
        if due == 0:
            self._bases.look(self._repository.look(), at.branch, at.head, wanted)
        if due is not None:
            self.wake_in(due)

    def _watch_worktree(self) -> None:
        if self._watcher is None:
            place = self._repository.place()
            if place is None:
                return
            wait = self.settings.policies.gate.wait_minutes * 60
            self._watcher = Watcher(place, self._gate.env, wait)
        for fact, id_ in self._watcher.news(self.state.worktree, self.state.patches, self._attempts.handed_in()):
            self.say(fact, id_=id_)


def _card_id(mid: str) -> str:
    return f"card:{mid}"


if __name__ == "__main__":
    sys.exit(worker.main(Evidence))
