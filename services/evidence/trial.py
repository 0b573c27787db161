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
from cccc.common.blobs import Blobs
from cccc.common.errors import NotFound
from cccc.common.faults import fault
from cccc.common.paths import Project
from cccc.common.settings.policies import Policies
from cccc.services.evidence import change, checks, policy
from cccc.services.evidence.asking import ask
from cccc.services.evidence.change import Change
from cccc.services.evidence.checks import Ended
from cccc.services.evidence.child import MARK, CheckLock, Child, Command
from cccc.services.evidence.landing import Landing
from cccc.services.evidence.policy import Need, Rules
from cccc.services.evidence.queue import Open, Ran
from cccc.services.evidence.sandbox import Sandbox
from cccc.services.evidence.tree import DoesNotApply, GateTree, NoDiff

_SUBJECTS = {
    "patch.diff": "apply patch (mailbox)",
    "inline": "apply inline patch (mailbox)",
    "revert": "revert a patch (cli)",
}
_SETTINGS = {"lint": ("LINT_CMD", "LINT_CMD or gate.lint"), "test": ("TEST_CMD", "TEST_CMD or gate.tests")}


@dataclass(frozen=True)
class Ready:
    """A commit that may land, and what is still to be said before it does."""

    landing: Landing
    paths: list[str]
    lines: int
    before: list[f.Fact] = field(default_factory=list)


Decision = list[f.Fact]
Steps = Generator[Union[Child, Decision, Ready], "Ended | None", None]


@dataclass(frozen=True)
class Gate:
    """What every trial of a project uses."""

    project: Project
    policies: Policies
    blobs: Blobs
    lock: CheckLock
    sandbox: Sandbox
    env: dict[str, str]  # of the user's terminal
    umask: int


