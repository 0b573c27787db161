"""What the gate costs against the same git steps by hand, in a small repository and in one of 50,000 files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cccc.common.paths import Project
from cccc.scripts.workbench.benchmarks import latency
from cccc.scripts.workbench.benchmarks.rows import Row, multiple, spread
from cccc.scripts.workbench.benchmarks.scratch import make, up

PATCHES = 20
FILES = 50_000
PAUSE = 1.5  # between two patches; the gate tidies up in it


def measure(folder: Path) -> Iterator[Row]:
    for files, most in ((0, 5), (FILES, 2)):
        project = _prepare(folder / f"gate-{files}", files)
        where = f"in {files:,} files" if files else "in a small repository"
        with up(project, TEST_CMD="true"):
            latency.patch(project, 0, PAUSE)  # the first one makes the gate's own tree
            gate = [latency.patch(project, number, PAUSE) for number in range(1, PATCHES)]
            hand = [latency.by_hand(project, number, PAUSE) for number in range(PATCHES)]
        yield Row(f"`patch.diff` → commit {where}, the tests a no-op", spread(gate), "")
        yield Row(f"the same git steps by hand {where}", spread(hand), "")
        yield Row("the gate's time as a multiple of that (p50)", multiple(gate, hand), f"≤ {most}")


def _prepare(root: Path, files: int) -> Project:
    root.mkdir()
    for number in range(files):
        path = root / f"d{number % 50}" / f"e{number // 50 % 20}" / f"{number}.txt"
        if number < 1000:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    project = make(root)
    (project.settings / "policies.yaml").write_text('patch_queue: {allowed_paths: ["**"]}\n')
    return project
