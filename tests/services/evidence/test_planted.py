"""What somebody lays into the gate tree, or a check leaves there, is gone when the next check begins."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from cccc.common.machine import git
from cccc.services.evidence.tree.gate_tree import GateTree
from cccc.services.evidence.tree.kept_tree import Clean
from tests.services.evidence import repos

FILES = {"tests/test_a.py": b"assert 1\n", "tests/deep/b.py": b"b\n", "a.py": b"a\n", "docs/x.md": b"x\n"}
PATCH = b"--- a/docs/x.md\n+++ b/docs/x.md\n@@ -1 +1 @@\n-x\n+y\n"
PATCHED = {**FILES, ".gitignore": b"/.cccc/\n*.ignored\n", "docs/x.md": b"y\n"}


class Gate:
    """A tidied gate tree, and what a patch's check would find in it."""

    def __init__(self, top: Path) -> None:
        self.repo = repos.make(top, FILES)
        self.path = top / ".cccc" / "work" / "gate"
        self._clean = Clean()
        self.tree().tidy(self.repo.head)
        self.admin = Path((self.path / ".git").read_text().split()[1])

    def tree(self) -> GateTree:
        return GateTree(self.repo, self.path, os.environ, clean=self._clean)

    def begin(self) -> dict[str, bytes]:
        tree = self.tree()
        tree.reset(self.repo.head)
        assert [change.path for change in tree.apply(tree.fit(PATCH))] == ["docs/x.md"]
        tree.bring()
        return self.there()

    def there(self) -> dict[str, bytes]:
        assert not [
            path for path in self.path.rglob("*") if path.is_symlink() or (path.is_dir() and not any(path.iterdir()))
        ]
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes() for path in found if path != self.path / ".git"
        }

    def git(self, *args: str) -> None:
        git.run(self.path, *args)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "repo")


