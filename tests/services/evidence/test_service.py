"""The gate as a service: a patch is queued in the ledger, and what becomes of it is read there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.waiting import until

CALC = b"def double(x):\n    return 2 * x\n"
TEST = b"from calc import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


class Bench:
    """The repository of a project, its ledger and its gate, running. Unless it is `new`, a patch has landed on main."""

    def __init__(self, project: Project, start: Start, new: bool = False) -> None:
        self.project = project
        self.root = project.root
        self.beside = project.root.parent  # what a check shows to a test: the root itself is hidden from it
        self._start = start
        repos.write(self.root, {"src/calc.py": CALC, "src/other.py": b"x = 1\n", "docs/a.md": b"a\n"})
        repos.commit(self.root)
        self.settings("")
        start("ledger")
        if not new:
            self._land_something()

    def _land_something(self) -> None:
        """Let the gate know of a patch whose tests were run, so that the base needs no run."""
        self.queue(b"", "m0")
        test = f.Test(id="m0:test", mid="m0", command="true", verdict="green", exit=0, seconds=0)
        landed = f.PatchCommit(
            id="m0:commit",
            author="PeerA",
            mid="m0",
            source="patch.diff",
            lines=0,
            paths=[],
            branch="refs/heads/main",
            commit="",
            tests_ok=True,
            seconds=0,
        )
        bus.tell(self.project, "evidence", [test, landed])

    def gate(self, **environment: str) -> subprocess.Popen[bytes]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return self._start("evidence", **{"TEST_CMD": "", "LINT_CMD": "", "PATH": path, **environment})

    def settings(self, text: str) -> None:
        """Have these settings; unless they say something else, code may land untested."""
        if "allow_without_tests" not in text:
            here = text.replace("gate: {", "gate: {allow_without_tests: true, ", 1)
            text = here if "gate:" in text else f"{text}\ngate: {{allow_without_tests: true}}\n"
        (self.project.settings / "policies.yaml").write_text(text)

    def diff(self, files: dict[str, bytes]) -> bytes:
        """Return the diff that writes `files`; the work tree stays as it is."""
        before = {path: (self.root / path).read_bytes() if (self.root / path).exists() else None for path in files}
        times = {path: (self.root / path).stat() for path, content in before.items() if content is not None}
        repos.write(self.root, files)
        git.run(self.root, "add", "-N", ".")
        diff = git.run(self.root, "diff", "--binary", "--", *files).stdout
        for path, content in before.items():
            if content is None:
                (self.root / path).unlink()
                git.run(self.root, "rm", "-q", "--cached", path)
            else:
                (self.root / path).write_bytes(content)
                os.utime(self.root / path, ns=(times[path].st_atime_ns, times[path].st_mtime_ns))
        git.run(self.root, "update-index", "-q", "--refresh", check=False)
        return diff

    def queue(self, diff: bytes, mid: str = "m1", source: str = "patch.diff") -> None:
        sha = Blobs(self.project).put(diff)
        fact = f.PatchQueued(
            id=f"queued:{mid}", author="PeerA", mid=mid, source=source, sha=sha, size=len(diff), text=""
        )
        bus.tell(self.project, "orchestrator", [fact])

    def facts(self, mid: str = "m1") -> list[f.Fact]:
        return [fact for fact in ledger.read(self.project) if getattr(fact, "mid", "") == mid]

    def wait(self, kind: type[f.Fact], mid: str = "m1") -> f.Fact:
        def found() -> f.Fact | None:
            return next((fact for fact in self.facts(mid) if isinstance(fact, kind)), None)

        return until(found, 40, f"{kind.__name__} of {mid}: {self.facts(mid)} {self.log()}")  # type: ignore[return-value]

    def outcome(self, mid: str = "m1") -> f.Fact:
        """Return the fact that closed the patch."""
        closing = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail)
        until(lambda: any(isinstance(x, closing) for x in self.facts(mid)), 40, f"{self.facts(mid)} {self.log()}")
        return self.facts(mid)[-1]

    def log(self) -> str:
        return self.project.service_log("evidence").read_text()

    def kinds(self, mid: str = "m1") -> list[str]:
        return [fact.kind for fact in self.facts(mid)]


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def running(mark: str) -> list[str]:
    """Return the sleeps that carry the mark."""
    return subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, text=True).stdout.split()


def held(bench: Bench, diff: bytes) -> str:
    """Queue a patch that waits for the user, who is told at once; return the reason."""
    bench.queue(diff)
    fact = bench.wait(f.PatchHeld)
    assert isinstance(fact, f.PatchHeld) and fact.asked
    told = bench.wait(f.PatchWaiting)
    assert isinstance(told, f.PatchWaiting) and told.reason == fact.reason
    return fact.reason


def refused(bench: Bench, diff: bytes) -> str:
    """Queue a patch that must not land, and return the reason; nothing of the user's may have changed."""
    before, head = repos.picture(bench.root), git.look(bench.root).head
    bench.queue(diff)
    fact = bench.outcome()
    assert isinstance(fact, f.PatchReject), fact
    assert (repos.picture(bench.root), git.look(bench.root).head) == (before, head)
    return fact.reason


