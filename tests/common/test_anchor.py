"""What was acknowledged is remembered outside of `.cccc`, and a ledger that differs is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.errors import LedgerBroken
from cccc.common.ledger import anchor
from cccc.common.paths import Project
from cccc.services.ledger.store import Store
from tests.conftest import git


def write(project: Project, *numbers: int) -> None:
    """Write facts as a session does that is stopped in the end."""
    project.make_run()
    store = Store(project)
    store.append([f.Notice(id=f"n{number}", by="x", text=f"text {number}", about="x") for number in numbers])
    store.close()


def loss(project: Project) -> str:
    """Return how the ledger differs, in words."""
    found = anchor.loss(project, anchor.place(project))
    return found.words if found else ""


def lines(project: Project) -> list[bytes]:
    return project.ledger.read_bytes().splitlines(keepends=True)


def an_older_backup_that_grew(project: Project) -> None:
    project.ledger.write_bytes(b"".join(lines(project)[:3]))
    project.index.unlink()
    place = anchor.place(project)
    assert place
    kept = place.read_bytes()
    write(project, *range(20, 30))
    place.write_bytes(kept)


WAYS: dict[str, Callable[[Project], object]] = {
    "emptied": lambda project: project.ledger.write_bytes(b""),
    "removed": lambda project: project.ledger.unlink(),
    "its last lines cut": lambda project: project.ledger.write_bytes(b"".join(lines(project)[:-2])),
    "cut in a line": lambda project: os.truncate(project.ledger, project.ledger.stat().st_size - 5),
    "its last line changed": lambda project: project.ledger.write_bytes(
        project.ledger.read_bytes().replace(b"text 6", b"text 7")
    ),
    "a line in the middle changed": lambda project: project.ledger.write_bytes(
        project.ledger.read_bytes().replace(b"text 3", b"text 9")
    ),
    "a line in the middle made longer": lambda project: project.ledger.write_bytes(
        project.ledger.read_bytes().replace(b"text 3", b"text 3, and more")
    ),
    "an older backup that grew": an_older_backup_that_grew,
    "all of .cccc/state removed": lambda project: shutil.rmtree(project.state),
}


@pytest.mark.parametrize("index", ["kept", "lost"])
@pytest.mark.parametrize("way", WAYS)
def test_a_ledger_that_is_not_the_one_that_was_acknowledged_is_found(project: Project, way: str, index: str) -> None:
    write(project, 1, 2, 3, 4, 5, 6)
    assert loss(project) == ""
    WAYS[way](project)
    if index == "lost":
        project.index.unlink(missing_ok=True)
    words = loss(project)
    assert words
    for _ in range(2):  # and stays found, whatever is written meanwhile
        project.make_run()
        store = Store(project)
        assert store.keeper.loss and store.keeper.loss.words == words
        store.append([f.Notice(id=f"later{store.seq}", by="x", text="later", about="x")])
        store.keep()
        store.close()
        words = loss(project)
        assert words


def test_the_first_segments_being_gone_is_found(project: Project) -> None:
    project.make_run()
    store = Store(project)
    for first in (1, 3, 5):
        store.append([f.Notice(id=f"n{n}", by="x", text="t", about="x") for n in (first, first + 1)])
        store.archive()
    store.close()
    (project.segments / "1.jsonl").unlink()
    assert loss(project) == "the beginning of the ledger is missing: lines 1 to 2 are gone"
    assert [fact.seq for fact in ledger.read(project)] == [3, 4, 5, 6]


@pytest.mark.parametrize("gone", ["a segment in the middle", "nul bytes", "garbage"])
def test_a_ledger_that_cannot_be_read_is_said_to_be_so(project: Project, gone: str) -> None:
    project.make_run()
    store = Store(project)
    for first in (1, 3, 5):
        store.append([f.Notice(id=f"n{n}", by="x", text="t", about="x") for n in (first, first + 1)])
        store.archive()
    store.close()
    if gone == "a segment in the middle":
        (project.segments / "3.jsonl").unlink()
    else:
        size = (project.segments / "3.jsonl").stat().st_size
        (project.segments / "3.jsonl").write_bytes(b"\0" * size if gone == "nul bytes" else b"x" * (size - 1) + b"\n")
    with pytest.raises(LedgerBroken):
        loss(project)


def remove(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"text 3", b"text 9"))


def found(project: Project) -> str:
    try:
        return loss(project)
    except LedgerBroken as error:
        return str(error)


@pytest.mark.parametrize(("name", "hurt"), [("3", remove), ("3", shorten), ("3", change), ("open", change)])
@pytest.mark.parametrize("end", ["crash", "stop", "crash while up", "archive"])
def test_what_is_changed_before_the_end_is_found_also_while_up_and_after_a_crash(
    project: Project, name: str, hurt: Callable[[Path], None], end: str
) -> None:
    project.make_run()
    store = Store(project)
    for first in (1, 3, 5) if name == "3" else ():
        store.append([f.Notice(id=f"n{n}", by="x", text=f"text {n}", about="x") for n in (first, first + 1)])
        store.archive()
    store.append([f.Notice(id=f"o{n}", by="x", text=f"text {n}", about="x") for n in range(1, 9)])
    store.keep()
    assert loss(project) == ""
    hurt(project.ledger if name == "open" else project.segments / "3.jsonl")
    if end != "crash":
        store.look()
        store.append([f.Notice(id="later", by="x", text="later", about="x")])
        if end == "archive":
            store.archive()
        if end != "crash while up":
            store.close()
    assert found(project)


def test_a_crash_is_never_taken_for_a_loss(project: Project) -> None:
    """The anchor is behind what is on disk, at whatever moment the service dies."""
    project.make_run()
    script = (
        "import os, sys; from pathlib import Path\n"
        "from cccc.common import facts as f; from cccc.common.paths import Project\n"
        "from cccc.services.ledger import keeper; from cccc.services.ledger.store import Store\n"
        "keeper._EVERY = 0.0; store = Store(Project(Path(sys.argv[1])))\n"
        "for n in range(100_000):\n"
        "    store.append([f.Notice(id=f'c{store.seq}', by='x', text='t', about='x')]); store.keep()\n"
        "    print(n, flush=True)\n"
    )
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", script, str(project.home)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            for _ in range(20):
                process.stdout.readline()
            process.kill()
        assert loss(project) == ""


def test_the_index_may_be_behind_or_gone(project: Project) -> None:
    write(project, 1, 2, 3)
    for end in ("", "-wal", "-shm"):
        project.index.with_name(project.index.name + end).unlink(missing_ok=True)
    assert loss(project) == ""


def test_a_loss_is_found_after_git_clean_and_with_a_copied_project(project: Project, tmp_path: Path) -> None:
    write(project, 1, 2, 3)
    subprocess.run(["cp", "-a", project.root, tmp_path / "copy"], check=True)
    copy = Project(tmp_path / "copy" / ".cccc")
    assert loss(copy) == ""
    git(copy.root, "clean", "-ffdxq")
    assert not copy.home.exists()
    copy.state.mkdir(parents=True)
    assert loss(copy) == "the ledger is empty: all of its 3 lines are gone"
    assert loss(project) == ""


def test_projects_of_one_repository_have_an_anchor_each(project: Project) -> None:
    sub = Project(project.root / "sub" / ".cccc")
    sub.state.mkdir(parents=True)
    git(project.root, "worktree", "add", "-q", str(project.root.parent / "linked"))
    linked = Project(project.root.parent / "linked" / ".cccc")
    linked.state.mkdir(parents=True)
    places = {anchor.place(each) for each in (project, sub, linked)}
    assert len(places) == 3 and None not in places


def test_an_anchor_that_cannot_be_read_is_a_loss(project: Project) -> None:
    write(project, 1, 2, 3)
    place = anchor.place(project)
    assert place
    for content in (b"", b"\0" * 40, b'{"seq": 1'):
        place.write_bytes(content)
        assert "cannot be read" in loss(project)


def test_a_touched_file_with_the_same_lines_is_no_loss(project: Project) -> None:
    write(project, 1, 2, 3)
    project.ledger.write_bytes(project.ledger.read_bytes())
    assert loss(project) == ""
