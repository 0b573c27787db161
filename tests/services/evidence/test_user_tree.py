"""What the gate notices in the work tree that it did not do itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.services.evidence import user_tree
from cccc.services.evidence.queue import Open
from cccc.services.evidence.user_tree import State, Watcher
from tests.services.evidence import repos
from tests.waiting import until


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", {"a.py": b"one\n", "sub/b.py": b"two\n"})


class Bench:
    """A watcher and the facts that its news become."""

    def __init__(self, repo: git.Repo, wait: float = 3600) -> None:
        self.repo = repo
        self.state = State()
        self.patches: list[Open] = []
        self.handed_in: set[str] = set()
        self.facts: list[f.Fact] = []
        self._seq = 0
        self.watcher = Watcher(repo, os.environ, wait)

    def look(self) -> None:
        self.watcher._look_at = self.watcher._edits._due = 0.0
        for fact, id_ in self.watcher.news(self.state, self.patches, self.handed_in):
            if any(known.id == id_ for known in self.facts):
                continue
            self._seq += 1
            fact.id, fact.seq, fact.ts = id_, self._seq, "2026-01-01T00:00:00.000000Z"
            self.facts.append(fact)
            user_tree.fold(self.state, fact)

    def until(self, kind: type[f.Fact], count: int = 1) -> f.Fact:
        def found() -> list[f.Fact]:
            self.look()
            return [fact for fact in self.facts if isinstance(fact, kind)]

        until(lambda: len(found()) >= count, 10, f"{kind.__name__} in {self.facts}")
        return found()[count - 1]


@pytest.fixture
def bench(repo: git.Repo) -> Iterator[Bench]:
    bench = Bench(repo)
    yield bench
    bench.watcher.close()


def test_a_head_that_the_gate_did_not_move_is_told_once_with_both_ends(bench: Bench) -> None:
    first = bench.until(f.BranchMoved)
    assert (first.branch, first.old, first.new) == ("refs/heads/main", "", bench.repo.head)  # type: ignore[attr-defined]
    repos.write(bench.repo.top, {"a.py": b"mine\n"})
    head = repos.commit(bench.repo.top).head
    moved = bench.until(f.BranchMoved, 2)
    assert (moved.old, moved.new) == (bench.repo.head, head)  # type: ignore[attr-defined]
    git.run(bench.repo.top, "checkout", "-q", "-b", "other")
    other = bench.until(f.BranchMoved, 3)
    assert (other.branch, other.old, other.new) == ("refs/heads/other", head, head)  # type: ignore[attr-defined]
    bench.look()
    assert len([fact for fact in bench.facts if isinstance(fact, f.BranchMoved)]) == 3


def test_a_landing_of_the_gate_is_no_such_move(bench: Bench) -> None:
    bench.until(f.BranchMoved)
    landing = repos.prepared(bench.repo, {"a.py": b"ONE\n"})
    repos.ground(bench.repo).land(landing)
    bench.patches = [Open(1, "", "m1", "PeerA", "inline", "s", landing=landing)]
    bench.look()
    commit = f.PatchCommit(
        author="PeerA",
        mid="m1",
        source="inline",
        lines=1,
        paths=["a.py"],
        branch=landing.branch,
        commit=landing.new,
        tests_ok=None,
        seconds=1,
    )
    user_tree.fold(bench.state, commit)
    bench.patches = []
    bench.look()
    assert len([fact for fact in bench.facts if isinstance(fact, f.BranchMoved)]) == 1


def test_leftover_edits_are_told_when_the_set_changes_and_when_they_are_gone(bench: Bench) -> None:
    repos.write(bench.repo.top, {"a.py": b"edited\n", "caf\u00e9 new.txt": b"x", "x.ignored": b"x"})
    first = bench.until(f.LeftoverEdits)
    assert isinstance(first, f.LeftoverEdits)
    assert (first.paths, first.count) == (["a.py", "caf\u00e9 new.txt"], 2)
    repos.write(bench.repo.top, {"a.py": b"edited again\n"})
    for _ in range(5):
        bench.look()
    (bench.repo.top / "sub/b.py").unlink()
    second = bench.until(f.LeftoverEdits, 2)
    assert isinstance(second, f.LeftoverEdits)
    assert second.count == 3 and second.since == first.since
    git.run(bench.repo.top, "checkout", "--", ".")
    (bench.repo.top / "caf\u00e9 new.txt").unlink()
    last = bench.until(f.LeftoverEdits, 3)
    assert isinstance(last, f.LeftoverEdits)
    assert (last.paths, last.count, last.since) == ([], 0, "")


@pytest.mark.parametrize("before", [None, b"*.log", b"*.log\n"])
def test_the_line_that_init_adds_to_gitignore_is_nobodys_edit(bench: Bench, before: bytes | None) -> None:
    ignore = bench.repo.top / ".gitignore"
    ignore.unlink()
    if before is not None:
        ignore.write_bytes(before)
    repos.commit(bench.repo.top)
    ignore.write_bytes(b"*.log\n/.cccc/**\n" if before else b"/.cccc/**\n")
    repos.write(bench.repo.top, {"a.py": b"edited\n"})
    first = bench.until(f.LeftoverEdits)
    assert isinstance(first, f.LeftoverEdits) and first.paths == ["a.py"]
    with ignore.open("a") as file:
        file.write("a line of somebody\n")
    second = bench.until(f.LeftoverEdits, 2)
    assert isinstance(second, f.LeftoverEdits) and second.paths == [".gitignore", "a.py"]


def test_edits_of_a_patch_that_waits_are_accounted_for_and_none_is_looked_for_while_one_is_checked(
    bench: Bench,
) -> None:
    repos.write(bench.repo.top, {"a.py": b"handed in\n", "new/x": b"handed in\n", "sub/b.py": b"left\n"})
    bench.patches = [Open(1, "", "m1", "PeerA", "inline", "s")]
    for _ in range(20):
        bench.look()
    assert not any(isinstance(fact, f.LeftoverEdits) for fact in bench.facts)
    bench.patches[0].held = "it waits"
    bench.handed_in = {"a.py", "new/x"}
    fact = bench.until(f.LeftoverEdits)
    assert isinstance(fact, f.LeftoverEdits) and fact.paths == ["sub/b.py"]


def test_after_a_while_the_peers_are_asked_once_about_a_set(repo: git.Repo) -> None:
    bench = Bench(repo, wait=0)
    repos.write(repo.top, {"a.py": b"edited\n"})
    asked = bench.until(f.LeftoverRemind)
    assert isinstance(asked, f.LeftoverRemind) and asked.paths == ["a.py"]
    bench.look()
    repos.write(repo.top, {"sub/b.py": b"edited\n"})
    bench.until(f.LeftoverRemind, 2)
    bench.watcher.close()


def test_a_clock_that_was_set_back_lets_nobody_wait() -> None:
    now = datetime.now(timezone.utc)
    stamps = [(now + timedelta(hours=hours)).isoformat().replace("+00:00", "Z") for hours in (-2, 0, 2)]
    assert [user_tree.over(ts, 3600) for ts in stamps] == [True, False, True]
