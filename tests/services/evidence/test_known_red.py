"""What keeps patches from landing and is none of theirs: tests that fail without them, code that nothing tests."""

from __future__ import annotations

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.machine import git, host
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench
from tests.services.evidence.test_runs import PYTEST, landed, python_tests
from tests.waiting import until

HERE = host.name()
OLD = "tests.test_a::test_old"


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


@pytest.fixture
def red(bench: Bench) -> Bench:
    """A base on which one of two tests fails."""
    body = b"import calc\n\n\n" + python_tests(old="assert False", double="assert calc.double(2) == 4")
    repos.write(bench.root, {"tests/test_a.py": body, **PYTEST})
    repos.commit(bench.root)
    return bench


def said(bench: Bench, kind: type[f.Fact]) -> list[f.Fact]:
    return [fact for fact in ledger.read(bench.project) if isinstance(fact, kind)]


def asked(bench: Bench) -> f.BaseNeedsDecision:
    found = until(lambda: said(bench, f.BaseNeedsDecision), 30, bench.log)[-1]
    assert isinstance(found, f.BaseNeedsDecision)
    return found


def accept(bench: Bench, fact: f.BaseNeedsDecision) -> None:
    """Say what follows once people have approved."""
    known = f.BaseAccepted(
        id=f"accept:{fact.seq}", mid=fact.mid, why=fact.why, machine=fact.machine, rfd_id="rfd-base-1", names=fact.names
    )
    bus.tell(bench.project, "orchestrator", [known])


