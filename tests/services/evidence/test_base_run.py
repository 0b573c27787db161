"""The first patch of a branch: the tests of its base are run once, and it is compared with them."""

from __future__ import annotations

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import CALC, Bench
from tests.waiting import until

TESTS = b"from calc import double\n\n\n" + b"".join(
    b"def test_%d():\n    assert double(%d) == %d\n\n\n" % (n, n, 2 * n) for n in range(5)
)
BROKEN = {"src/calc.py": CALC.replace(b"2 *", b"3 *")}


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    made = Bench(project, service, new=True)
    repos.write(made.root, {"tests/test_calc.py": TESTS, "pytest.ini": b"[pytest]\npythonpath = src\n"})
    repos.commit(made.root)
    return made


def said(bench: Bench, kind: type[f.Fact]) -> list[f.Fact]:
    return [fact for fact in ledger.read(bench.project) if isinstance(fact, kind)]


def base(bench: Bench, count: int = 1) -> f.BaseTest:
    until(lambda: len(said(bench, f.BaseTest)) == count, 60, f"the base's run: {bench.log()}")
    fact = said(bench, f.BaseTest)[-1]
    assert isinstance(fact, f.BaseTest)
    return fact


def without(bench: Bench, *paths: str) -> bytes:
    """Return the diff that removes the paths and breaks the code."""
    git.run(bench.root, "checkout", "-q", "-b", "scratch")
    git.run(bench.root, "rm", "-q", "-r", *paths)
    repos.write(bench.root, BROKEN)
    repos.commit(bench.root)
    diff = git.run(bench.root, "diff", "--binary", "main", "scratch").stdout
    git.run(bench.root, "checkout", "-q", "main")
    return diff


CONFTEST = b"collect_ignore = ['tests/test_calc.py']\n"
SKIPPED = TESTS.replace(b"from calc", b"import pytest\n\npytestmark = pytest.mark.skip\nfrom calc", 1)
CONFIGURED = b"[pytest]\npythonpath = src\naddopts = -k test_0\n"


@pytest.mark.parametrize(
    ("files", "asks"),
    [
        ({"tests/test_calc.py": b"def test_0():\n    assert True\n"}, "5 -> 1 tests"),
        ({"tests/test_calc.py": SKIPPED, "tests/test_other.py": b"def test_0():\n    assert True\n"}, "5 -> 1 tests"),
        ({"conftest.py": CONFTEST, "tests/test_other.py": b"def test_0():\n    assert True\n"}, "5 -> 1 tests"),
        ({"pytest.ini": CONFIGURED}, "5 -> 1 tests"),
    ],
    ids=["one", "skipped", "ignored", "deselected"],
)
def test_a_first_patch_with_fewer_tests_than_its_base_needs_a_decision(
    bench: Bench, files: dict[str, bytes], asks: str
) -> None:
    diff = bench.diff({**BROKEN, **files})
    bench.gate()
    assert base(bench).tests == 5
    bench.queue(diff)
    asked = bench.wait(f.PatchNeedsDecision)
    assert isinstance(asked, f.PatchNeedsDecision) and asks in asked.question


def test_a_first_patch_that_deletes_all_tests_needs_a_decision(bench: Bench) -> None:
    diff = without(bench, "tests")
    bench.gate()
    base(bench)
    bench.queue(diff)
    asked = bench.wait(f.PatchNeedsDecision)
    assert isinstance(asked, f.PatchNeedsDecision) and "5 -> 0 tests" in asked.question


def test_a_first_patch_that_keeps_the_tests_lands_and_a_later_one_runs_no_base(bench: Bench) -> None:
    first = bench.diff({"docs/a.md": b"b\n"})
    bench.gate(TEST_CMD="echo 5 passed in 0.1s")
    bench.queue(first)
    assert isinstance(bench.outcome(), f.PatchCommit)
    bench.queue(bench.diff({"docs/a.md": b"c\n"}), "m2")
    assert isinstance(bench.outcome("m2"), f.PatchCommit)
    assert len(said(bench, f.BaseRun)) == len(said(bench, f.BaseTest)) == 1


