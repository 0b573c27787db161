"""The checks of one patch: which commands run, and what each run says of the patch.

`passing` yields a `Child` and goes on when that has ended, or facts and goes on when they are heard. It
ends when the patch has passed; what `unsaid` then holds is to be said with whatever follows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Callable, Union

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.text import redaction
from cccc.services.evidence import policy
from cccc.services.evidence.checking import against_base, cause, checks
from cccc.services.evidence.checking.bases import Before, as_told, can_be_told
from cccc.services.evidence.checking.checks import Ended, Verdict
from cccc.services.evidence.checking.child import Child
from cccc.services.evidence.checking.commands import SETTINGS
from cccc.services.evidence.checking.finders import proposals
from cccc.services.evidence.checking.links import Missing
from cccc.services.evidence.checking.runs import SILENT, Gate, Run, Runs
from cccc.services.evidence.checking.tree_commands import Commands
from cccc.services.evidence.policy import Counted, Need
from cccc.services.evidence.queue import Open, Ran
from cccc.services.evidence.reading import change
from cccc.services.evidence.reading.change import Change
from cccc.services.evidence.tree.gate_tree import GateTree

Decision = list[f.Fact]
Passing = Generator[Union[Child, Decision], Union[Ended, None], None]
Running = Generator[Child, Union[Ended, None], Run]


class Refused(Exception):
    """The patch does not pass; the reason for its author."""


class Stuck(Exception):
    """The patch cannot go on for a reason that is the user's, not its author's; in words for the user."""


class OnBase(Exception):
    """The patch waits until people have said something of its base; in words for its author."""

    def __init__(self, why: str, names: Iterable[str], words: str) -> None:
        super().__init__(words)
        self.why = why  # as in `base-needs-decision`
        self.names = sorted(names)


class Verdicts:
    """Lint and tests of `patch` in `tree`, where it is applied. `again` brings it back after a run on the base."""

    def __init__(
        self,
        gate: Gate,
        patch: Open,
        repo: git.Repo,
        tree: GateTree,
        again: Callable[[], None],
        before: Before,
    ) -> None:
        self._gate = gate
        self._patch = patch
        self._repo = repo
        self._tree = tree
        self._again = again
        self._before = before
        self.runs = Runs(gate, repo, tree, patch.mid)
        self._commands = Commands(gate, repo, tree, self.runs.own)
        self.unsaid: Decision = []
        self.needs: list[Need] = []  # what people have to decide
        self.evidence = ""  # the hash of the log of the tests
        self.red_base = False  # red, and not worse than the base
        self.passed: dict[str, Run] = {}  # by kind
        self.changes: list[Change] = []  # of the patch, once it is applied

    def passing(self) -> Passing:
        """Run the checks. Raises Refused, and Stuck when only the user can mend what keeps them from running."""
        try:
            yield from self._set_up()
            for kind in ("lint", "test"):
                yield from self._check(kind)
        except Missing as missing:
            yield from self._stop(self._no_run("test", "", "broken", str(missing)), f"checks could not run: {missing}")

    def say(self) -> Generator[Decision, None, None]:
        """Say the verdicts now. What lands at once says them together with the landing."""
        unsaid, self.unsaid = self.unsaid, []
        if unsaid:
            yield unsaid

    def _set_up(self) -> Passing:
        failed = yield from self.runs.set_up()
        if not failed:
            return
        fact = self._fact("test", failed, Verdict("broken", "gate.setup failed"))
        ended = failed.ended
        why = f"checks could not run: gate.setup failed: {ended.over or f'exit {ended.code}'}"
        self._tree.reset(self._repo.head)
        if (yield from self.runs.set_up("base.setup")):
            yield from self._stop(fact, f"{why}, on the base too: {failed.cause or SILENT}")
        self.unsaid.append(fact)
        raise Refused(why)

    def _check(self, kind: str) -> Passing:
        """Run one kind of check. Raises Refused unless its verdict lets the patch go on."""
        if self._passed_before(kind):
            return
        command = self._commands.of(kind, self.runs.files())
        if not command:
            yield from self._skip(kind, "", self._commands.why_none(kind, self.runs.files()))
            return
        tracked = self._commands.seen(self.runs.files())
        unready = checks.unready(command, tracked, lambda: self.runs.lends("node_modules"))
        if unready:
            raise Missing(unready)
        run = yield from self.runs.run(command, kind)
        verdict = self._judge(kind, run)
        if run.rewritten:
            verdict = yield from self._repaired(kind, run, verdict)
        if verdict.word == "skipped":
            yield from self._skip(kind, command, verdict.reason)
        elif verdict.word in ("red", "broken"):
            yield from self._red(kind, run, verdict)
        else:
            if kind == "test":
                self.needs += yield from self._fewer(run)
            self.passed[kind] = run
            self._note(kind, run, verdict)
        if kind == "lint":
            yield from self.say()

    def _passed_before(self, kind: str) -> bool:
        """Whether it was green in an earlier trial on this base, and nothing is to be asked about that."""
        ran: Ran | None = self._patch.lint if kind == "lint" else self._patch.test
        if ran is None or ran.base != self._repo.head or ran.verdict != "green":
            return False
        if kind == "test":
            if self._before.fewer(ran.counted):
                return False
            self.evidence = ran.log_sha if self.runs.log(kind).exists() else ""
        return True

    def _red(self, kind: str, run: Run, verdict: Verdict) -> Passing:
        """Tell what the patch broke from what was red before, by the same command on the base.

        Raises Refused, and Stuck when it is the user's. Where no test was run, the base is run anew: what it needs may
        have gone since.
        """
        if kind == "test" and not (run.tally and run.tally.executed):
            self._gate.on_base.pop((self._repo.head, run.command), None)
        before = yield from self._on_base(kind, run.command)
        on_base = self._judge(kind, before)
        trouble = self._of_the_user(kind, run, verdict, before) if on_base.word in ("red", "broken") else ""
        empty = self.runs.not_checked_out() if trouble else []
        if empty:
            trouble += f"; not checked out: {', '.join(change.shown(empty))} (git submodule update --init)"
        if trouble:
            fact = self._fact(kind, run, Verdict("broken", trouble), on_base.word)
            yield from self._stop(fact, f"{'lint' if kind == 'lint' else 'tests'} could not run: {trouble}")
        if verdict.word == "broken":
            self._refuse(kind, run, verdict, f"{verdict.reason}; on the base it is {on_base.word}", on_base.word)
        compared = against_base.compare(run.tally, on_base.word, before.tally)
        if compared.not_worse and kind == "test" and run.tally and run.tally.failing:
            self._known(run, run.tally.failing)
            self._again()
            if compared.missing:
                self.needs.append(Need("tests", compared.missing))
            self._note(kind, run, verdict, on_base.word)
            return
        if run.tally:
            first = "" if compared.words else against_base.named(run.tally)
        else:
            first = run.cause if kind == "test" else self._finding(run)
        told = [f"{verdict.reason}: {first}" if first else verdict.reason, compared.words]
        self._refuse(kind, run, verdict, "; ".join(filter(None, told)), on_base.word)

    def _of_the_user(self, kind: str, run: Run, verdict: Verdict, before: Run) -> str:
        """Return what keeps the checks from saying anything of the patch, on the base too; "" when it is the patch."""
        ended, setting = run.ended, SETTINGS[kind][1]
        if kind == "lint" and verdict.word == "red":
            more = against_base.repaired(run.rewritten, before.rewritten)
            same = not more and against_base.adds_nothing(ended, before.ended)
            words = f"`{run.command}` says the same on the base (exit {ended.code}): {run.cause or SILENT}"
            return f"{words}; fix that, or set {setting}" if same else ""
        if not against_base.proves_nothing(ended, run.tally, before.ended, before.tally):
            return ""
        lacking = checks.missing(ended.output) & checks.missing(before.ended.output)
        proposal = proposals(self._commands.seen(self.runs.files()), ended.output)
        if lacking:
            bring = proposal or "gate.link and gate.setup bring in what git does not"
            return f"{', '.join(sorted(lacking))}, on the base too; {bring}"
        if verdict.word == "broken":
            words = f"{verdict.reason}, on the base too: {run.cause or SILENT}"
            return f"{words}; or set {proposal}" if proposal else words
        words = f"`{run.command}` ends before any test (exit {ended.code}), on the base too"
        return f"{words}: {run.cause or SILENT}; fix that, or set {proposal or setting}"

    def _finding(self, run: Run) -> str:
        """Return what a linter found first; "" when it is red for what it changed."""
        paths = change.shown(changed.path[len(self._repo.prefix) :] for changed in self.changes)
        return redaction.default.redact(cause.complaint(run.ended.output, paths)) if run.ended.code else ""

    def _repaired(self, kind: str, run: Run, verdict: Verdict) -> Generator[Child, Ended | None, Verdict]:
        """Return red where lint changed more of a file than on the base: one that repairs ends with 0 all the same."""
        before = yield from self._on_base(kind, run.command)
        self._again()
        more = against_base.repaired(run.rewritten, before.rewritten)
        if not more:
            return verdict
        paths = ", ".join(change.shown(more[: policy.MOST_PATHS]))
        words = f"`{run.command}` changed {paths}; hand in its result"
        return Verdict("red", f"{verdict.reason}; {words}" if verdict.word == "red" else words)

    def _stop(self, fact: f.Fact, why: str) -> Generator[Decision, None, None]:
        """Say what came of a check, once on this base, and raise Stuck."""
        assert isinstance(fact, (f.Lint, f.Test))
        ran: Ran | None = self._patch.lint if isinstance(fact, f.Lint) else self._patch.test
        if ran is None or (ran.base, ran.verdict) != (fact.base, fact.verdict):
            self.unsaid.append(fact)
        yield from self.say()
        raise Stuck(redaction.default.redact(why))

    def _known(self, run: Run, failing: frozenset[str]) -> None:
        """Let a run pass in which nothing fails but what people know to fail. Raises OnBase."""
        new = frozenset(name for name in failing if not self._before.known_red.issuperset(as_told([name])))
        if not can_be_told(new):
            raise Stuck(f"{len(new)} tests fail without it too, too many to ask about by name; fix what they need")
        if new:
            verb = "fails" if len(new) == 1 else "fail"
            raise OnBase("red", new, f"{against_base.names(new)} {verb} without it too")
        self.red_base = True
        self.passed["test"] = run

    def _refuse(self, kind: str, run: Run, verdict: Verdict, why: str, on_base: str = "") -> None:
        self._note(kind, run, verdict, on_base)
        word = {"red": "failed", "broken": "could not run"}[verdict.word]
        raise Refused(f"{'lint' if kind == 'lint' else 'tests'} {word}: {why}")

    def _fewer(self, run: Run) -> Generator[Child, Ended | None, list[Need]]:
        """Return what people have to decide when fewer tests ran than the last time, and the base has more."""
        now = run.counted
        fewer = self._before.fewer(now)
        if not fewer or self._before.on_base:
            return fewer
        on_base = (yield from self._on_base("test", run.command)).counted
        self._again()
        return [] if now == on_base or (on_base and not Before(on_base).fewer(now)) else fewer

    def _on_base(self, kind: str, command: str) -> Running:
        """Run the command on the base, where the tree then is; once per base and command."""
        runs = self._gate.on_base
        if (self._repo.head, command) in runs:
            return runs[(self._repo.head, command)]
        self._tree.reset(self._repo.head)
        yield from self.runs.set_up(f"{kind}-base.setup")
        run = yield from self.runs.run(command, f"{kind}-base")
        for old in [key for key in runs if key[0] != self._repo.head]:
            del runs[old]
        runs[(self._repo.head, command)] = run
        return run

    def _skip(self, kind: str, command: str, why: str) -> Passing:
        before: Ran | None = self._patch.lint if kind == "lint" else self._patch.test
        if before is None or (before.base, before.verdict) != (self._repo.head, "skipped"):
            self.unsaid.append(self._no_run(kind, command, "skipped", why))
        if kind == "lint":
            return
        allowed = self._gate.policies.gate.allow_without_tests
        if allowed == "false":
            raise Refused(f"tests skipped: {why}; gate.allow_without_tests is false")
        gone = yield from self._gone()
        asks = allowed == "ask" and not gone and not self._before.untested
        if asks and self._has_code_before() and any(map(self._is_code, self.changes)):
            raise OnBase("untested", [], f"{why} to test it with")
        self.needs += gone

    def _has_code_before(self) -> bool:
        """Whether the base has code: the first of a new project needs nobody's leave."""
        new = {path[len(self._repo.prefix) :] for path in policy.added(self.changes)}
        return any(policy.is_code(path) for path in self.runs.files() if path not in new)

    def _is_code(self, changed: Change) -> bool:
        """Whether a test could say something of what changes: also a program without a suffix."""
        if policy.is_code(changed.path):
            return True
        ends = ((changed.old_mode, changed.old_blob), (changed.new_mode, changed.blob))
        files = [(mode, blob) for mode, blob in ends if mode in change.FILES and "." not in changed.path.split("/")[-1]]
        return any(mode == change.PROGRAM or self._tree.content(blob)[:2] == b"#!" for mode, blob in files)

    def _gone(self) -> Generator[Child, Ended | None, list[Need]]:
        """Return what people have to decide when nothing is tested where there were tests before."""
        fewer = self._before.fewer(Counted(0, 0))
        if not fewer or self._before.on_base:
            return fewer
        self._tree.reset(self._repo.head)
        command = self._commands.of("test", self._tree.files())
        on_base = (yield from self._on_base("test", command)).counted if command else None
        self._again()
        return fewer if on_base and on_base.tests else []

    def _judge(self, kind: str, run: Run) -> Verdict:
        return checks.judge(run.ended, run.tally, run.command, SETTINGS[kind][1], self.runs.files())

    # --- facts ---

    def _note(self, kind: str, run: Run, verdict: Verdict, on_base: str = "") -> None:
        self.unsaid.append(self._fact(kind, run, verdict, on_base))
        if kind == "test":
            self.evidence = run.sha

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
            tail=checks.shown(run.ended),
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
