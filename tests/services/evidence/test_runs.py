"""Checks that need more than the tree, tests that get fewer, and a base that is red itself."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.machine import git, host
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench, held, refused

PYTEST = {"pytest.ini": b"[pytest]\npythonpath = src\n"}


def python_tests(**results: str) -> bytes:
    """Return a Python test file: name of a test → what it does."""
    return "\n".join(f"def test_{name}():\n    {body}\n" for name, body in results.items()).encode()


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def last_test(bench: Bench, mid: str = "m1") -> f.Test:
    fact = bench.wait(f.Test, mid)
    assert isinstance(fact, f.Test)
    return fact


def landed(bench: Bench, files: dict[str, bytes], mid: str = "m1") -> f.PatchCommit:
    bench.queue(bench.diff(files), mid)
    fact = bench.outcome(mid)
    assert isinstance(fact, f.PatchCommit), fact
    return fact


# --- what git does not track ---


@repos.BOTH_ISOLATIONS
def test_what_gate_link_names_is_there_for_the_checks_and_in_no_commit(bench: Bench, isolation: str) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    repos.write(bench.root, {"data/big.ignored": b"big\n", ".env.ignored": b"KEY=1\n"})
    bench.settings(f"gate: {{isolation: {isolation}, link: [data, '*.ignored']}}")
    bench.gate(TEST_CMD="grep -q big data/big.ignored && grep -q KEY .env.ignored && rm -r data/* .env.ignored")
    before = repos.picture(bench.root, ("docs/a.md",))
    bench.queue(diff)
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit) and fact.paths == ["docs/a.md"]
    if isolation == "bind":
        assert repos.picture(bench.root, ("docs/a.md",)) == before


def test_a_virtual_environment_in_the_repository_is_found_by_the_checks(bench: Bench) -> None:
    repos.write(bench.root, {".venv/pyvenv.cfg": b"", ".venv/bin/only-here": b"#!/bin/sh\necho 3 passed in 0.1s\n"})
    (bench.root / ".venv" / "bin" / "only-here").chmod(0o755)
    bench.gate(TEST_CMD="only-here", PATH=f"{bench.root}/.venv/bin:{os.environ['PATH']}")
    landed(bench, {"docs/a.md": b"b\n"})
    assert last_test(bench).tests == 3


def test_something_promised_that_is_missing_is_broken_and_named(bench: Bench) -> None:
    bench.settings("gate: {link: [data]}")
    bench.gate(TEST_CMD="true")
    assert held(bench, bench.diff({"docs/a.md": b"b\n"})).startswith("checks could not run: gate.link names data")
    assert last_test(bench).verdict == "broken"


def test_packages_that_nobody_installed_are_broken_and_not_red(bench: Bench) -> None:
    package = b'{"scripts": {"test": "x"}, "devDependencies": {"x": "1"}}'
    repos.write(bench.root, {"package.json": package})
    repos.commit(bench.root)
    bench.gate()
    assert "node_modules is missing" in held(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_a_module_that_the_base_lacks_too_is_broken_and_not_red(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_a.py": b"import not_there_at_all\n"})
    repos.commit(bench.root)
    bench.gate()
    reason = held(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason.startswith("tests could not run: No module named 'not_there_at_all', on the base too; gate.link")
    assert last_test(bench).verdict == "broken"


@repos.BOTH_ISOLATIONS
def test_the_setup_runs_once_until_what_it_depends_on_changes(bench: Bench, isolation: str) -> None:
    bench.settings(
        f"gate: {{isolation: {isolation}, setup: 'echo run >> {bench.beside}/runs; mkdir made;"
        " cp requirements.txt made/x'}\npatch_queue: {allowed_paths: ['**']}"
    )
    repos.write(bench.root, {"requirements.txt": b"one\n"})
    repos.commit(bench.root)
    bench.gate(TEST_CMD="cmp requirements.txt made/x")
    landed(bench, {"docs/a.md": b"b\n"}, "m1")
    landed(bench, {"docs/a.md": b"c\n"}, "m2")
    assert (bench.beside / "runs").read_text() == "run\n"
    assert landed(bench, {"requirements.txt": b"two\n"}, "m3").paths == ["requirements.txt"]
    assert (bench.beside / "runs").read_text() == "run\nrun\n"


NOT_INSTALLED = "package-lock.json changed; tested with the installed versions; set gate.setup: npm ci"


def test_dependencies_that_change_without_a_setup_are_noted_at_the_landing(bench: Bench) -> None:
    bench.gate(TEST_CMD="true")
    assert landed(bench, {"package-lock.json": b"{}\n"}).notes == [NOT_INSTALLED]


def test_dependencies_that_change_without_a_setup_are_noted_at_a_refusal(bench: Bench) -> None:
    bench.gate(TEST_CMD="test ! -e package-lock.json")
    assert refused(bench, bench.diff({"package-lock.json": b"{}\n"})).endswith(f"; {NOT_INSTALLED}")


def test_a_setup_that_fails_is_broken(bench: Bench) -> None:
    bench.settings("gate: {setup: 'echo no network; exit 3'}")
    bench.gate(TEST_CMD="true")
    reason = held(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason == "checks could not run: gate.setup failed: exit 3, on the base too: no network"
    assert (last_test(bench).verdict, last_test(bench).tail) == ("broken", "no network")


# --- how many tests ---


def test_the_fact_of_a_test_run_has_its_counts(bench: Bench) -> None:
    skips = "import pytest; pytest.skip()"
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass", b="pass", c=skips), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    landed(bench, {"docs/a.md": b"b\n"})
    fact = last_test(bench)
    assert (fact.tests, fact.failed, fact.skipped, fact.command) == (2, 0, 1, "pytest -q")


@pytest.mark.parametrize(
    ("after", "question"),
    [
        (python_tests(a="pass"), "2 -> 1 tests"),
        (python_tests(a="pass", b="pass", c="import pytest; pytest.skip()"), "0 -> 1 skipped tests"),
        (b"", "2 -> 0 tests"),
    ],
    ids=["fewer", "skipped", "none"],
)
def test_fewer_tests_than_in_the_last_green_run_need_a_decision(bench: Bench, after: bytes, question: str) -> None:
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass", b="pass"), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    landed(bench, {"docs/a.md": b"b\n"})
    diff = bench.diff({"tests/test_a.py": after})
    if not after:
        git.run(bench.root, "rm", "-q", "tests/test_a.py")
        diff = git.run(bench.root, "diff", "--cached").stdout
        git.run(bench.root, "reset", "-q", "--hard")
    head = git.look(bench.root).head
    bench.queue(diff, "m2")
    asked = bench.wait(f.PatchNeedsDecision, "m2")
    assert isinstance(asked, f.PatchNeedsDecision)
    assert asked.why == "tests" and asked.question.startswith(question)
    assert git.look(bench.root).head == head


def test_a_gate_that_died_before_it_asked_asks_after_its_restart(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass", b="pass"), **PYTEST})
    repos.commit(bench.root)
    gate = bench.gate()
    landed(bench, {"docs/a.md": b"b\n"})
    gate.terminate()
    gate.wait()
    bench.queue(bench.diff({"tests/test_a.py": python_tests(a="pass")}), "m2")
    head = git.look(bench.root).head
    ran = f.Test(
        id="patch:m2:0",
        mid="m2",
        command="pytest -q",
        verdict="green",
        exit=0,
        seconds=1,
        base=head,
        tests=1,
        skipped=0,
    )
    bus.tell(bench.project, "evidence", [ran])
    bench.gate()
    bench.wait(f.PatchNeedsDecision, "m2")


def test_fewer_tests_that_the_base_has_too_are_not_the_patchs_doing(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass", b="pass"), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    landed(bench, {"docs/a.md": b"b\n"})
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass")})
    repos.commit(bench.root)
    landed(bench, {"docs/a.md": b"c\n"}, "m2")


def test_reports_count_where_the_command_says_nothing(bench: Bench) -> None:
    report = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
    bench.settings("gate: {reports: ['out/*.xml']}")
    bench.gate(TEST_CMD=f"mkdir out && echo '{report}' > out/r.xml")
    landed(bench, {"docs/a.md": b"b\n"})
    assert (last_test(bench).tests, last_test(bench).skipped) == (1, 1)


# --- a red base ---


@pytest.fixture
def red(bench: Bench) -> Bench:
    """A base on which one of two tests fails."""
    body = b"import calc\n\n\n" + python_tests(old="assert False", double="assert calc.double(2) == 4")
    repos.write(bench.root, {"tests/test_a.py": body, **PYTEST})
    repos.commit(bench.root)
    return bench


def test_what_the_patch_breaks_is_named_apart(red: Bench) -> None:
    red.gate()
    reason = refused(red, red.diff({"src/calc.py": b"def double(x):\n    return 3 * x\n"}))
    assert "failing on the base too: tests.test_a::test_old" in reason
    assert "failing with the patch only: tests.test_a::test_double" in reason
    assert last_test(red).on_base == "red"


def test_a_patch_that_removes_a_passing_test_needs_a_decision(red: Bench) -> None:
    names, here = ["tests.test_a::test_old"], host.name()
    known = f.BaseAccepted(id="yes", mid="b", why="red", machine=here, rfd_id="r", names=names)
    bus.tell(red.project, "orchestrator", [known])
    red.gate()
    red.queue(red.diff({"tests/test_a.py": python_tests(old="assert False")}))
    need = red.wait(f.PatchNeedsDecision)
    assert isinstance(need, f.PatchNeedsDecision)
    assert "missing with the patch: tests.test_a::test_double" in need.question


def test_a_runner_without_names_proves_no_not_worse(bench: Bench) -> None:
    bench.gate(TEST_CMD="echo 1 failing; echo 3 passing; exit 1")
    reason = refused(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason.endswith("red on the base too, and the runner does not name all failures")


def test_a_green_base_leaves_the_red_to_the_patch(bench: Bench) -> None:
    bench.gate(TEST_CMD="grep -q a docs/a.md")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "tests failed: exit 1"
    assert last_test(bench).on_base == "green"


def test_where_no_runner_tells_numbers_the_last_useful_line_is_told(bench: Bench) -> None:
    bench.gate(TEST_CMD="grep -q a docs/a.md || { echo 'a.c:3: error: no ;'; echo 'make: *** [a.o] Error 1'; exit 2; }")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "tests failed: exit 2: a.c:3: error: no ;"


def test_a_setup_that_fails_with_the_patch_only_is_a_refusal(bench: Bench) -> None:
    bench.settings("gate: {setup: 'grep a docs/a.md'}")
    bench.gate(TEST_CMD="true")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "checks could not run: gate.setup failed: exit 1"


# --- environment or patch? ---


def test_a_command_that_ends_before_any_test_on_the_base_too_is_the_users(bench: Bench) -> None:
    bench.gate(TEST_CMD="echo 'Could not resolve host: x.example.org'; echo 'make: *** [test] Error 2'; exit 101")
    reason = held(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert "ends before any test (exit 101), on the base too: Could not resolve host: x.example.org; fix" in reason
    assert (last_test(bench).verdict, last_test(bench).on_base) == ("broken", "red")


def test_a_patch_held_for_the_environment_lands_by_itself_once_that_is_mended(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"test -e {bench.beside}/mended")
    held(bench, bench.diff({"docs/a.md": b"b\n"}))
    (bench.beside / "mended").touch()
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert [fact.verdict for fact in bench.facts() if isinstance(fact, f.Test)] == ["broken", "green"]


def test_what_has_gone_since_the_base_was_green_is_the_users(bench: Bench) -> None:
    database, red = bench.beside / "database", "{ echo 1 passing; echo '  1 failing'; exit 1; }"
    database.touch()
    bench.gate(TEST_CMD=f"cat {database} && if grep -q a docs/a.md; then echo 2 passing; else {red}; fi")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "tests failed: 1 of 2 failed"
    database.unlink()
    bench.queue(bench.diff({"docs/a.md": b"a\nc\n"}), "m2")
    fact = bench.wait(f.PatchHeld, "m2")
    assert isinstance(fact, f.PatchHeld) and fact.asked and "No such file or directory" in fact.reason


def test_a_command_that_ends_otherwise_than_on_the_base_is_the_patchs(bench: Bench) -> None:
    bench.gate(TEST_CMD="cat docs/a.md; exit 1")
    assert refused(bench, bench.diff({"docs/a.md": b"b\n"})) == "tests failed: exit 1: b; red on the base too"


def test_a_command_that_ends_with_0_though_tests_failed_is_red(bench: Bench) -> None:
    bench.gate(TEST_CMD="grep -q a docs/a.md && echo 3 passing || { echo 2 passing; echo '  1 failing'; }")
    reason = refused(bench, bench.diff({"docs/a.md": b"b\n"}))
    assert reason == "tests failed: 1 of 3 failed, though the command ended with 0"


# --- real runners ---


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_test_is_run_where_a_makefile_has_it(bench: Bench) -> None:
    body = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): open('docs/ok')\n"
    repos.write(
        bench.root, {"Makefile": f"test:\n\t{sys.executable} -m unittest discover -s t -p 'check*.py'\n".encode()}
    )
    repos.write(bench.root, {"t/check.py": body.encode()})
    repos.commit(bench.root)
    bench.gate()
    landed(bench, {"docs/ok": b"\n"})
    assert (last_test(bench).command, last_test(bench).tests) == ("make test", 1)
