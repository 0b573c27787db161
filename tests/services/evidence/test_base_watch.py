"""What is said of bases, and when one is looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.settings.policies import Policies
from cccc.services.evidence.checking import bases, sandbox
from cccc.services.evidence.checking.base_watch import BaseWatch, now_green
from cccc.services.evidence.checking.child import CheckLock
from cccc.services.evidence.checking.counts import Tally
from cccc.services.evidence.checking.runs import Gate
from tests.services.evidence import repos
from tests.waiting import until

MAIN = "refs/heads/main"
RED = "echo 'FAILED tests/test_a.py::test_old'; echo '1 failed, 1 passed in 0.1s'; exit 1"


class Watched:
    """A watch over a repository; what it says is heard at once."""

    def __init__(self, root: Path, command: str) -> None:
        repos.make(root, {"a.py": b"x = 1\n", "tests/test_a.py": b"def test_old():\n    assert False\n"})
        project = Project(root / ".cccc")
        project.home.mkdir()
        project.make_run()
        env = {**os.environ, "TEST_CMD": command, "LINT_CMD": ""}
        lock = CheckLock(project.run / "check.lock")
        gate = Gate(project, Policies(), Blobs(project), lock, sandbox.of(project), env, 0o022)
        self.root = root
        self.state = bases.State()
        self.said: list[f.Fact] = []
        self.watch = BaseWatch(gate, self.state, self._say)

    def _say(self, *facts: f.Fact, id_: str, cause: int | None = None) -> None:
        self.said += facts
        for fact in facts:
            bases.fold(self.state, fact)

    @property
    def repo(self) -> git.Repo:
        return git.look(self.root)

    def kinds(self) -> list[str]:
        return [fact.kind for fact in self.said]

    def ended(self) -> bool:
        self.watch.go_on()
        return not self.watch.is_busy


@pytest.fixture
def red(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "repo", RED)


def test_a_base_is_looked_at_once_after_a_quiet_while_and_at_once_for_a_person(red: Watched) -> None:
    head = red.repo.head
    assert red.watch.due(False, MAIN, head, False, 100.0) is None
    assert red.watch.due(True, MAIN, head, False, 101.0) == 2.0
    assert red.watch.due(True, MAIN, head, True, 101.0) == 0.0
    assert red.watch.due(True, MAIN, head, False, 103.0) == 0.0
    assert red.watch.due(True, "", head, False, 103.0) is None
    red.watch.look(red.repo, MAIN, head, wanted=False)
    assert red.watch.due(True, MAIN, head, False, 103.0) is None
    assert red.watch.due(True, MAIN, head, True, 103.0) == 0.0
    red.watch.forget()
    assert red.watch.due(True, MAIN, head, False, 103.0) == 0.0
    red.watch.close()


def test_a_look_says_what_is_checked_and_asks_about_what_fails(red: Watched) -> None:
    red.watch.look(red.repo, MAIN, red.repo.head, wanted=False)
    until(red.ended)
    assert red.kinds() == ["gate-checks", "base-run", "base-test", "base-needs-decision"]
    red.watch.look(red.repo, MAIN, red.repo.head, wanted=False)
    assert len(red.said) == 4


def test_a_patch_waits_for_the_run_on_its_own_base_only(red: Watched) -> None:
    assert not red.watch.has(red.repo) and red.watch.is_busy
    assert not red.watch.has(red.repo) and red.kinds() == ["base-run"]
    red.state.landed("refs/heads/other", "c", None)
    git.run(red.root, "checkout", "-q", "-b", "other")
    assert red.watch.has(red.repo) and not red.watch.is_busy
    assert red.kinds() == ["base-run", "base-drop"]


def test_what_passes_with_what_has_landed_is_known_to_fail_no_more() -> None:
    failing, passing = frozenset({"a"}), frozenset({"b"})
    assert now_green({"a", "b", "gone"}, Tally(2, 1, 0, failing, passing)) == {"b"}
    assert now_green({"a", "b"}, Tally(2, 1, 0, failing)) == {"b"}
    assert now_green({"a", "b"}, Tally(2, 1, 0)) == now_green({"a", "b"}, None) == frozenset()
