"""Whatever became of the files of `.cccc/state`: the next start works, or says in one line what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.paths import Project
from tests.command import cccc
from tests.conftest import make_project
from tests.waiting import until


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").touch()


def a_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/at/all")


WAYS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "nul bytes": lambda path: path.write_bytes(b"\0" * max(1, path.stat().st_size)),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "garbage": lambda path: path.write_bytes(b"\xff\xfe\x00no json\n" * 9),
    "other JSON": lambda path: path.write_bytes(b'[{"a": [1, null]}]\n'),
    "JSON of another form": lambda path: path.write_bytes(b'[{"a": "b"}]\n'),
    "a folder": a_folder,
    "a dangling link": a_dangling_link,
}
COMMANDS = (["status"], ["queue"], ["rfd", "list"], ["locks"], ["ledger", "tail"], ["bridge", "status"], ["doctor"])


@pytest.fixture(scope="module")
def after_a_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that was up, in which something was said, landed, archived and verified, and that is down."""
    project = make_project(tmp_path_factory.mktemp("mend") / "repo")
    cccc(project.root, "init")
    cccc(project.root, "up", "--mock")
    try:
        cccc(project.root, "send", "a: one")
        fresh = project.peer("PeerB") / ".fresh"
        fresh.write_text("diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+a\n")
        fresh.replace(project.peer("PeerB") / "patch.diff")
        until(lambda: [fact for fact in ledger.read(project) if isinstance(fact, f.PatchCommit)], 40)
        cccc(project.root, "ledger", "archive")
        cccc(project.root, "ledger", "verify")
    finally:
        cccc(project.root, "down")
    for name in ("console-history", "versions.txt", "pairing.json", "outbox.jsonl", "run/inbox-startup"):
        (project.state / name).touch()
    for name in ("orchestrator", "delivery", "evidence", "panel"):
        (project.snapshots / f"{name}.strikes.json").write_text("{}")
    for name in ("telegram", "slack", "discord"):
        (project.state / f"bridge-{name}.json").write_text("{}")
    yield project


@pytest.fixture
def project(after_a_session: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of it, with its repository."""
    root = tmp_path / "repo"
    shutil.copytree(after_a_session.root, root, symlinks=True)
    yield Project(root / ".cccc")
    cccc(root, "down")


def files(project: Project) -> list[Path]:
    return [path for path in sorted(project.state.rglob("*")) if path.is_file()]


def of_the_ledger(project: Project, path: Path) -> bool:
    return path == project.ledger or path.parent == project.segments


@pytest.mark.corpus(2)
@pytest.mark.parametrize("way", WAYS)
def test_everything_that_is_made_again_may_be_broken_at_once(project: Project, way: str) -> None:
    broken = [path for path in files(project) if not of_the_ledger(project, path)]
    assert len(broken) > 25
    for path in broken:
        WAYS[way](path)
    for command in COMMANDS:
        said = cccc(project.root, *command, code=None)
        assert "Traceback" not in said and "Error:" not in said, (command, said)
    said = cccc(project.root, "up", "--mock")
    assert "Exited too quickly" not in said
    cccc(project.root, "send", "a: two")
    at = ledger.end(project)
    until(lambda: [1 for fact in ledger.read(project, at - 1) if isinstance(fact, f.HandoffDelivered)], 30)
    for command in COMMANDS:
        assert "Traceback" not in cccc(project.root, *command, code=None)


@pytest.mark.corpus(4)
@pytest.mark.parametrize("which", ["open", "closed"])
@pytest.mark.parametrize("way", WAYS)
def test_a_broken_ledger_starts_red_or_is_said_in_one_line(project: Project, way: str, which: str) -> None:
    WAYS[way](project.ledger if which == "open" else project.segments / "1.jsonl")
    for command in COMMANDS:
        assert "Traceback" not in cccc(project.root, *command, code=None), command
    said = cccc(project.root, "up", "--mock", code=None)
    assert "Exited too quickly" not in said
    assert "ledger accept" in said, said
    cccc(project.root, "ledger", "accept", "--because", "a bad disk")
    assert "ledger accept" not in cccc(project.root, "up", "--mock")


@pytest.mark.corpus(2)
@pytest.mark.parametrize("name", ["ledger", "blobs", "snapshots", "run", "hooks", "hooks/peerA", "run/window"])
def test_a_file_where_a_folder_belongs_is_put_aside(project: Project, name: str) -> None:
    path = project.state / name
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("no folder\n")
    said = cccc(project.root, "up", "--mock")
    assert path.name in said and path.is_dir() and list(path.parent.glob(f"{path.name}.broken-*"))
