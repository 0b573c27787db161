"""`cccc gate`, with the project down and up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.paths import Project
from tests.command import cccc, running
from tests.conftest import git, make_project
from tests.waiting import until

FAILING = "test:\n\t@echo 1..2; echo ok 1 - fine; echo not ok 2 - offline; exit 1\n"


def commit(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "files")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A running project whose make test has one test that fails."""
    project = make_project(tmp_path_factory.mktemp("gate") / "repo")
    commit(project.root, Makefile=FAILING)
    with running(project.root):
        yield project


def test_what_is_found_is_said_with_what_shows_it(project: Project) -> None:
    commit(project.root, Makefile="test:\n\ttrue\n")
    said = cccc(project.root, "gate", "explain")
    assert "tests: make test (Makefile" in said
    assert "not linted: nothing found" in said and "set gate.lint in .cccc/settings/policies.yaml" in said
    assert "programs: PATH" in said and "isolation: " in said


def test_a_setting_is_named_that_says_the_command(project: Project) -> None:
    (project.settings / "policies.yaml").write_text("gate: {tests: make check}\n")
    assert "tests: make check (gate.tests)" in cccc(project.root, "gate", "explain")
    assert "tests: true (TEST_CMD)" in cccc(project.root, "gate", "explain", TEST_CMD="true")


def test_where_nothing_tests_a_run_says_so(project: Project) -> None:
    assert "untested: nothing found" in cccc(project.root, "gate", "run", code=1)


def test_a_run_while_down_is_done_here_and_says_what_fails(project: Project) -> None:
    commit(project.root, Makefile=FAILING)
    said = cccc(project.root, "gate", "run", code=1)
    assert "red: 1 of 2 failed" in said and "offline" in said


def test_init_and_doctor_say_what_checks_a_patch(project: Project) -> None:
    commit(project.root, Makefile="test:\n\ttrue\n")
    assert "tests: make test (Makefile" in cccc(project.root, "init")
    assert "tests: make test (Makefile" in cccc(project.root, "doctor", code=None)


def test_what_fails_without_a_patch_is_accepted_by_a_person_and_forgotten_by_one(up: Project) -> None:
    root = up.root
    until(lambda: "offline" in cccc(root, "gate", "run", code=1), 30)
    (rfd,) = until(lambda: [fact for fact in ledger.read(up) if isinstance(fact, f.Rfd)], 20)
    assert isinstance(rfd, f.Rfd) and rfd.rfd_id.startswith("rfd-base-")
    assert "1 test fails on main without any patch" in cccc(root, "rfd", "list")
    cccc(root, "rfd", "approve", rfd.rfd_id)
    until(lambda: "known failure: " in cccc(root, "gate", "explain"), 20)
    assert "tests: make test" in cccc(root, "status")
    known = next(fact for fact in ledger.read(up) if isinstance(fact, f.BaseAccepted))
    assert "is not a known failure" in cccc(root, "gate", "forget", "something", code=1)
    cccc(root, "gate", "forget", *known.names)
    until(lambda: "known failure: " not in cccc(root, "gate", "explain"), 20)


def test_after_a_no_a_run_asks_again(up: Project) -> None:
    def requests() -> list[f.Rfd]:
        return [fact for fact in ledger.read(up) if isinstance(fact, f.Rfd)]

    before = len(requests())
    cccc(up.root, "gate", "run", code=1)
    until(lambda: len(requests()) == before + 1, 20)
    cccc(up.root, "rfd", "reject", requests()[-1].rfd_id)
    cccc(up.root, "gate", "run", code=1)
    until(lambda: len(requests()) == before + 2, 20)


def test_a_check_of_the_gate_forgets_nothing(up: Project) -> None:
    assert "only a person can" in cccc(up.root, "gate", "forget", "--all", code=6, CCCC_CHECK="x")
