"""The gate as a service: what its checks see, and what each of their ends makes of a patch."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import CALC, TEST, Bench, held, refused, running
from tests.waiting import until


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


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


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("rm .git", "damaged the gate tree"),
        ("echo more >> docs/a.md && git add docs/a.md", "changed the commit's content"),
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
    assert f"`{lint}` changed docs/a.md; hand in its result" in reason


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
    assert "says the same on the base (exit 1): docs/old.md:1:bad; fix that" in reason
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
    assert git.line(bench.root, "log", "-1", "--format=%s") == "Update docs/a.md"


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