def test_a_patch_waits_while_people_are_asked_about_what_fails_without_it(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    held = red.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and held.reason == f"{OLD} fails without it too" and held.asked
    fact = asked(red)
    assert (fact.why, fact.names, fact.machine) == ("red", [OLD], HERE)
    accept(red, fact)
    commit = red.outcome()
    assert isinstance(commit, f.PatchCommit) and commit.tests_ok is False
    assert "Cccc-Base: red" in git.run(red.root, "log", "-1", "--format=%B").stdout.decode()


def test_people_are_asked_once_about_the_same_tests(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    red.queue(red.diff({"docs/b.md": b"b\n"}), "m2")
    red.wait(f.PatchHeld), red.wait(f.PatchHeld, "m2")
    assert len(said(red, f.BaseNeedsDecision)) == 1


def test_what_is_known_lets_the_next_patch_land_and_never_a_new_failure(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    accept(red, asked(red))
    assert isinstance(red.outcome(), f.PatchCommit)
    landed(red, {"docs/a.md": b"c\n"}, "m2")
    red.queue(red.diff({"src/calc.py": b"def double(x):\n    return 3 * x\n"}), "m3")
    refused = red.outcome("m3")
    assert isinstance(refused, f.PatchReject) and "tests.test_a::test_double" in refused.reason


def test_a_known_failure_that_is_mended_is_known_no_more(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    accept(red, asked(red))
    assert isinstance(red.outcome(), f.PatchCommit)
    mended = b"import calc\n\n\n" + python_tests(old="assert True", double="assert calc.double(2) == 4")
    assert landed(red, {"tests/test_a.py": mended}, "m2").tests_ok is True
    forgotten = until(lambda: said(red, f.BaseForgotten), 20)[-1]
    assert isinstance(forgotten, f.BaseForgotten) and forgotten.names == [OLD]
    broken = b"import calc\n\n\n" + python_tests(old="assert False", double="assert calc.double(2) == 4")
    red.queue(red.diff({"tests/test_a.py": broken}), "m3")
    assert isinstance(red.outcome("m3"), f.PatchReject)


def test_what_a_person_forgets_is_asked_again(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    accept(red, asked(red))
    assert isinstance(red.outcome(), f.PatchCommit)
    bus.tell(red.project, "orchestrator", [f.RfdSettled(id="s", rfd_id="r", outcome="used", people=[], mid="x")])
    bus.tell(red.project, "cli", [f.BaseForgotten(id="forget", why="red", machine=HERE, names=[OLD])])
    red.queue(red.diff({"docs/a.md": b"c\n"}), "m2")
    red.wait(f.PatchHeld, "m2")


def test_what_another_machine_knows_counts_there(red: Bench) -> None:
    known = f.BaseAccepted(id="there", mid="b", why="red", machine="elsewhere", rfd_id="r", names=[OLD])
    bus.tell(red.project, "orchestrator", [known])
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    red.wait(f.PatchHeld)


def test_a_red_base_costs_a_red_patch_one_run(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    accept(red, asked(red))
    assert isinstance(red.outcome(), f.PatchCommit)
    log = red.project.check_logs / "m2.test-base.log"
    red.queue(red.diff({"src/calc.py": b"def double(x):\n    return 3 * x\n"}), "m2")
    assert isinstance(red.outcome("m2"), f.PatchReject) and not log.exists()


def test_a_base_that_is_red_is_asked_about_before_any_patch(project: Project, service: Start) -> None:
    bench = Bench(project, service, new=True)
    repos.write(bench.root, {"tests/test_a.py": python_tests(old="assert False", new="pass"), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    assert asked(bench).names == [OLD]


def test_a_base_that_the_user_moved_is_run_in_the_quiet(bench: Bench) -> None:
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass"), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    ran = until(lambda: said(bench, f.BaseTest), 30, bench.log)[-1]
    assert isinstance(ran, f.BaseTest) and ran.verdict == "green"


def test_the_first_code_of_a_new_project_lands_and_the_next_waits(bench: Bench) -> None:
    git.run(bench.root, "rm", "-q", "-r", "src")
    repos.commit(bench.root)
    bench.settings("gate: {allow_without_tests: ask}")
    bench.gate()
    landed(bench, {"lib/new.py": b"x = 1\n"})
    bench.queue(bench.diff({"lib/next.py": b"x = 2\n"}), "m2")
    bench.wait(f.PatchHeld, "m2")


def test_code_that_nothing_tests_waits_for_a_person_once(bench: Bench) -> None:
    bench.settings("gate: {allow_without_tests: ask}")
    bench.gate()
    landed(bench, {"docs/a.md": b"words need no test\n"})
    bench.queue(bench.diff({"src/other.py": b"x = 2\n"}), "m2")
    held = bench.wait(f.PatchHeld, "m2")
    assert isinstance(held, f.PatchHeld) and held.reason == "nothing to run to test it with"
    fact = asked(bench)
    assert (fact.why, fact.names) == ("untested", [])
    accept(bench, fact)
    assert isinstance(bench.outcome("m2"), f.PatchCommit)
    landed(bench, {"src/other.py": b"x = 3\n"}, "m3")


def test_an_answer_that_comes_while_a_patch_is_tested_is_not_missed(red: Bench) -> None:
    go, began = red.beside / "go", red.beside / "began"
    red.gate(TEST_CMD=f"touch {began}; until test -e {go}; do sleep 0.05; done; python -m pytest -q tests")
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    until(began.exists, 30, red.log)
    known = f.BaseAccepted(
        id="early", mid="b", why="red", machine=HERE, rfd_id="r", names=["tests/test_a.py::test_old"]
    )
    bus.tell(red.project, "orchestrator", [known])
    go.touch()
    assert isinstance(red.outcome(), f.PatchCommit)


def test_a_question_that_nobody_answered_in_time_is_asked_again_while_a_patch_waits(red: Bench) -> None:
    red.gate()
    red.queue(red.diff({"docs/a.md": b"b\n"}))
    fact = asked(red)
    opened = f.Rfd(
        id="rfd",
        rfd_id="r",
        author="System",
        mid=fact.mid,
        why="red",
        title="?",
        question="?",
        minutes=1,
        expires="",
        required=1,
        machine=HERE,
        names=fact.names,
    )
    expired = f.RfdSettled(id="expired", rfd_id="r", outcome="expired", people=[], mid=fact.mid)
    bus.tell(red.project, "orchestrator", [opened, expired])
    until(lambda: len(said(red, f.BaseNeedsDecision)) == 2, 30, red.log)
    assert len([fact for fact in red.facts() if isinstance(fact, f.PatchHeld)]) == 1


def test_the_base_is_run_while_a_patch_waits_for_a_decision(bench: Bench) -> None:
    bench.settings("rfd: {gates: {protected_paths: ['docs/**']}}")
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    bench.wait(f.PatchNeedsDecision)
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass"), **PYTEST})
    repos.commit(bench.root)
    until(lambda: said(bench, f.BaseTest), 30, bench.log)


def test_a_wish_for_a_run_where_there_is_none_is_answered_once(bench: Bench) -> None:
    bench.gate()
    (seq,) = bus.tell(bench.project, "cli", [f.BaseAgain(id="again")])
    until(lambda: said(bench, f.BaseDrop), 30, bench.log)
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert [fact.id for fact in said(bench, f.BaseDrop)] == [f"base:again:{seq}"]


def test_known_failures_that_are_not_run_any_more_are_asked_about_and_stay_known(bench: Bench) -> None:
    files = {"tests/test_b.py": python_tests(old="assert False"), **PYTEST}
    repos.write(bench.root, {"tests/test_a.py": python_tests(old="assert False", new="pass"), **files})
    repos.commit(bench.root)
    names = ["tests.test_a::test_old", "tests.test_b::test_old"]
    bus.tell(
        bench.project,
        "orchestrator",
        [f.BaseAccepted(id="yes", mid="b", why="red", machine=HERE, rfd_id="r", names=names)],
    )
    bench.gate()
    bench.queue(bench.diff({"tests/test_b.py": b"def test_new(): pass\n"}))
    needs = bench.outcome()
    assert isinstance(needs, f.PatchCommit)
    assert not said(bench, f.BaseForgotten)
    bench.queue(bench.diff({"tests/test_a.py": python_tests(old="assert False")}), "m2")
    need = bench.wait(f.PatchNeedsDecision, "m2")
    assert isinstance(need, f.PatchNeedsDecision) and "tests.test_a::test_new" in need.question


def test_a_patch_that_takes_all_tests_away_is_not_called_a_project_without(bench: Bench) -> None:
    bench.settings("gate: {allow_without_tests: ask}")
    repos.write(bench.root, {"tests/test_a.py": python_tests(a="pass"), **PYTEST})
    repos.commit(bench.root)
    bench.gate()
    landed(bench, {"docs/a.md": b"b\n"})
    git.run(bench.root, "rm", "-q", "-r", "tests", "pytest.ini")
    diff = git.run(bench.root, "diff", "--binary", "HEAD").stdout
    git.run(bench.root, "reset", "-q", "--hard")
    bench.queue(diff, "m2")
    need = bench.wait(f.PatchNeedsDecision, "m2")
    assert isinstance(need, f.PatchNeedsDecision) and need.why == "tests"
    assert not said(bench, f.BaseNeedsDecision)


def test_a_program_without_a_suffix_is_code(bench: Bench) -> None:
    bench.settings("gate: {allow_without_tests: ask}")
    bench.gate()
    landed(bench, {"docs/NOTES": b"words\n"})
    bench.queue(bench.diff({"bin/run": b"#!/bin/sh\nexit 1\n"}), "m2")
    bench.wait(f.PatchHeld, "m2")