def test_a_green_patch_lands_as_one_commit_of_its_own_paths(bench: Bench) -> None:
    diff = bench.diff({"src/calc.py": CALC + b"# doubled\n", "docs/new.md": b"new\n"})
    repos.write(bench.root, {"src/other.py": b"x = 2  # mine\n", "mine.txt": b"untracked\n", "staged.txt": b"s\n"})
    git.run(bench.root, "add", "staged.txt")
    paths = ("src/calc.py", "docs/new.md")
    before = repos.picture(bench.root, paths)
    bench.gate(TEST_CMD="test -f docs/new.md && grep -q doubled src/calc.py && echo 3 passed in 0.1s")
    bench.queue(diff)
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit), fact
    assert bench.kinds() == ["patch-queued", "patch-branch", "lint", "test", "patch-landing", "patch-commit"]
    assert repos.picture(bench.root, paths) == before
    assert (fact.paths, fact.lines, fact.tests_ok) == (sorted(paths), 2, True)
    assert git.look(bench.root).head == fact.commit
    assert git.run(bench.root, "show", "--name-only", "--format=", "HEAD").stdout.split() == [
        b"docs/new.md",
        b"src/calc.py",
    ]
    message = git.run(bench.root, "log", "-1", "--format=%an%n%B").stdout.decode()
    test = bench.wait(f.Test)
    assert isinstance(test, f.Test)
    assert message.startswith("Someone\ncccc(PeerA): apply patch (mailbox)\n\nCccc-Mid: m1\nCccc-Peer: PeerA\n")
    assert f"Cccc-Patch: {hashlib.sha256(diff).hexdigest()}\nCccc-Evidence: {test.sha}\n" in message
    assert git.run(bench.root, "status", "--porcelain", "--", *paths).stdout == b""