def test_a_first_patch_that_adds_the_first_tests_lands(project: Project, service: Start) -> None:
    bench = Bench(project, service, new=True)
    bench.gate()
    bench.queue(bench.diff({"tests/test_calc.py": TESTS, "pytest.ini": b"[pytest]\npythonpath = src\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert not said(bench, f.BaseRun)


def test_a_base_is_run_in_a_quiet_moment_and_not_again_after_a_restart(bench: Bench) -> None:
    gate = bench.gate()
    fact = base(bench)
    assert (fact.verdict, fact.tests, fact.base) == ("green", 5, git.look(bench.root).head)
    assert (bench.root / fact.log).read_text()
    gate.terminate()
    gate.wait(10)
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert len(said(bench, f.BaseRun)) == 1


def test_where_there_is_nothing_to_run_no_base_is_run(project: Project, service: Start) -> None:
    bench = Bench(project, service, new=True)
    bench.gate()
    tree = bench.project.gate_tree
    until(tree.exists, 20, "the gate tree, made in a quiet moment")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert not said(bench, f.BaseRun)


def test_a_red_base_is_told_with_what_fails(bench: Bench) -> None:
    repos.write(bench.root, BROKEN)
    repos.commit(bench.root)
    bench.gate()
    fact = base(bench)
    assert (fact.verdict, fact.failed) == ("red", 4)
    assert fact.failing == [f"tests.test_calc::test_{n}" for n in range(1, 5)]


def test_a_base_whose_tests_cannot_begin_is_told_as_broken_with_the_reason(bench: Bench) -> None:
    repos.write(bench.root, {"conftest.py": b"import gone_module\n"})
    repos.commit(bench.root)
    bench.gate()
    fact = base(bench)
    assert fact.verdict == "broken"
    assert "ends before any test" in fact.reason and "No module named 'gone_module'" in fact.reason


def test_a_dropped_run_ends_and_people_are_asked_about_the_first_patch(bench: Bench) -> None:
    go = bench.beside / "go"
    bench.gate(TEST_CMD=f"until test -e {go}; do sleep 0.05; done")
    until(lambda: said(bench, f.BaseRun), 30)
    (run,) = said(bench, f.BaseRun)
    assert isinstance(run, f.BaseRun)
    bus.tell(bench.project, "cli", [f.BaseDrop(id="drop", mid=run.mid)])
    go.touch()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    asked = bench.wait(f.PatchNeedsDecision)
    assert isinstance(asked, f.PatchNeedsDecision) and "dropped" in asked.question
    assert not said(bench, f.BaseTest)


def test_a_patch_for_another_branch_does_not_wait_for_the_run_of_the_first(bench: Bench) -> None:
    go = bench.beside / "go"
    bench.gate(TEST_CMD=f"git branch --show-current; until test -e {go}; do sleep 0.05; done")
    until(lambda: said(bench, f.BaseRun), 30)
    git.run(bench.root, "checkout", "-q", "-b", "other")
    repos.write(bench.root, {"docs/a.md": b"theirs\n"})
    repos.commit(bench.root)
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    until(lambda: said(bench, f.BaseDrop), 30)
    go.touch()
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit) and landed.branch == "refs/heads/other"


def test_a_gate_killed_in_the_run_of_a_base_runs_it_again(bench: Bench) -> None:
    go = bench.beside / "go"
    gate = bench.gate(TEST_CMD=f"until test -e {go}; do sleep 0.05; done")
    until(lambda: said(bench, f.BaseRun), 30)
    gate.kill()
    gate.wait()
    go.touch()
    bench.gate(TEST_CMD=f"until test -e {go}; do sleep 0.05; done")
    assert base(bench).verdict == "green"
    assert len(said(bench, f.BaseRun)) == 1
