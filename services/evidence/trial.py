"""One patch on its way through the gate tree: preflight, policy, apply, lint, tests, commit.

Reads from top to bottom. It yields a `Child`, and goes on when that has ended; it yields a
decision (a list of facts), and goes on when that is heard; at last it yields `Ready`, or has
yielded the decision that refuses the patch. Nothing of it touches the user's work tree.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Union

from cccc.common import facts as f
from cccc.common import git, redaction
from cccc.common.errors import NotFound
from cccc.common.faults import fault
from cccc.services.evidence import base, change, checks, live, policy
from cccc.services.evidence.asking import ask
from cccc.services.evidence.change import Change
from cccc.services.evidence.checks import Ended, Verdict
from cccc.services.evidence.child import Child, Command
from cccc.services.evidence.landing import Landing
from cccc.services.evidence.links import Missing
from cccc.services.evidence.policy import Counted, Need, Rules
from cccc.services.evidence.queue import Open, Ran
from cccc.services.evidence.runs import Gate, Run, Runs
from cccc.services.evidence.tree import DoesNotApply, Fit, NoDiff

_SUBJECTS = {
    "patch.diff": "apply patch (mailbox)",
    "inline": "apply inline patch (mailbox)",
    "revert": "revert a patch (cli)",
}
_CHANGED = "commit refused: a hook or a check changed what is committed"
_SETTINGS = {"lint": ("LINT_CMD", "LINT_CMD or gate.lint"), "test": ("TEST_CMD", "TEST_CMD or gate.tests")}


@dataclass(frozen=True)
class Ready:
    """A commit that may land, and what is still to be said before it does."""

    landing: Landing
    changes: list[Change]
    lines: int
    before: list[f.Fact] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [change.path for change in self.changes]


Decision = list[f.Fact]
Steps = Generator[Union[Child, Decision, Ready], "Ended | None", None]
Passing = Generator[Union[Child, Decision], "Ended | None", bool]


class Trial:
    """The trial of `patch` on the commit that is checked out in `repo`.

    `counted` is the last green run on its branch.
    """

    def __init__(self, gate: Gate, patch: Open, repo: git.Repo, counted: Counted | None = None) -> None:
        self._gate = gate
        self._patch = patch
        self._repo = repo
        self._rules = Rules(gate.policies, repo.prefix)
        self._counted = counted
        self._tree = gate.tree(repo)
        self._runs = Runs(gate, repo, self._tree, patch.mid)
        self._unsaid: Decision = []  # of checks
        self._lines = 0
        self._changes: list[Change] = []
        self._content = b""
        self._evidence = ""  # the hash of the log of the tests
        self._red_base = False  # red, and not worse than the base
        self._needs: list[Need] = []  # what people have to decide; the checks add to it

    def steps(self) -> Steps:
        """Run the trial. Raises GitError when git fails for a reason that is not the patch's fault."""
        settled = self._enter()
        if settled:
            yield settled
            return
        try:
            passed = yield from self._checks()
        except Missing as missing:
            fact = self._no_run("test", "", "broken", str(missing))
            yield [*self._unsaid, fact, self._reject(f"checks could not run: {missing}")]
            return
        if not passed:
            return
        asked = self._asked()
        if asked:
            yield [*self._unsaid, *asked]
            return
        commit = yield from self._commit()
        if commit:
            landing = Landing(self._repo.branch, self._repo.head, commit)
            yield Ready(landing, self._changes, self._lines, self._unsaid)

    # --- preflight, policy, apply ---

    def _enter(self) -> Decision:
        """Apply the patch to the gate tree. What it returns, if anything, is all there is to say."""
        try:
            content = self._gate.blobs.get(self._patch.sha)
        except NotFound:
            return [self._reject("forgotten: the patch's bytes were removed from the ledger")]
        self._content = content
        self._tree.reset(self._repo.head)
        try:
            return self._apply(content)
        except NoDiff as error:
            if b"*** Begin Patch" in content:
                reason = "apply-patch-format: `*** Begin Patch` is no diff; send what `git diff` prints"
                return [self._reject(reason)]
            return [self._reject(f"no-diff: no diff found in {self._patch.source}; git says: {error}")]

    def _apply(self, content: bytes) -> Decision:
        patch = self._patch
        fit = self._tree.fit(content)
        self._lines = fit.lines
        if live.only(fit.paths, self._repo.prefix):
            return self._settings(content, fit)
        reason = self._rules.on_size(fit.lines, fit.paths)
        if reason:
            return [self._reject(reason, fit.paths)]
        try:
            self._changes = self._tree.apply(content, fit)
        except DoesNotApply as error:
            stderr = checks.tail(str(error))
            return [f.PatchPrecheckFail(author=patch.author, mid=patch.mid, base=self._repo.head, stderr=stderr)]
        links = self._tree.places(policy.symlinks(self._changes))
        reason = self._rules.on_paths(self._changes) or policy.on_links(links)
        return [self._reject(reason)] if reason else []

    def _settings(self, content: bytes, fit: Fit) -> Decision:
        """Return what becomes of a change of settings, which always needs a decision."""
        gate, patch, repo = self._gate, self._patch, self._repo
        reason = self._rules.on_lines(fit.lines)
        try:
            changed = [] if reason else live.tried(gate.project, repo.prefix, content, fit.options, gate.env)
        except live.Refused as refused:
            reason = str(refused)
        if reason:
            return [self._reject(reason, fit.paths)]
        needs = [policy.of_settings([file.path for file in changed]), *self._rules.needs_for_size(fit.lines)]
        asked = ask(patch, needs, self._rules.digest(), repo.head, fit.paths, fit.lines)
        if asked:
            return asked
        for content in (content for file in changed for content in (file.old, file.new) if content is not None):
            gate.blobs.put(content)
        return [
            f.SettingsApplying(
                author=patch.author,
                mid=patch.mid,
                paths=[file.path for file in changed],
                old=[live.sha(file.old) for file in changed],
                new=[live.sha(file.new) for file in changed],
                lines=fit.lines,
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
        )

    # --- lint and tests ---

    def _checks(self) -> Passing:
        failed = yield from self._runs.set_up()
        if failed:
            fact = self._fact("test", failed, Verdict("broken", "gate.setup failed"))
            yield [fact, self._reject(f"checks could not run: gate.setup failed: {_why(failed.ended)}")]
            return False
        for kind in ("lint", "test"):
            passed = yield from self._check(kind)
            if not passed:
                return False
        return True

    def _check(self, kind: str) -> Passing:
        """Run one kind of check, say its verdict and whether that lets the patch go on."""
        ran = self._ran(kind)
        fewer = ran and kind == "test" and policy.fewer_tests(self._counted, ran.counted)
        if ran and ran.base == self._repo.head and ran.verdict == "green" and not fewer:
            if kind == "test" and self._runs.log(kind).exists():
                self._evidence = ran.log_sha
            return True  # before a restart
        command = self._command(kind)
        if not command:
            return (yield from self._skip(kind, "", "there is nothing to run"))
        unready = checks.unready(command, self._seen(), self._has_packages())
        if unready:
            raise Missing(unready)
        run = yield from self._runs.run(command, kind)
        if kind == "lint":
            self._tree.restore()  # a linter that mends files must not show the tests what is not committed
        verdict = self._judge(kind, run)
        if verdict.word == "skipped":
            return (yield from self._skip(kind, command, verdict.reason))
        if verdict.word == "red":
            return (yield from self._red(kind, run, verdict))
        if verdict.word == "broken":
            return (yield from self._refuse(kind, run, verdict, verdict.reason))
        if kind == "test":
            self._needs += yield from self._fewer(run)
        self._passed(kind, run, verdict)
        if kind == "lint":
            yield from self._say()
        return True

    def _passed(self, kind: str, run: Run, verdict: Verdict, on_base: str = "") -> None:
        self._unsaid.append(self._fact(kind, run, verdict, on_base))
        if kind == "test":
            self._evidence = run.sha

    def _say(self) -> Generator[Decision, None, None]:
        """Say the verdicts now. What lands at once says them together with the landing."""
        unsaid, self._unsaid = self._unsaid, []
        if unsaid:
            yield unsaid

    def _red(self, kind: str, run: Run, verdict: Verdict) -> Passing:
        """Tell what the patch broke from what was red before, by the same command on the base."""
        before = yield from self._on_base(kind, run.command)
        on_base = self._judge(kind, before)
        lacking = checks.missing(run.ended.output) & checks.missing(before.ended.output)
        if on_base.word == "red" and lacking:
            found = ", ".join(sorted(lacking))
            broken = Verdict("broken", f"{found}, on the base too; gate.link and gate.setup bring in what git does not")
            return (yield from self._refuse(kind, run, broken, broken.reason, on_base.word))
        compared = base.compare(run.tally, on_base.word, before.tally)
        may_land = kind == "test" and self._gate.policies.gate.base_red == "not_worse"
        if compared.not_worse and may_land:
            self._red_base = True
            self._again()
            self._passed(kind, run, verdict, on_base.word)
            return True
        told = [verdict.reason, compared.words]
        if compared.not_worse and kind == "test":
            told.append("the patch breaks nothing more, but gate.base_red is refuse (not_worse would let it land)")
        return (yield from self._refuse(kind, run, verdict, "; ".join(filter(None, told)), on_base.word))

    def _refuse(
        self, kind: str, run: Run, verdict: Verdict, why: str, on_base: str = ""
    ) -> Generator[Decision, None, bool]:
        word = {"red": "failed", "broken": "could not run"}[verdict.word]
        reason = f"{'lint' if kind == 'lint' else 'tests'} {word}: {why}"
        yield [*self._unsaid, self._fact(kind, run, verdict, on_base), self._reject(reason)]
        return False

    def _fewer(self, run: Run) -> Generator[Child, Ended | None, list[Need]]:
        """Return what people have to decide when fewer tests ran than the last time, and the base has more."""
        now = run.counted
        fewer = policy.fewer_tests(self._counted, now)
        if not fewer:
            return []
        on_base = (yield from self._on_base("test", run.command)).counted
        self._again()
        return [] if now == on_base or (on_base and not policy.fewer_tests(on_base, now)) else fewer

    def _on_base(self, kind: str, command: str) -> Generator[Child, Ended | None, Run]:
        """Run the command on the base, where the tree then is; once per base and command."""
        runs = self._gate.on_base
        if (self._repo.head, command) in runs:
            return runs[(self._repo.head, command)]
        self._tree.reset(self._repo.head)
        yield from self._runs.set_up(f"{kind}-base.setup")
        run = yield from self._runs.run(command, f"{kind}-base")
        for old in [key for key in runs if key[0] != self._repo.head]:
            del runs[old]
        runs[(self._repo.head, command)] = run
        return run

    def _again(self) -> None:
        """Bring the tree back from the base to what is tried."""
        self._tree.reset(self._repo.head)
        self._tree.apply(self._content, self._tree.fit(self._content))

    def _fact(self, kind: str, run: Run, verdict: Verdict, on_base: str = "") -> f.Fact:
        fact = (f.Lint if kind == "lint" else f.Test)(
            mid=self._patch.mid,
            base=self._repo.head,
            command=run.command,
            verdict=verdict.word,
            exit=run.ended.code,
            isolated=self._gate.sandbox.isolation.way,
            seconds=round(run.ended.seconds, 3),
            log=str(run.log.relative_to(self._gate.project.root)),
            sha=run.sha,
            tail=_shown(run.ended),
        )
        if isinstance(fact, f.Test):
            fact.on_base = on_base
            if run.tally:
                fact.tests, fact.failed, fact.skipped = run.tally.tests, run.tally.failed, run.tally.skipped
        return fact

    def _no_run(self, kind: str, command: str, word: str, why: str) -> f.Fact:
        return (f.Lint if kind == "lint" else f.Test)(
            mid=self._patch.mid,
            base=self._repo.head,
            command=command,
            verdict=word,
            exit=None,
            seconds=0,
            tail=why,
        )

    def _skip(self, kind: str, command: str, why: str) -> Passing:
        fact = self._no_run(kind, command, "skipped", why)
        if kind == "test" and not self._gate.policies.gate.allow_without_tests:
            yield [*self._unsaid, fact, self._reject(f"tests skipped: {why}; gate.allow_without_tests is off")]
            return False
        if kind == "test":
            self._needs += yield from self._gone()
        self._unsaid.append(fact)
        return True

    def _gone(self) -> Generator[Child, Ended | None, list[Need]]:
        """Return what people have to decide when nothing is tested where there were tests before."""
        fewer = policy.fewer_tests(self._counted, Counted(0, 0))
        if not fewer:
            return []
        self._tree.reset(self._repo.head)
        command = self._command("test", self._tree.files())
        on_base = (yield from self._on_base("test", command)).counted if command else None
        self._again()
        return fewer if on_base and on_base.tests else []

    def _judge(self, kind: str, run: Run) -> Verdict:
        return checks.judge(run.ended, run.tally, run.command, _SETTINGS[kind][1], self._runs.files())

    def _ran(self, kind: str) -> Ran | None:
        return self._patch.lint if kind == "lint" else self._patch.test

    def _command(self, kind: str, files: list[str] | None = None) -> str:
        gate = self._gate.policies.gate
        given = self._gate.env.get(_SETTINGS[kind][0], "") or (gate.lint if kind == "lint" else gate.tests)
        if given.strip():
            return given
        tracked = self._seen(files)
        return checks.lint_command(tracked) if kind == "lint" else checks.test_command(tracked)

    def _seen(self, files: list[str] | None = None) -> checks.Tracked:
        return checks.Tracked(self._runs.files() if files is None else files, self._read, self._is_on_path)

    def _has_packages(self) -> bool:
        return self._runs.lends("node_modules")

    def _read(self, name: str) -> str:
        if name not in self._runs.files():
            return ""
        self._tree.bring()
        try:
            return (self._tree.path / self._repo.prefix / name).read_text(errors="replace")
        except OSError:
            return ""

    def _is_on_path(self, name: str) -> bool:
        return shutil.which(name, path=self._gate.env.get("PATH")) is not None

    # --- decisions of people ---

    def _asked(self) -> Decision:
        """Return the questions that people have not answered yes to. Asked last: a red patch bothers nobody."""
        self._needs += self._rules.needs(self._lines, self._changes)
        paths = [change.path for change in self._changes]
        return ask(self._patch, self._needs, self._rules.digest(), self._repo.head, paths, self._lines)

    # --- commit ---

    def _commit(self) -> Generator[Child | Decision, Ended | None, str]:
        """Commit what was tried, and return the commit; "" when that was refused."""
        try:
            message, reason, output = self._message(), "", ""
            commit = ""
            if self._tree.was_changed():
                reason = _CHANGED
            else:
                commit = self._tree.commit_plainly(self._repo.head, message)
            if not commit and not reason:
                yield from self._say()  # hooks may take long
                self._tree.bring()
                limit = self._gate.policies.gate.timeout_seconds
                commit_here = Command(self._tree.committing(message), self._tree.path, self._tree.env, limit)
                ended = yield Child(commit_here, self._gate.umask, self._runs.log("commit"), self._gate.lock)
                assert ended
                reason, output = self._why_no_commit(ended), _shown(ended)
                commit, changes = ("", []) if reason else self._tree.committed(self._repo.head)
                if commit and changes != self._changes:
                    reason = f"{_CHANGED}\n{output}"
        except git.GitError as error:
            reason = f"commit refused: a hook or a check damaged the gate tree: {error}"
        if reason:
            yield [*self._unsaid, self._reject(reason)]
            return ""
        fault("evidence.committed")
        return commit

    def _why_no_commit(self, ended: Ended) -> str:
        if not ended.code and not ended.over:
            return ""
        if not self._tree.has_identity():
            return 'commit refused: git does not know who you are; run `git config user.email "you@example.com"`'
        return f"commit refused: {ended.over or _shown(ended) or f'exit {ended.code}'}"

    def _message(self) -> str:
        patch = self._patch
        what = _SUBJECTS[patch.source]
        trailers = [f"Cccc-Mid: {patch.mid}", f"Cccc-Peer: {patch.author}", f"Cccc-Patch: {patch.sha}"]
        if self._evidence:
            trailers.append(f"Cccc-Evidence: {self._evidence}")
        if self._red_base:
            trailers.append("Cccc-Base: red")
        trailers += [f"Cccc-Decision: {patch.asks[need.why].rfd_id}" for need in self._needs]
        return f"cccc({patch.author}): {what}\n\n" + "\n".join(trailers) + "\n"


def _why(ended: Ended) -> str:
    return f"stopped after {ended.over}" if ended.over else f"exit {ended.code}"


def _shown(ended: Ended) -> str:
    return checks.tail(redaction.default.redact(checks.plain(ended.output)))