def test_red_tests_refuse_the_patch_and_show_why(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_calc.py": TEST, "pytest.ini": b"[pytest]\npythonpath = src\n"})
    repos.commit(bench.root)
    diff = bench.diff({"src/calc.py": CALC.replace(b"2 *", b"3 *")})
    bench.gate()
    assert refused(bench, diff) == "tests failed: 1 of 1 failed: tests.test_calc::test_double"
    test = bench.wait(f.Test)
    assert isinstance(test, f.Test)
    assert (test.verdict, test.exit, test.command) == ("red", 1, "pytest -q")
    assert "assert 6 == 4" in test.tail
    assert (bench.root / test.log).read_text()
    bench.queue(bench.diff({"src/calc.py": CALC.replace(b"2 * x", b"x + x")}), "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit) and landed.tests_ok


def test_a_red_lint_refuses_the_patch_before_the_tests(bench: Bench) -> None:
    bench.gate(LINT_CMD="! grep b docs/a.md", TEST_CMD="true")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "lint failed: exit 1: b"
    assert "test" not in bench.kinds()


@repos.BOTH_ISOLATIONS
def test_the_tests_see_the_patched_tree_and_not_the_users(bench: Bench, isolation: str) -> None:
    check = f"{sys.executable} -c 'import calc; assert calc.double(2) == 6, calc.__file__'"
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate(TEST_CMD=check, PYTHONPATH=str(bench.root / "src"))
    bench.queue(bench.diff({"src/calc.py": CALC.replace(b"2 *", b"3 *")}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    test = bench.wait(f.Test)
    assert isinstance(test, f.Test) and test.isolated == isolation
    assert f"isolated: {isolation}, in " in (bench.root / test.log).read_text()


EDITABLE = """import sys
sys.path.insert(0, {path!r})
import calc
sys.exit(0 if calc.double(2) == {wanted} else calc.__file__)
"""


@repos.NEEDS_BIND
@pytest.mark.parametrize("wanted", [4, 6], ids=["old", "patched"])
def test_an_absolute_path_into_the_users_tree_gives_the_patched_trees_verdict(bench: Bench, wanted: int) -> None:
    script = bench.beside / "check.py"
    script.write_text(EDITABLE.format(path=str(bench.root / "src"), wanted=wanted))
    bench.settings("gate: {isolation: bind}")
    bench.gate(TEST_CMD=f"{sys.executable} {script}")
    diff = bench.diff({"src/calc.py": CALC.replace(b"2 *", b"3 *")})
    if wanted == 6:
        bench.queue(diff)
        assert isinstance(bench.outcome(), f.PatchCommit)
    else:
        assert refused(bench, diff).startswith("tests failed")


@repos.BOTH_ISOLATIONS
def test_what_a_check_leaves_in_a_session_of_its_own_is_gone_before_the_patch_lands(
    bench: Bench, isolation: str
) -> None:
    mark = f"601.{os.getpid()}"
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate(TEST_CMD=f"setsid sleep {mark} & until pgrep -f '^sleep {mark}'; do :; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert not running(mark)


@repos.BOTH_ISOLATIONS
def test_what_sheds_the_mark_of_a_check_is_gone_too(bench: Bench, isolation: str) -> None:
    mark = f"602.{os.getpid()}"
    bench.settings(f"gate: {{isolation: {isolation}}}")
    daemon = f"env -i {shutil.which('setsid')} sh -c 'sleep {mark} & exec sleep {mark}' > /dev/null 2>&1 < /dev/null &"
    bench.gate(TEST_CMD=f"({daemon}) ; until pgrep -f '^sleep {mark}'; do :; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert not running(mark)


def test_where_bind_is_wanted_and_does_not_work_no_check_proves_anything(bench: Bench) -> None:
    bench.settings("gate: {isolation: bind}")
    fake = bench.beside / "bin" / "unshare"
    repos.write(bench.beside, {"bin/unshare": b"#!/bin/sh\necho not permitted >&2; exit 1\n"})
    fake.chmod(0o755)
    bench.gate(TEST_CMD="true", PATH=f"{fake.parent}:{os.environ['PATH']}")
    reason = held(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason.startswith("tests could not run: cccc: cannot isolate the check") and "not permitted" in reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("no-such-command-anywhere", "tests could not run: a command of `no-such-command-anywhere` was not found"),
        ("kill -9 $$", "tests could not run: killed by signal 9"),
        ("sleep 60 & wait", "tests could not run: stopped after 0.5 s"),
    ],
)
def test_a_command_that_cannot_do_its_work_is_no_pass(bench: Bench, command: str, reason: str) -> None:
    bench.settings("gate: {timeout_seconds: 0.5}")
    bench.gate(TEST_CMD=command)
    assert held(bench, bench.diff({"docs/a.md": b"b\n"})).startswith(reason)
    assert "test" in bench.kinds()


def test_a_command_that_the_patch_keeps_from_its_work_is_a_refusal(bench: Bench) -> None:
    bench.gate(TEST_CMD="grep -q a docs/a.md || kill -9 $$")
    reason = refused(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason == "tests could not run: killed by signal 9; on the base it is green"


def test_tests_that_all_go_missing_are_no_pass(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_calc.py": b"def disabled():\n    assert False\n"})
    repos.commit(bench.root)
    bench.gate()
    assert "ran no test, though there are tests" in held(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_without_tests_a_patch_lands_unless_the_settings_forbid_it(bench: Bench) -> None:
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit) and fact.tests_ok is None
    assert [x.verdict for x in bench.facts() if isinstance(x, (f.Lint, f.Test))] == ["skipped", "skipped"]


def test_skipped_tests_refuse_where_they_must_not_be_skipped(bench: Bench) -> None:
    bench.settings("gate: {allow_without_tests: false}")
    bench.gate()
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})).startswith("tests skipped")


def added(path: str, content: str = "x", mode: str = "100644") -> bytes:
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{content}\n"
    ).encode()


def test_a_patch_that_does_not_fit_is_sent_back_with_the_real_lines(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-other\n+b\n")
    fact = bench.outcome()
    assert isinstance(fact, f.PatchPrecheckFail)
    assert "it says `other`, and line 1 of the file is `a`" in fact.stderr and "1 | a" in fact.stderr
    assert fact.base == git.look(bench.root).head


def test_how_a_diff_was_read_stands_in_the_facts_of_its_landing(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-a\n+b\n".replace(b"\n", b"\r\n"))
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit)
    assert len(fact.notes) == 1 and "CRLF" in fact.notes[0]


def test_a_plain_diff_without_prefixes_lands(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- docs/a.md\n+++ docs/a.md\n@@ -1 +1 @@\n-a\n+b\n", source="inline")
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert (bench.root / "docs/a.md").read_bytes() == b"b\n"
    assert "apply inline patch" in git.line(bench.root, "log", "-1", "--format=%s")


def test_an_edit_of_the_user_holds_the_patch_until_the_way_is_free(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "uncommitted changes in docs/a.md" in held.reason
    assert (bench.root / "docs/a.md").read_bytes() == b"mine\n"
    git.run(bench.root, "checkout", "--", "docs/a.md")
    assert isinstance(bench.outcome(), f.PatchCommit)
    reasons = [fact.reason for fact in bench.facts("m1") if isinstance(fact, f.PatchHeld)]
    assert len(reasons) == 1 or any(".lock" in reason for reason in reasons), reasons  # of that checkout itself


def test_a_commit_of_the_user_meanwhile_has_the_patch_checked_again(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    go = bench.beside / "go"
    bench.gate(TEST_CMD=f"echo run >> {bench.beside}/runs; until test -e {go}; do sleep 0.02; done")
    bench.queue(diff)
    until((bench.beside / "runs").exists)
    git.run(bench.root, "commit", "-q", "--allow-empty", "-m", "mine")
    mine = git.look(bench.root).head
    go.touch()
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "HEAD^") == mine
    assert (bench.beside / "runs").read_text() == "run\nrun\n"


def test_a_patch_waits_for_the_branch_it_belongs_to(bench: Bench) -> None:
    bench.gate()
    git.run(bench.root, "checkout", "-q", "--detach")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "detached" in held.reason
    git.run(bench.root, "checkout", "-q", "main")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_patch_waits_for_the_first_commit_of_a_repository(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    git.run(bench.root, "checkout", "-q", "--orphan", "empty")
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and held.reason.startswith("the repository has no commit yet")
    git.run(bench.root, "commit", "-q", "-m", "begin")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_hook_that_refuses_is_a_refusal_with_its_words(bench: Bench) -> None:
    hook = bench.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho no, says the hook\nexit 1\n")
    hook.chmod(0o755)
    bench.gate()
    assert "no, says the hook" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_a_hook_that_changes_content_is_a_refusal(bench: Bench) -> None:
    hook = bench.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho more >> docs/a.md\ngit add docs/a.md\n")
    hook.chmod(0o755)
    bench.gate()
    assert "changed what is committed" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("rm .git", "damaged the gate tree"),
        ("echo more >> docs/a.md && git add docs/a.md", "changed what is committed"),
    ],
)
def test_a_check_that_works_on_the_gate_tree_itself_is_a_refusal(bench: Bench, command: str, reason: str) -> None:
    bench.settings("gate: {isolation: path}")
    bench.gate(TEST_CMD=command)
    assert reason in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_the_tests_do_not_see_what_a_linter_has_mended(bench: Bench) -> None:
    bench.gate(LINT_CMD="echo mended > docs/a.md", TEST_CMD="! grep mended docs/a.md")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)


@pytest.mark.parametrize("lint", ["sed -i s/bad/good/ docs/*.md", "sed -i s/bad/good/ docs/*.md; git add docs; exit 1"])
@repos.BOTH_ISOLATIONS
def test_a_linter_that_repairs_what_the_patch_wrote_makes_it_red(bench: Bench, isolation: str, lint: str) -> None:
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate(LINT_CMD=lint, TEST_CMD="true")
    reason = refused(bench, bench.diff({"docs/a.md": b"a\nbad\n", "docs/new.md": b"good\n"}))
    assert f"`{lint}` changed docs/a.md; hand in what it makes of it" in reason


def test_what_a_linter_repairs_on_the_base_too_is_not_the_patchs(bench: Bench) -> None:
    repos.write(bench.root, {"docs/old.md": b"bad\n\nlast\n"})
    repos.commit(bench.root)
    bench.gate(LINT_CMD="sed -i s/bad/good/ docs/*.md", TEST_CMD="true")
    bench.queue(bench.diff({"docs/a.md": b"b\n", "docs/old.md": b"bad\n\nLAST\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    bench.queue(bench.diff({"docs/old.md": b"bad\n\nbad\n"}), "m2")
    refusal = bench.outcome("m2")
    assert isinstance(refusal, f.PatchReject) and "changed docs/old.md" in refusal.reason


def test_lint_that_says_the_same_on_the_base_is_the_users(bench: Bench) -> None:
    repos.write(bench.root, {"docs/old.md": b"bad\n"})
    repos.commit(bench.root)
    bench.gate(LINT_CMD="! grep -n bad docs/*.md", TEST_CMD="true")
    reason = held(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert "says the same on the base (exit 1): docs/old.md:1:bad; mend that" in reason
    bench.queue(bench.diff({"docs/a.md": b"bad\n"}), "m2")
    refusal = bench.outcome("m2")
    assert isinstance(refusal, f.PatchReject)
    assert refusal.reason == "lint failed: exit 1: docs/a.md:1:bad; red on the base too"


def test_a_commit_that_a_check_makes_is_left_out(bench: Bench) -> None:
    bench.settings("gate: {isolation: path}")
    base = git.look(bench.root).head
    bench.gate(TEST_CMD="git commit -q -m theirs")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "HEAD^") == base
    assert git.line(bench.root, "log", "-1", "--format=%s") == "cccc(PeerA): apply patch (mailbox)"


def test_patches_land_in_the_order_they_came(bench: Bench) -> None:
    bench.gate()
    bench.queue(added("docs/one"), "m1")
    bench.queue(b"--- a/docs/one\n+++ b/docs/one\n@@ -1 +1 @@\n-x\n+y\n", "m2")
    assert isinstance(bench.outcome("m2"), f.PatchCommit)
    assert (bench.root / "docs/one").read_bytes() == b"y\n"


POINTS = ["committed", "landing-locked", "files-written", "index-written", "ref-moved", "landed"]


@pytest.mark.corpus(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_gate_killed_anywhere_lands_once(bench: Bench, tmp_path: Path, point: str) -> None:
    diff = bench.diff({"docs/a.md": b"b\n", "docs/new.md": b"n\n"})
    repos.write(bench.root, {"src/other.py": b"mine\n"})
    before = repos.picture(bench.root, ("docs/a.md", "docs/new.md"))
    faults = tmp_path / "faults"
    faults.mkdir()
    (faults / f"evidence.{point}").touch()
    gate = bench.gate(CCCC_FAULTS=str(faults))
    bench.queue(diff)
    assert gate.wait(15) == -9
    bench.gate()
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert bench.kinds().count("patch-commit") == 1
    assert git.line(bench.root, "rev-list", "--count", "--grep=Cccc-Mid: m1", "HEAD") == "1"
    assert repos.picture(bench.root, ("docs/a.md", "docs/new.md")) == before
    assert git.run(bench.root, "status", "--porcelain", "--", "docs").stdout == b""


def test_a_check_that_outlives_the_gate_is_killed_at_its_next_start(bench: Bench) -> None:
    mark = f"600.{os.getpid()}"
    gate = bench.gate(TEST_CMD=f"setsid sleep {mark} & sleep {mark}")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    until(lambda: len(running(mark)) == 2)
    gate.kill()
    gate.wait()
    assert running(mark)
    bench.gate(TEST_CMD="true")
    until(lambda: not running(mark))
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_held_patch_lets_those_behind_it_pass_and_is_checked_again_on_their_base(bench: Bench) -> None:
    first, second = bench.diff({"docs/a.md": b"b\n"}), bench.diff({"src/other.py": b"x = 2\n"})
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    bench.gate(TEST_CMD=f"git rev-parse HEAD >> {bench.beside}/bases")
    bench.queue(first)
    bench.wait(f.PatchHeld)
    bench.queue(second, "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit)
    assert "patch-commit" not in bench.kinds() and (bench.root / "docs/a.md").read_bytes() == b"mine\n"
    git.run(bench.root, "checkout", "--", "docs/a.md")
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "HEAD^") == landed.commit
    old = git.line(bench.root, "rev-parse", "HEAD~2")
    assert (bench.beside / "bases").read_text().split() == [old, old, landed.commit]
    assert bench.kinds().count("patch-held") == 1


def test_a_patch_whose_branch_was_renamed_is_held_with_what_to_do(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"until test -e {bench.beside}/go; do sleep 0.02; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    bench.wait(f.PatchBranch)
    git.run(bench.root, "branch", "-m", "main", "trunk")
    (bench.beside / "go").touch()
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and held.reason.startswith("main is gone, renamed or deleted, and trunk is")
    git.run(bench.root, "branch", "-m", "trunk", "main")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_patch_for_another_branch_does_not_block_the_one_that_is_checked_out(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"until test -e {bench.beside}/go; do sleep 0.02; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    bench.wait(f.PatchBranch)
    git.run(bench.root, "checkout", "-q", "-b", "other")
    (bench.beside / "go").touch()
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "other is checked out, not main" in held.reason
    bench.queue(added("docs/new"), "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit) and landed.branch == "refs/heads/other"
    git.run(bench.root, "checkout", "-q", "main")
    back = bench.outcome()
    assert isinstance(back, f.PatchCommit) and back.branch == "refs/heads/main"