class Trial:
    """The trial of `patch` on the commit that is checked out in `repo`."""

    def __init__(self, gate: Gate, patch: Open, repo: git.Repo) -> None:
        self._gate = gate
        self._patch = patch
        self._repo = repo
        self._rules = Rules(gate.policies, repo.prefix)
        self._tree = GateTree(repo, gate.project.gate_tree, gate.env, gate.umask)
        self._unsaid: Decision = []  # of checks that were skipped
        self._lines = 0
        self._changes: list[Change] = []
        self._tracked: list[str] = []
        self._needs: list[Need] = []  # what people have to decide; the checks add to it

    def steps(self) -> Steps:
        """Run the trial. Raises GitError when git fails for a reason that is not the patch's fault."""
        refusal = self._enter()
        if refusal:
            yield [refusal]
            return
        for kind in ("lint", "test"):
            passed = yield from self._check(kind)
            if not passed:
                return
        asked = self._asked()
        if asked:
            yield asked
            return
        commit = yield from self._commit()
        if commit:
            landing = Landing(self._repo.branch, self._repo.head, commit)
            yield Ready(landing, [change.path for change in self._changes], self._lines, self._unsaid)

    # --- preflight, policy, apply ---

    def _enter(self) -> f.Fact | None:
        try:
            content = self._gate.blobs.get(self._patch.sha)
        except NotFound:
            return self._reject("forgotten: the patch's bytes were removed from the ledger")
        self._tree.reset(self._repo.head)
        try:
            return self._apply(content)
        except NoDiff as error:
            if b"*** Begin Patch" in content:
                return self._reject("apply-patch-format: `*** Begin Patch` is no diff; send what `git diff` prints")
            return self._reject(f"no-diff: no diff found in {self._patch.source}; git says: {error}")

    def _apply(self, content: bytes) -> f.Fact | None:
        patch = self._patch
        fit = self._tree.fit(content)
        self._lines = fit.lines
        reason = self._rules.on_size(fit.lines, fit.paths)
        if reason:
            return self._reject(reason, fit.paths)
        try:
            self._changes = self._tree.apply(content, fit)
        except DoesNotApply as error:
            stderr = checks.tail(str(error))
            return f.PatchPrecheckFail(author=patch.author, mid=patch.mid, base=self._repo.head, stderr=stderr)
        links = self._tree.places(policy.symlinks(self._changes))
        reason = self._rules.on_paths(self._changes) or policy.on_links(links)
        return self._reject(reason) if reason else None

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

    def _check(self, kind: str) -> Generator[Child | Decision, Ended | None, bool]:
        """Run one kind of check, say its verdict and whether that lets the patch go on."""
        ran = self._ran(kind)
        if ran and ran.base == self._repo.head and ran.verdict == "green":
            return True  # before a restart
        command = self._command(kind)
        if not command:
            return (yield from self._skip(kind, "", "there is nothing to run"))
        child = self._start_check(kind, command)
        ended = yield child
        assert ended
        verdict = checks.judge(ended, command, _SETTINGS[kind][1], self._files())
        if verdict.word == "skipped":
            return (yield from self._skip(kind, command, verdict.reason))
        fact = (f.Lint if kind == "lint" else f.Test)(
            mid=self._patch.mid,
            base=self._repo.head,
            command=command,
            verdict=verdict.word,
            exit=ended.code,
            isolated=self._gate.sandbox.isolation.way,
            seconds=round(ended.seconds, 3),
            log=str(child.log.relative_to(self._gate.project.root)),
            sha=child.sha(),
            tail=_shown(ended),
        )
        skipped, self._unsaid = self._unsaid, []
        if verdict.word == "green":
            yield [*skipped, fact]
            return True
        word = {"red": "failed", "broken": "could not run"}[verdict.word]
        yield [*skipped, fact, self._reject(f"{'lint' if kind == 'lint' else 'tests'} {word}: {verdict.reason}")]
        return False

    def _skip(self, kind: str, command: str, why: str) -> Generator[Decision, None, bool]:
        kind_of_fact = f.Lint if kind == "lint" else f.Test
        fact = kind_of_fact(
            mid=self._patch.mid,
            base=self._repo.head,
            command=command,
            verdict="skipped",
            exit=None,
            seconds=0,
            tail=why,
        )
        if kind == "test" and not self._gate.policies.gate.allow_without_tests:
            yield [*self._unsaid, fact, self._reject(f"tests skipped: {why}; gate.allow_without_tests is off")]
            return False
        self._unsaid.append(fact)
        return True

    def _ran(self, kind: str) -> Ran | None:
        return self._patch.lint if kind == "lint" else self._patch.test

    def _command(self, kind: str) -> str:
        gate = self._gate.policies.gate
        given = self._gate.env.get(_SETTINGS[kind][0], "") or (gate.lint if kind == "lint" else gate.tests)
        if given.strip():
            return given
        tracked = checks.Tracked(self._files(), self._read, self._is_on_path)
        return checks.lint_command(tracked) if kind == "lint" else checks.test_command(tracked)

    def _files(self) -> list[str]:
        self._tracked = self._tracked or self._tree.files()
        return self._tracked

    def _read(self, name: str) -> str:
        try:
            return (self._tree.path / self._repo.prefix / name).read_text(errors="replace")
        except OSError:
            return ""

    def _is_on_path(self, name: str) -> bool:
        return shutil.which(name, path=self._gate.env.get("PATH")) is not None

    def _check_env(self) -> dict[str, str]:
        """The terminal's environment, with the gate tree before what is installed."""
        env = git.environment(self._gate.env)
        here = self._gate.sandbox.here(self._repo, self._tree.path)
        has_src = (self._tree.path / self._repo.prefix / "src").is_dir()
        paths = [str(here), *([str(here / "src")] if has_src else []), env.get("PYTHONPATH", "")]
        env["PYTHONPATH"] = ":".join(path for path in paths if path)
        env["PWD"] = str(here)
        env[MARK] = self._gate.project.key
        # A check that breaks its own .git must not find the user's repository above it.
        env["GIT_CEILING_DIRECTORIES"] = str(self._tree.path.parent)
        return env

    def _start_check(self, kind: str, command: str) -> Child:
        sandbox = self._gate.sandbox
        here = sandbox.here(self._repo, self._tree.path)
        check = Command(
            sandbox.wrap(["sh", "-c", command], self._repo, self._tree.path),
            self._tree.path / self._repo.prefix,
            self._check_env(),
            self._gate.policies.gate.timeout_seconds,
            header=f"$ {command}\nisolated: {sandbox.isolation.way}, in {here} on {self._repo.head}\n\n",
            contained=sandbox.isolation.way == "bind",
        )
        return self._start(check, kind)

    def _start(self, command: Command, kind: str) -> Child:
        log = self._gate.project.check_logs / f"{self._patch.mid}.{kind}.log"
        return Child(command, self._gate.umask, log, self._gate.lock)

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
            argv = self._tree.committing(self._message())
            limit = self._gate.policies.gate.timeout_seconds
            ended = yield self._start(Command(argv, self._tree.path, self._tree.env, limit), "commit")
            assert ended
            reason = self._why_no_commit(ended)
            commit, changes = ("", []) if reason else self._tree.committed(self._repo.head)
            if commit and changes != self._changes:
                reason = f"commit refused: a hook or a check changed what is committed\n{_shown(ended)}"
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
        log = self._gate.project.check_logs / f"{patch.mid}.test.log"
        if patch.test and patch.test.base == self._repo.head and patch.test.log_sha and log.exists():
            trailers.append(f"Cccc-Evidence: {patch.test.log_sha}")
        trailers += [f"Cccc-Decision: {patch.asks[need.why].rfd_id}" for need in self._needs]
        return f"cccc({patch.author}): {what}\n\n" + "\n".join(trailers) + "\n"


def _shown(ended: Ended) -> str:
    return checks.tail(redaction.default.redact(checks.plain(ended.output)))
