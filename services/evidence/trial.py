"""One patch on its way through the gate tree: preflight, policy, apply, checks (verdicts.py), commit.

Reads from top to bottom. It yields a `Child`, and goes on when that has ended; it yields a
decision (a list of facts), and goes on when that is heard; at last it yields `Ready`, or has
yielded the decision that refuses the patch. Nothing of it touches the user's work tree.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from cccc.common import facts as f
from cccc.common.errors import NotFound
from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.common.text import redaction
from cccc.services.evidence import policy
from cccc.services.evidence.checking import checks, dependencies, links
from cccc.services.evidence.checking.bases import Before
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import Child, Command
from cccc.services.evidence.checking.links import Missing
from cccc.services.evidence.checking.runs import Gate, Run
from cccc.services.evidence.checking.verdicts import Decision, Refused, Stuck, Verdicts
from cccc.services.evidence.landing import git_hooks, hook_runs, message, settings_patch
from cccc.services.evidence.landing.hook_runs import Hooks
from cccc.services.evidence.landing.land import Landing
from cccc.services.evidence.policy import Need, Rules
from cccc.services.evidence.questions import ask
from cccc.services.evidence.queue import Open
from cccc.services.evidence.reading import change, size, words
from cccc.services.evidence.reading.change import SUBMODULE, Change
from cccc.services.evidence.reading.fits import DoesNotApply, Fit, NoDiff
from cccc.services.evidence.reading.words import Words

_MOST_NOTES = 20  # of how the diff was read
_CHANGED = "commit refused: a hook or a check changed the commit's content"
_HAND_IN = "hand in what the hook changed"
_NOBODY = (
    'git does not know who you are; run `git config user.name "Your Name"` and `git config user.email you@example.com`'
)
_COMMIT = re.compile(r"(?m)^[0-9a-f]{40}(?:[0-9a-f]{24})?$")


@dataclass(frozen=True)
class Ready:
    """A commit that may land, and what is still to be said before it does."""

    landing: Landing
    changes: list[Change]
    lines: int
    subject: str  # of the commit
    before: list[f.Fact] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # how the diff was read
    runs: dict[str, Run] = field(default_factory=dict)  # the checks that it passed, by kind

    @property
    def paths(self) -> list[str]:
        return [change.path for change in self.changes]


Steps = Generator[Union[Child, Decision, Ready], "Ended | None", None]


class Trial:
    """The trial of `patch` on the commit that is checked out in `repo`.

    `before` is what its tests are compared with.
    """

    def __init__(self, gate: Gate, patch: Open, repo: git.Repo, before: Before | None = None) -> None:
        self._gate = gate
        self._patch = patch
        self._repo = repo
        self._rules = Rules(gate.policies, repo.prefix)
        self._tree = gate.tree(repo)
        self._verdicts = Verdicts(gate, patch, repo, self._tree, self._again, before or Before())
        self._lines = 0
        self._changes: list[Change] = []
        self._content = b""
        self._words: Words | None = None
        self._subject = ""
        self._needs: list[Need] = []  # what people have to decide

    def steps(self) -> Steps:
        """Run the trial. Raises GitError and Stuck for what is not the patch's fault."""
        settled = self._enter()
        if settled:
            yield settled
            return
        self._verdicts.changes = self._changes
        try:
            yield from self._verdicts.passing()
            asked = self._asked()
            if asked:
                yield [*self._verdicts.unsaid, *asked]
                return
            commit = yield from self._commit()
        except Refused as refused:
            yield [*self._verdicts.unsaid, self._reject("; ".join([str(refused), *self._untested()]))]
            return
        landing = Landing(self._repo.branch, self._repo.head, commit)
        notes = [*self._untested(), *self._tree.notes[:_MOST_NOTES]]
        notes = [redaction.default.redact(note) for note in notes]
        yield Ready(
            landing, self._changes, self._lines, self._subject, self._verdicts.unsaid, notes, self._verdicts.passed
        )

    # --- preflight, policy, apply ---

    def _enter(self) -> Decision:
        """Apply the patch to the gate tree. What it returns, if anything, is all there is to say."""
        try:
            content = self._gate.blobs.get(self._patch.sha)
        except NotFound:
            return [self._reject("forgotten: the patch's bytes were removed from the ledger")]
        self._content = content
        self._words = words.of(content)
        self._tree.reset(self._repo.head)
        try:
            return self._apply(content)
        except NoDiff as error:
            return [self._reject(redaction.default.redact(str(error)))]
        finally:
            self._tree.close()

    def _apply(self, content: bytes) -> Decision:
        patch = self._patch
        fit = self._tree.fit(content)
        if settings_patch.only(fit.paths, self._repo.prefix):
            return self._settings(fit)
        reason = self._rules.on_names(fit.paths)
        if reason:
            return [self._reject(reason, fit.paths)]
        try:
            self._changes = self._tree.apply(fit)
        except DoesNotApply as error:
            stderr = checks.tail(redaction.default.redact(str(error)))
            return [f.PatchPrecheckFail(author=patch.author, mid=patch.mid, base=self._repo.head, stderr=stderr)]
        self._lines = self._tree.size()
        targets = self._tree.targets(policy.symlinks(self._changes))
        reason = self._rules.on_lines(self._lines) or self._rules.on_paths(self._changes)
        reason = reason or policy.on_targets(targets) or policy.on_links(self._tree.places(targets))
        reason = reason or message.problem(self._words)
        return [self._reject(reason)] if reason else []

    def _again(self) -> None:
        """Bring the tree back from the base to what is tried."""
        self._tree.reset(self._repo.head)
        self._tree.apply(self._tree.fit(self._content))
        self._tree.close()

    def _settings(self, fit: Fit) -> Decision:
        """Return what becomes of a change of settings, which always needs a decision."""
        gate, patch, repo = self._gate, self._patch, self._repo
        try:
            changed = settings_patch.tried(gate.project, repo.prefix, fit, gate.env)
        except settings_patch.Refused as refused:
            return [self._reject(str(refused), fit.paths)]
        self._lines = size.changed_lines(((file.old, file.new) for file in changed), gate.env)
        reason = self._rules.on_lines(self._lines)
        if reason:
            return [self._reject(reason, fit.paths)]
        needs = [policy.of_settings([file.path for file in changed]), *self._rules.needs_for_size(self._lines)]
        asked = ask(patch, needs, self._rules.digest(), repo.head, fit.paths, self._lines)
        if asked:
            return asked
        for content in (content for file in changed for content in (file.old, file.new) if content is not None):
            gate.blobs.put(content)
        return [
            f.SettingsApplying(
                author=patch.author,
                mid=patch.mid,
                paths=[file.path for file in changed],
                old=[settings_patch.sha(file.old) for file in changed],
                new=[settings_patch.sha(file.new) for file in changed],
                lines=self._lines,
            )
        ]

    def _reject(self, reason: str, paths: list[str] | None = None) -> f.Fact:
        paths = [change.path for change in self._changes] if paths is None else paths
        patch = self._patch
        return f.PatchReject(
            author=patch.author,
            mid=patch.mid,
            reason=reason[: f.LONGEST_TEXT],
            lines=self._lines,
            paths=change.shown(paths[: policy.MOST_PATHS]),
            allow=self._rules.allow(self._changes) if reason.startswith("path-not-allowed") else "",
        )

    def _untested(self) -> list[str]:
        """Return what the checks could not test, since it is not installed or checked out as the patch asks for."""
        moved = [change.path for change in self._changes if change.new_mode == SUBMODULE]
        found = dependencies.of_submodules(self._changes, links.checked_out(self._repo, moved))
        if not self._gate.policies.gate.setup.strip():
            found += dependencies.notes(self._changes, self._tree.tracked(), self._tree.content)
        return found

    # --- decisions of people ---

    def _asked(self) -> Decision:
        """Return the questions that people have not answered yes to. Asked last: a red patch bothers nobody."""
        self._needs = [*self._verdicts.needs, *self._rules.needs(self._lines, self._changes)]
        paths = [change.path for change in self._changes]
        return ask(self._patch, self._needs, self._rules.digest(), self._repo.head, paths, self._lines)

    # --- commit ---

    def _commit(self) -> Generator[Child | Decision, Ended | None, str]:
        """Commit what was tried, and return the commit. Raises Refused, and Stuck when it is the user's trouble."""
        asked = self._gate.policies.gate.hooks == "run"
        try:
            if self._tree.was_changed():
                raise Refused(_CHANGED)
            plain = not (asked and git_hooks.any_usual(self._repo))
            commit = self._tree.commit_plainly(self._repo.head, self._message()) if plain else ""
            if not commit:
                yield from self._verdicts.say()  # hooks and signing may take long
                commit = yield from self._commit_as_the_user(asked)
        except Missing as missing:
            raise Stuck(f"hooks cannot run: {missing}") from None
        except git.GitError as error:
            if hook_runs.of_the_machine(str(error)):
                raise Stuck(f"git cannot make the commit: {error}") from None
            raise Refused(f"commit refused: a hook or a check damaged the gate tree: {error}") from None
        fault("evidence.committed")
        return commit

    def _commit_as_the_user(self, with_hooks: bool) -> Generator[Child, Ended | None, str]:
        """Commit with the user's identity and signing and, if asked for, hooks."""
        try:
            self._tree.identity()
        except git.GitError:
            raise Stuck(_NOBODY) from None
        self._tree.bring()
        self._tree.message.write_text(self._message(), encoding="utf-8")
        log = self._gate.log(self._patch.mid, "commit")
        run = Hooks(self._gate, self._repo, self._tree, self._verdicts.runs.lent(), log) if with_hooks else None
        if run:
            yield from self._ask_hooks(run)
        commit = yield from self._make(log, append=bool(run and run.found.names))
        self._subject = git.line(self._repo.top, "log", "-1", "--format=%s", commit)  # as the hooks left it
        if run and git_hooks.AFTER in run.found.names:
            self._tree.stand_at(commit)
            yield from run.run(git_hooks.AFTER)
        return commit

    def _ask_hooks(self, run: Hooks) -> Generator[Child, Ended | None, None]:
        """Let the hooks judge the patch, by themselves and their configuration as the base has them."""
        before = self._tree.hold_back(hook_runs.own(self._changes, run.found, self._repo, self._tree))
        for name in (name for name in git_hooks.BEFORE if name in run.found.names):
            ended = yield from run.run(name)
            trouble = hook_runs.trouble(name, ended)
            if trouble:
                hint = "fix that, or set gate.hooks: off in .cccc/settings/policies.yaml"
                raise Stuck(f"{redaction.default.redact(trouble)}; {hint}")
            after = self._tree.indexed()
            repaired = self._tree.between(before, after) if after != before else []
            if ended.code:
                repaired = list(dict.fromkeys([*repaired, *self._tree.rewritten()]))
                paths = ", ".join(change.shown(repaired[: policy.MOST_PATHS]))
                mend = f" (it changed {paths}; {_HAND_IN})" if repaired else ""
                words = checks.shown(ended) or f"exit {ended.code}"
                raise Refused(f"commit refused{mend}: the {name} hook says: {words}")
            if repaired:
                paths = ", ".join(change.shown(repaired[: policy.MOST_PATHS]))
                raise Refused(f"{_CHANGED}: the {name} hook, {paths}; {_HAND_IN}\n{checks.shown(ended)}")

    def _make(self, log: Path, append: bool) -> Generator[Child, Ended | None, str]:
        """Make the commit. Whatever git says no to here is the user's: identity, signing, disk, locks."""
        argv = self._tree.committing(self._repo.head)
        limit = self._gate.policies.gate.timeout_seconds
        command = Command(argv, self._repo.top, self._tree.users_env, limit)
        ended = yield Child(command, self._gate.umask, log, self._gate.lock, append)
        assert ended
        made = _COMMIT.findall(ended.output)
        if ended.code or ended.over or not made:
            why = f"stopped after {ended.over}" if ended.over else " ".join(checks.shown(ended).split())
            signs = "-S" in argv
            if signs:
                why += "; commits are signed (commit.gpgSign): when `git commit -S` works in a terminal, "
                why += "run `cccc up` there to pass on its agent"
            raise Stuck(f"git cannot {'sign' if signs else 'make'} the commit: {why or f'exit {ended.code}'}")
        return str(made[-1])

    def _message(self) -> str:
        patch = self._patch
        subject, body = message.subject(self._words, self._changes), self._words.body if self._words else ""
        if patch.reverts:
            reverted = git.line(self._repo.top, "log", "-1", "--format=%s", patch.commit)
            subject = f'Revert "{reverted}"'
            body = f"This reverts commit {patch.commit},\nas which the patch {patch.reverts} landed.\n\n{patch.because}"
        subject = self._gate.policies.gate.commit_subject.format(subject=subject, peer=patch.author, mid=patch.mid)
        trailers = [f"Cccc-Mid: {patch.mid}", f"Cccc-Peer: {patch.author}", f"Cccc-Patch: {patch.sha}"]
        if self._verdicts.evidence:
            trailers.append(f"Cccc-Evidence: {self._verdicts.evidence}")
        if self._verdicts.red_base:
            trailers.append("Cccc-Base: red")
        trailers += [f"Cccc-Decision: {ask.rfd_id}" for ask in patch.asks.values()]  # all approved: it lands
        whole = message.compose(subject, body, trailers)
        self._subject = whole.partition("\n")[0]
        return whole