def same_size_and_time(gate: Gate) -> None:
    path = gate.path / "tests/test_a.py"
    before = path.stat()
    path.write_bytes(b"assert 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def marked(flag: str) -> Callable[[Gate], None]:
    def plant(gate: Gate) -> None:
        gate.git("update-index", flag, "tests/test_a.py")
        same_size_and_time(gate)

    plant.__name__ = flag.strip("-").replace("-", "_")
    return plant


def staged(gate: Gate) -> None:
    (gate.path / "conftest.py").write_bytes(b"evil\n")
    gate.git("add", "-A")


def committed(gate: Gate) -> None:
    staged(gate)
    gate.git("commit", "-q", "-m", "theirs")


def untracked(gate: Gate) -> None:
    (gate.path / "conftest.py").write_bytes(b"evil\n")


def ignored(gate: Gate) -> None:
    (gate.path / "x.ignored").write_bytes(b"evil\n")


def excluded(gate: Gate) -> None:
    for info in (gate.admin / "info", gate.repo.common / "info"):
        info.mkdir(exist_ok=True)
        (info / "exclude").write_bytes(b"*.py\n")
        (info / "attributes").write_bytes(b"*.py -diff\n")
    untracked(gate)


def sparse(gate: Gate) -> None:
    gate.git("config", "extensions.worktreeConfig", "true")
    (gate.admin / "config.worktree").write_bytes(b"[core]\n\tsparseCheckout = true\n\tcheckStat = minimal\n")
    (gate.admin / "info").mkdir()
    (gate.admin / "info/sparse-checkout").write_bytes(b"/docs/\n")
    gate.git("read-tree", "-mu", "HEAD")


def lying_monitor(gate: Gate) -> None:
    monitor = gate.repo.top.parent / "monitor"
    monitor.write_bytes(b"#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    gate.git("config", "core.fsmonitor", str(monitor))
    gate.git("config", "core.trustctime", "false")
    gate.git("config", "core.untrackedCache", "true")
    gate.git("status")
    same_size_and_time(gate)
    untracked(gate)


def pointer(gate: Gate) -> None:
    other = gate.repo.common / "worktrees" / "other"
    shutil.copytree(gate.admin, other)
    (gate.path / ".git").write_text(f"gitdir: {other}\n")
    (gate.path / "tests/test_a.py").write_bytes(b"evil\n")


def no_pointer(gate: Gate) -> None:
    (gate.path / ".git").unlink()
    untracked(gate)


def other_repository(gate: Gate) -> None:
    (gate.admin / "commondir").write_bytes(b"/nowhere\n")


def head_on_a_branch(gate: Gate) -> None:
    (gate.admin / "HEAD").write_text(f"ref: {gate.repo.branch}\n")


def half_a_merge(gate: Gate) -> None:
    (gate.admin / "MERGE_HEAD").write_text(f"{gate.repo.head}\n")


def no_admin(gate: Gate) -> None:
    shutil.rmtree(gate.admin)


def nested_git(gate: Gate) -> None:
    (gate.path / "tests/.git").mkdir()
    (gate.path / "tests/.git/conftest.py").write_bytes(b"evil\n")


def nested_repository(gate: Gate) -> None:
    git.run(gate.path, "init", "-q", "lib")
    (gate.path / "lib/x.py").write_bytes(b"evil\n")


def link_for_a_folder(gate: Gate) -> None:
    elsewhere = gate.repo.top.parent / "elsewhere"
    shutil.move(str(gate.path / "tests"), str(elsewhere))
    (elsewhere / "test_a.py").write_bytes(b"evil\n")
    (gate.path / "tests").symlink_to(elsewhere)


def link_for_the_tree(gate: Gate) -> None:
    elsewhere = gate.repo.top.parent / "elsewhere"
    shutil.move(str(gate.path), str(elsewhere))
    (elsewhere / "conftest.py").write_bytes(b"evil\n")
    gate.path.symlink_to(elsewhere)


def folder_above_exchanged(gate: Gate) -> None:
    work, old = gate.path.parent, gate.path.parent.with_name("old")
    shutil.copytree(work, old, symlinks=True)
    (old / "gate/conftest.py").write_bytes(b"evil\n")
    gate.tree().tidy(gate.repo.head)
    work.rename(work.with_name("older"))
    old.rename(work)


def other_name_of_a_file(gate: Gate) -> None:
    other = gate.repo.top.parent / "other"
    os.link(gate.path / "a.py", other)
    other.write_bytes(b"evil\n")


def file_for_a_folder(gate: Gate) -> None:
    shutil.rmtree(gate.path / "tests")
    (gate.path / "tests").write_bytes(b"evil\n")


def folder_for_a_file(gate: Gate) -> None:
    (gate.path / "a.py").unlink()
    (gate.path / "a.py").mkdir()
    (gate.path / "a.py/__init__.py").write_bytes(b"evil\n")


def mode(gate: Gate) -> None:
    (gate.path / "a.py").chmod(0o777)
    (gate.path / "tests").chmod(0o500)


def removed(gate: Gate) -> None:
    (gate.path / "tests/test_a.py").unlink()
    (gate.path / "tests/deep/b.py").unlink()
    (gate.path / "tests/deep").rmdir()


def replaced_commit(gate: Gate) -> None:
    evil = repos.make(gate.repo.top.parent / "evil", {"a.py": b"evil\n"})
    git.run(gate.repo.top, "fetch", "-q", str(evil.top), "HEAD")
    git.run(gate.repo.top, "replace", gate.repo.head, evil.head)
    untracked(gate)


PLANTS = [
    *(untracked, ignored, excluded, same_size_and_time, marked("--assume-unchanged"), marked("--skip-worktree")),
    *(staged, committed, sparse, lying_monitor, pointer, no_pointer, other_repository, head_on_a_branch, half_a_merge),
    *(no_admin, nested_git, nested_repository, link_for_a_folder, link_for_the_tree, folder_above_exchanged),
    *(other_name_of_a_file, file_for_a_folder, folder_for_a_file, mode, removed, replaced_commit),
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_is_planted_after_the_tidy_is_gone_when_a_check_begins(gate: Gate, plant: Callable[[Gate], None]) -> None:
    before = repos.picture(gate.repo.top)
    plant(gate)
    assert gate.begin() == PATCHED
    assert repos.picture(gate.repo.top) == before
    assert git.look(gate.repo.top).head == gate.repo.head


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_is_planted_between_two_checks_of_a_patch_is_gone(gate: Gate, plant: Callable[[Gate], None]) -> None:
    if plant in (link_for_the_tree, folder_above_exchanged, no_admin):
        pytest.skip("takes the tree away, which holds the patch")
    tree = gate.tree()
    tree.reset(gate.repo.head)
    tree.apply(tree.fit(PATCH))
    tree.bring()
    tree.hand_over()
    plant(gate)
    tree.bring()
    assert gate.there() == PATCHED


def test_a_tree_that_nobody_touched_is_not_written_again(gate: Gate) -> None:
    before = {path: path.stat().st_ctime_ns for path in gate.path.rglob("*.*")}
    assert gate.begin() == PATCHED
    changed = {path.name for path in gate.path.rglob("*.*") if before.get(path) != path.stat().st_ctime_ns}
    assert changed == {"x.md"}


def test_a_tree_that_this_process_has_not_made_is_made_anew(gate: Gate) -> None:
    gate.git("update-index", "--skip-worktree", "a.py")
    (gate.path / "a.py").write_bytes(b"evil\n")
    untracked(gate)
    gate._clean = Clean()
    assert gate.begin() == PATCHED


def test_a_large_tree_is_looked_through_by_a_process_of_its_own(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cccc.services.evidence.tree.touched._FEW", 0)
    assert gate.begin() == PATCHED
    gate.tree().tidy(gate.repo.head)
    untracked(gate)
    assert gate.begin() == PATCHED


def test_a_card_finds_what_its_check_before_has_left(gate: Gate) -> None:
    tree = gate.tree()
    tree.reset(gate.repo.head)
    tree.bring()
    tree.hand_over(keep=True)
    untracked(gate)
    tree.bring()
    assert (gate.path / "conftest.py").exists()
    gate.tree().tidy(gate.repo.head)
    assert not (gate.path / "conftest.py").exists()
