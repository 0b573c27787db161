"""What the gate costs against the same git steps by hand, in a small repository and in one of 50,000 files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from cccc.common.paths import Project
from cccc.scripts.benchmarks.rows import Row, quantile, spread
from cccc.scripts.benchmarks.scratch import cccc, git, rename_in, until, up

PATCHES = 20
FILES = 50_000
PAUSE = 1.5  # between two patches; the gate tidies up in it


def measure(folder: Path) -> Iterator[Row]:
    for files, most in ((0, 5), (FILES, 2)):
        project = _prepare(folder / f"gate-{files}", files)
        where = f"in {files:,} files" if files else "in a small repository"
        with up(project, TEST_CMD="true"):
            _patch(project, 0)  # the first one makes the gate's own tree
            gate = [_patch(project, number) for number in range(1, PATCHES)]
            hand = [_by_hand(project, number) for number in range(PATCHES)]
        ratio = quantile(gate, 0.5) / quantile(hand, 0.5)
        yield Row(f"`patch.diff` → commit {where}, the tests a no-op", spread(gate), "")
        yield Row(f"the same git steps by hand {where}", spread(hand), "")
        yield Row("the gate's time as a multiple of that (p50)", f"{ratio:.1f}", f"≤ {most}")


def _prepare(root: Path, files: int) -> Project:
    root.mkdir()
    for number in range(files):
        path = root / f"d{number % 50}" / f"e{number // 50 % 20}" / f"{number}.txt"
        if number < 1000:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    for name in ("file.txt", "hand.txt"):
        (root / name).write_text("0\n" * 20)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Bench")
    git(root, "config", "user.email", "bench@example.org")
    git(root, "config", "gc.auto", "0")  # which would pack the branch that is watched
    project = Project(root / ".cccc")
    cccc(project, "init")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    (project.settings / "policies.yaml").write_text('patch_queue: {allowed_paths: ["**"]}\n')
    return project


def _diff(name: str, number: int) -> str:
    return f"--- a/{name}\n+++ b/{name}\n@@ -1,4 +1,4 @@\n-{number}\n+{number + 1}\n" + " 0\n" * 3


def _patch(project: Project, number: int) -> float:
    head = project.root / ".git" / "refs" / "heads" / "main"
    before = head.read_text()
    began = time.perf_counter()
    rename_in(project.peer("PeerA") / "patch.diff", _diff("file.txt", number))
    until(lambda: head.read_text() != before, "a commit", 120)
    took = time.perf_counter() - began
    time.sleep(PAUSE)
    return took


def _by_hand(project: Project, number: int) -> float:
    began = time.perf_counter()
    patch = _diff("hand.txt", number)
    git(project.root, "apply", "--check", stdin=patch)
    git(project.root, "apply", "--index", stdin=patch)
    git(project.root, "commit", "-q", "-m", "by hand")
    return time.perf_counter() - began
