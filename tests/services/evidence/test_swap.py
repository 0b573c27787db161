"""A landing is all or nothing: what fails or dies half-way is undone, and what the user does meanwhile stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from cccc.common.machine import git
from cccc.services.evidence.landing import land as landing_module
from cccc.services.evidence.landing.land import Blocked, Landing
from cccc.services.evidence.tree import swap
from tests.services.evidence import repos

FILES = {"a.py": b"one\n", "b.py": b"two\n", "data/c.py": b"three\n", "gone/d.py": b"four\n", "was": b"file\n"}
CHANGES: dict[str, bytes | None] = {
    "a.py": b"ONE\n",
    "data/c.py": b"THREE\n",
    "data/new/x.py": b"x\n",
    "gone/d.py": None,
    "was": None,
    "was/now.py": b"a folder\n",
}
POINTS = ["files-staged", "file-aside", "file-placed", "files-written", "index-written"]


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    repo = repos.make(tmp_path / "repo", FILES)
    repos.write(repo.top, {"b.py": b"mine\n", "free.txt": b"untracked\n"})
    return repo


def prepared(repo: git.Repo) -> Landing:
    tree = repos.gate_tree(repo)
    tree.reset(repo.head)
    (tree.path / "was").unlink()
    return repos.prepared_in(tree, repo, CHANGES)


def picture(repo: git.Repo) -> dict[str, object]:
    """Return all that belongs to the user, the folders too."""
    folders = {path.relative_to(repo.top) for path in repo.top.rglob("*") if path.is_dir() and not path.is_symlink()}
    folders = {path for path in folders if path.parts[0] not in (".git", ".cccc")}
    return {**repos.picture(repo.top), "folders": {(str(path), (repo.top / path).stat().st_mode) for path in folders}}


def left(repo: git.Repo) -> list[Path]:
    return [*repo.dir.glob("*cccc*"), *repo.dir.glob("index.lock"), *repo.top.rglob("*landing*")]


def has_landed(repo: git.Repo, landing: Landing) -> bool:
    assert not left(repo)
    assert git.look(repo.top).head == landing.new
    there = {path: (repo.top / path).read_bytes() if (repo.top / path).is_file() else None for path in CHANGES}
    assert there == CHANGES
    assert not (repo.top / "gone").exists()
    return git.run(repo.top, "status", "--porcelain", "--untracked-files=no").stdout == b" M b.py\n"


CRASHED = """
import sys
from pathlib import Path
from cccc.common.machine import git
from cccc.services.evidence.landing.land import Landing
from tests.services.evidence import repos
ground = repos.ground(git.look(Path(sys.argv[1])))
ground.land(Landing(*sys.argv[2:])) if sys.argv[2:] else ground.settle()
"""


def crash(repo: git.Repo, point: str, *argv: str) -> None:
    """Have a landing, or without arguments its undoing, die at a fault point."""
    faults = repo.top.parent / "faults"
    faults.mkdir(exist_ok=True)
    (faults / f"evidence.{point}").touch()
    command = [sys.executable, "-c", CRASHED, str(repo.top), *argv]
    root = Path(__file__).parents[3]
    assert subprocess.run(command, cwd=root, env={**os.environ, "CCCC_FAULTS": str(faults)}).returncode == -9


def died(repo: git.Repo, landing: Landing, point: str) -> None:
    crash(repo, point, landing.branch, landing.old, landing.new)


@pytest.mark.parametrize("point", POINTS)
def test_a_landing_that_died_is_undone_when_it_cannot_go_on(repo: git.Repo, point: str) -> None:
    landing = prepared(repo)
    before = picture(repo)
    died(repo, landing, point)
    (repo.dir / "MERGE_HEAD").write_text(landing.old)
    with pytest.raises(Blocked, match="merge"):
        repos.ground(repo).land(landing)
    assert (picture(repo), git.look(repo.top).head) == (before, landing.old)
    (repo.dir / "MERGE_HEAD").unlink()
    assert not left(repo)
    repos.ground(repo).land(landing)
    assert has_landed(repo, landing)


@pytest.mark.parametrize("point", POINTS)
def test_a_landing_that_died_is_undone_without_another(repo: git.Repo, point: str) -> None:
    landing = prepared(repo)
    before = picture(repo)
    died(repo, landing, point)
    repos.ground(repo).settle()
    assert (picture(repo), git.look(repo.top).head, left(repo)) == (before, landing.old, [])


@pytest.mark.parametrize("again", ["file-back", "landing-locked"])
def test_an_undoing_that_died_is_undone(repo: git.Repo, again: str) -> None:
    landing = prepared(repo)
    before = picture(repo)
    died(repo, landing, "files-written")
    crash(repo, again)
    repos.ground(repo).settle()
    assert (picture(repo), left(repo)) == (before, [])


def test_a_landing_that_died_after_the_branch_moved_is_finished(repo: git.Repo) -> None:
    landing = prepared(repo)
    died(repo, landing, "ref-moved")
    repos.ground(repo).settle()
    assert has_landed(repo, landing)


@pytest.mark.parametrize("point", POINTS)
def test_a_landing_that_died_is_undone_though_its_lock_was_removed(repo: git.Repo, point: str) -> None:
    landing = prepared(repo)
    before = repos.picture(repo.top)
    before.pop("staged")
    died(repo, landing, point)
    (repo.dir / "index.lock").unlink()
    repos.ground(repo).settle()
    after = repos.picture(repo.top)
    after.pop("staged")
    assert (after, git.look(repo.top).head, left(repo)) == (before, landing.old, [])
    repos.ground(repo).land(landing)
    assert has_landed(repo, landing)


def test_what_the_user_made_of_a_path_after_a_crash_stays(repo: git.Repo) -> None:
    landing = prepared(repo)
    died(repo, landing, "files-written")
    repos.write(repo.top, {"a.py": b"mine\n", "data/new/x.py": b"mine too\n"})
    with pytest.raises(Blocked, match=r"a\.py, data/new/x\.py"):
        repos.ground(repo).land(landing)
    there = {path: (repo.top / path).read_bytes() for path in ("a.py", "data/new/x.py", "data/c.py", "gone/d.py")}
    assert there == {
        "a.py": b"mine\n",
        "data/new/x.py": b"mine too\n",
        "data/c.py": b"three\n",
        "gone/d.py": b"four\n",
    }
    assert not left(repo)


def test_what_the_user_committed_after_a_crash_stays(repo: git.Repo) -> None:
    landing = prepared(repo)
    died(repo, landing, "files-written")
    (repo.dir / "index.lock").unlink()
    git.run(repo.top, "commit", "-q", "-m", "mine", "--", "a.py", "data/c.py")
    repos.ground(repo).settle()
    assert (repo.top / "a.py").read_bytes() == b"ONE\n"
    assert (repo.top / "gone/d.py").read_bytes() == b"four\n"
    assert git.run(repo.top, "status", "--porcelain", "--untracked-files=no").stdout == b" M b.py\n"


# --- an edit in between ---


def during(monkeypatch: pytest.MonkeyPatch, point: str, do: Callable[[], object]) -> None:
    """Have something done once at a fault point of a landing."""
    todo = [do]

    def fault(name: str) -> None:
        if name == f"evidence.{point}" and todo:
            todo.pop()()

    monkeypatch.setattr(swap, "fault", fault)
    monkeypatch.setattr(landing_module, "fault", fault)


def save(path: Path, content: bytes) -> None:
    """Save as editors do: beside, and by a rename."""
    fresh = path.with_name(f"{path.name}~")
    fresh.write_bytes(content)
    fresh.replace(path)


@pytest.mark.parametrize("how", [save, Path.write_bytes], ids=["by rename", "in place"])
def test_an_edit_just_before_the_file_moves_is_not_lost(
    repo: git.Repo, monkeypatch: pytest.MonkeyPatch, how: Callable[[Path, bytes], object]
) -> None:
    landing = prepared(repo)
    during(monkeypatch, "files-staged", lambda: how(repo.top / "data/c.py", b"mine\n"))
    with pytest.raises(Blocked, match=r"data/c\.py"):
        repos.ground(repo).land(landing)
    assert (repo.top / "data/c.py").read_bytes() == b"mine\n"
    assert (repo.top / "a.py").read_bytes() == b"one\n"
    assert not left(repo)


def test_a_file_saved_while_its_place_is_empty_is_not_lost(repo: git.Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = prepared(repo)
    during(monkeypatch, "file-aside", lambda: save(repo.top / "a.py", b"mine\n"))
    with pytest.raises(Blocked, match=r"a\.py"):
        repos.ground(repo).land(landing)
    assert (repo.top / "a.py").read_bytes() == b"mine\n"
    assert (repo.top / "data/c.py").read_bytes() == b"three\n"
    assert not left(repo)


def test_what_is_written_into_an_open_old_file_is_not_lost(repo: git.Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = prepared(repo)
    with (repo.top / "a.py").open("ab") as file:

        def append() -> None:
            file.write(b"mine\n")
            file.flush()

        during(monkeypatch, "files-written", append)
        with pytest.raises(Blocked, match=r"a\.py"):
            repos.ground(repo).land(landing)
    assert (repo.top / "a.py").read_bytes() == b"one\nmine\n"
    assert not left(repo)


def test_a_file_that_appears_in_a_new_place_is_not_overwritten(repo: git.Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = prepared(repo)
    during(monkeypatch, "files-staged", lambda: repos.write(repo.top, {"data/new/x.py": b"mine\n"}))
    with pytest.raises(Blocked, match=r"data/new/x\.py"):
        repos.ground(repo).land(landing)
    assert (repo.top / "data/new/x.py").read_bytes() == b"mine\n"
    assert (repo.top / "a.py").read_bytes() == b"one\n"


def test_an_edit_of_the_new_file_before_the_branch_moves_stays(repo: git.Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = prepared(repo)
    during(monkeypatch, "files-written", lambda: save(repo.top / "a.py", b"ONE\nmine\n"))
    repos.ground(repo).land(landing)
    assert (repo.top / "a.py").read_bytes() == b"ONE\nmine\n"
    assert git.run(repo.top, "show", ":a.py").stdout == b"ONE\n"


# --- what cannot be written ---


@contextlib.contextmanager
def mounted(*command: str) -> Iterator[None]:
    """Mount something for a while; skip where that is not allowed. The last word is where."""
    if subprocess.run(["mount", *command], capture_output=True).returncode:
        pytest.skip("this user may not mount here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", command[-1]], check=True)


@contextlib.contextmanager
def immutable(path: Path) -> Iterator[None]:
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", str(path)], capture_output=True).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


def is_held(repo: git.Repo, landing: Landing, *words: str) -> None:
    before = picture(repo)
    with pytest.raises(Blocked) as held:
        repos.ground(repo).land(landing)
    assert all(word in str(held.value) for word in words), held.value
    assert (picture(repo), git.look(repo.top).head, left(repo)) == (before, landing.old, [])


def test_a_read_only_mount_holds_the_patch_until_it_can_be_written(repo: git.Repo) -> None:
    landing = prepared(repo)
    data = str(repo.top / "data")
    with mounted("--bind", data, data):
        subprocess.run(["mount", "-o", "remount,bind,ro", data], check=True)
        is_held(repo, landing, "data/c.py cannot be written", "Read-only")
        assert "Read-only" in repos.ground(repo).obstacle(landing)
        subprocess.run(["mount", "-o", "remount,bind,rw", data], check=True)
        assert repos.ground(repo).obstacle(landing) == ""
        repos.ground(repo).land(landing)
        assert has_landed(repo, landing)


@pytest.mark.parametrize("point", POINTS)
def test_a_landing_over_two_mounts_that_died_is_undone(repo: git.Repo, point: str) -> None:
    landing = prepared(repo)
    data = str(repo.top / "data")
    with mounted("--bind", data, data):
        before = picture(repo)
        died(repo, landing, point)
        repos.ground(repo).settle()
        assert (picture(repo), left(repo)) == (before, [])
        repos.ground(repo).land(landing)
        assert has_landed(repo, landing)


@pytest.mark.parametrize("path", ["gone/d.py", "data/c.py", "gone"])
def test_a_file_or_folder_that_nobody_may_change_holds_the_patch(repo: git.Repo, path: str) -> None:
    landing = prepared(repo)
    with immutable(repo.top / path):
        is_held(repo, landing, f"{'gone/d.py' if path == 'gone' else path} cannot be written")
    repos.ground(repo).land(landing)
    assert has_landed(repo, landing)


@pytest.mark.parametrize("where", ["data", "."])
def test_a_full_disk_holds_the_patch(tmp_path: Path, where: str) -> None:
    top = tmp_path / "repo"
    (top / where).mkdir(parents=True)
    with mounted("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(top / where)):
        repo = repos.make(top, {"a.py": b"a\n", "data/c.py": b"c\n"})
        landing = repos.prepared(repo, {"a.py": b"A\n", "data/c.py": b"0123456789abcde\n" * 20_000})
        shutil.rmtree(top / ".cccc", ignore_errors=True)
        git.run(top, "worktree", "prune")
        with contextlib.suppress(OSError), (top / where / "fill").open("wb") as file:
            while True:
                file.write(b"x" * 4096)
                file.flush()
        with (top / where / "fill").open("rb+") as file:
            file.truncate(max(0, file.seek(0, 2) - 100_000))
        is_held(repo, landing, "")
        (top / where / "fill").unlink()
        repos.ground(repo).land(landing)
        assert git.look(top).head == landing.new
        assert (top / "data/c.py").stat().st_size == 320_000
        assert git.run(top, "status", "--porcelain").stdout == b""


@pytest.mark.skipif(os.getuid() != 0, reason="needs to become somebody else")
def test_a_folder_of_somebody_else_holds_the_patch(repo: git.Repo) -> None:
    landing = prepared(repo)
    (repo.top / "data").chmod(0o555)
    before = picture(repo)
    without = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner,-chown"]
    command = [sys.executable, "-c", CRASHED, str(repo.top), landing.branch, landing.old, landing.new]
    done = subprocess.run([*without, *command], cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert "Blocked: data/c.py cannot be written: Permission denied" in done.stderr
    assert (picture(repo), git.look(repo.top).head, left(repo)) == (before, landing.old, [])


def test_new_files_keep_permissions_and_folders_get_the_users_umask(repo: git.Repo) -> None:
    landing = prepared(repo)
    (repo.top / "a.py").chmod(0o600)
    ground = landing_module.Ground(repo, repo.top / ".cccc", os.environ, 0o027)
    ground.land(landing)
    modes = {name: (repo.top / name).stat().st_mode & 0o777 for name in ("a.py", "data/new/x.py", "data/new", "was")}
    assert modes == {"a.py": 0o600, "data/new/x.py": 0o640, "data/new": 0o750, "was": 0o750}


def test_a_folder_gives_way_to_a_file_and_comes_back(tmp_path: Path) -> None:
    repo = repos.make(tmp_path / "repo", {"was/a.py": b"a\n", "was/b/c.py": b"c\n", "x.py": b"x\n"})
    tree = repos.gate_tree(repo)
    tree.reset(repo.head)
    shutil.rmtree(tree.path / "was")
    landing = repos.prepared_in(tree, repo, {"was": b"file\n", "x.py": b"X\n"})
    before = picture(repo)
    crash(repo, "files-written", landing.branch, landing.old, landing.new)
    repos.ground(repo).settle()
    assert (picture(repo), left(repo)) == (before, [])
    repos.ground(repo).land(landing)
    assert (repo.top / "was").read_bytes() == b"file\n" and not left(repo)


def test_a_git_folder_on_another_mount_is_no_obstacle(tmp_path: Path) -> None:
    """And so a linked work tree on another disk."""
    (tmp_path / "git").mkdir()
    with mounted("-t", "tmpfs", "tmpfs", str(tmp_path / "git")):
        top = tmp_path / "repo"
        top.mkdir()
        git.run(top, "init", "-q", f"--separate-git-dir={tmp_path / 'git' / 'dir'}")
        repo = repos.make(top, FILES)
        repos.write(top, {"b.py": b"mine\n"})
        landing = prepared(repo)
        died(repo, landing, "file-placed")
        repos.ground(repo).settle()
        assert not left(repo)
        repos.ground(repo).land(landing)
        assert has_landed(repo, landing)


@pytest.mark.parametrize("path", ["gone/d.py", "a.py", "was"])
def test_what_is_written_to_an_old_file_after_all_is_compared_is_kept(
    repo: git.Repo, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = prepared(repo)
    name = path.rpartition("/")[2]
    earlier = {f"{folder}{name}.before-landing": b"of an earlier landing\n" for folder in ("", "gone/")}
    if path == "a.py":
        repos.write(repo.top, earlier)
    with (repo.top / path).open("ab") as editor:

        def save(point: str) -> None:
            if point == "evidence.ref-moved":
                editor.write(b"late\n")
                editor.flush()

        monkeypatch.setattr(landing_module, "fault", save)
        repos.ground(repo).land(landing)
    kept = sorted(found.read_bytes() for found in repo.top.rglob("*.before-landing*"))
    assert FILES[path] + b"late\n" in kept
    assert kept.count(b"of an earlier landing\n") == (2 if path == "a.py" else 0)
    assert not (repo.dir / "index.lock").exists()


def test_a_file_in_the_place_of_a_folder_does_not_keep_a_landing_from_being_undone(
    repo: git.Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interfere(point: str) -> None:
        if point == "evidence.files-written":
            shutil.rmtree(repo.top / "data")
            (repo.top / "data").write_bytes(b"the user's\n")
            raise OSError(5, "Input/output error")

    landing = prepared(repo)
    monkeypatch.setattr(landing_module, "fault", interfere)
    with pytest.raises(Blocked):
        repos.ground(repo).land(landing)
    assert (repo.top / "data").read_bytes() == b"the user's\n"
    assert (repo.top / "a.py").read_bytes() == FILES["a.py"]
    assert not (repo.dir / "index.lock").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"moves": [{"path": 1}]}', "\\0"])
def test_a_journal_that_is_none_blocks_and_says_where_it_is(repo: git.Repo, content: str) -> None:
    (repo.dir / "cccc-landing").mkdir()
    (repo.dir / "cccc-landing" / "journal").write_text(content)
    with pytest.raises(Blocked, match="journal cannot be read"):
        repos.ground(repo).settle()
