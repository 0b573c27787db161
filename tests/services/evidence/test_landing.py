"""Landing on a work tree that a person is using: what moves, what waits, and what a crash leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.landing.land import Blocked, Landing, Moved
from tests.services.evidence import repos

FILES = {"a.py": b"one\n", "b.py": b"two\n", "c.py": b"three\n", "sub/d.py": b"four\n"}


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", FILES)


def busy(repo: git.Repo) -> None:
    """Leave work of every kind around the files that will land."""
    top = repo.top
    repos.write(top, {"c.py": b"stashed\n"})
    git.run(top, "stash")
    repos.write(top, {"b.py": b"staged\n", "new.py": b"staged and new\n"})
    git.run(top, "add", "b.py", "new.py")
    repos.write(
        top, {"b.py": b"staged, then edited\n", "c.py": b"edited\n", "free.txt": b"untracked\n", "x.ignored": b"x"}
    )
    (top / "sub" / "d.py").unlink()


def landed(repo: git.Repo, landing: Landing) -> bool:
    now = git.look(repo.top)
    assert not list(repo.dir.glob("index.lock*")) and not list(repo.dir.glob("index.cccc*"))
    return now.head == landing.new and now.branch == landing.branch


def test_only_the_landed_paths_change(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n", "deep/new.py": b"new\n", 'café "q".txt': b"x"})
    busy(repo)
    paths = ("a.py", "deep/new.py", 'café "q".txt')
    before = repos.picture(repo.top, paths)
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    assert repos.picture(repo.top, paths) == before
    assert (repo.top / "a.py").read_bytes() == b"ONE\n"
    assert git.run(repo.top, "status", "--porcelain", "--", *paths).stdout == b""


def test_a_removed_file_goes_and_its_empty_folder_with_it(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"sub/d.py": None})
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    assert not (repo.top / "sub").exists()


def test_modes_and_links_land(repo: git.Repo) -> None:
    tree = repos.gate_tree(repo)
    tree.reset(repo.head)
    (tree.path / "a.py").chmod(0o755)
    (tree.path / "link").symlink_to("a.py")
    git.run(tree.path, "add", "-A", env=tree.env)
    landing = repos.committed(repo, tree)
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    assert os.access(repo.top / "a.py", os.X_OK)
    assert (repo.top / "link").readlink() == Path("a.py")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("a.py", "uncommitted edits in a.py"), ("n/new.py", "uncommitted edits in n/new.py")],
)
def test_an_edit_in_a_landed_path_makes_it_wait(repo: git.Repo, path: str, reason: str) -> None:
    landing = repos.prepared(repo, {path: b"ONE\n", "b.py": b"TWO\n"})
    repos.write(repo.top, {path: b"mine\n"})
    before = repos.picture(repo.top)
    with pytest.raises(Blocked, match=reason):
        repos.ground(repo).land(landing)
    assert repos.picture(repo.top) == before
    assert git.look(repo.top).head == landing.old
    assert reason in repos.ground(repo).obstacle(landing)
    (repo.top / path).unlink()
    if path == "a.py":
        git.run(repo.top, "checkout", "--", path)
    assert repos.ground(repo).obstacle(landing) == ""
    repos.ground(repo).land(landing)
    assert landed(repo, landing)


def test_a_staged_edit_in_a_landed_path_makes_it_wait(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    repos.write(repo.top, {"a.py": b"mine\n"})
    git.run(repo.top, "add", "a.py")
    repos.write(repo.top, {"a.py": b"ONE\n"})
    before = repos.picture(repo.top)
    with pytest.raises(Blocked, match=r"a\.py"):
        repos.ground(repo).land(landing)
    assert repos.picture(repo.top) == before


def test_an_ignored_file_in_the_way_is_not_overwritten(repo: git.Repo) -> None:
    tree = repos.gate_tree(repo)
    tree.reset(repo.head)
    repos.write(tree.path, {"secret.ignored": b"theirs"})
    git.run(tree.path, "add", "-f", "secret.ignored", env=tree.env)
    landing = repos.committed(repo, tree)
    repos.write(repo.top, {"secret.ignored": b"mine"})
    with pytest.raises(Blocked, match=r"secret\.ignored"):
        repos.ground(repo).land(landing)
    assert (repo.top / "secret.ignored").read_bytes() == b"mine"


@pytest.mark.parametrize("obstacle", ["file", "link", "full folder"])
def test_what_lies_where_a_folder_or_file_must_go_makes_it_wait(repo: git.Repo, obstacle: str, tmp_path: Path) -> None:
    landing = repos.prepared(repo, {"new" if obstacle == "full folder" else "new/x.py": b"x\n"})
    if obstacle == "file":
        repos.write(repo.top, {"new": b"mine\n"})
    elif obstacle == "link":
        (repo.top / "new").symlink_to(tmp_path)
    else:
        repos.write(repo.top, {"new/mine.ignored": b"mine\n"})
    before = repos.picture(repo.top)
    with pytest.raises(Blocked):
        repos.ground(repo).land(landing)
    assert repos.picture(repo.top) == before
    assert not (tmp_path / "x.py").exists()


def test_a_touched_file_with_its_old_content_is_no_obstacle(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    (repo.top / "a.py").touch()
    repos.ground(repo).land(landing)
    assert landed(repo, landing)


def test_a_file_the_peer_edited_itself_stays_as_it_is(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n", "new.py": b"n\n", "b.py": None, "c.py": b"THREE\n"})
    repos.write(repo.top, {"a.py": b"ONE\n", "new.py": b"n\n"})
    (repo.top / "b.py").unlink()
    before = repos.picture(repo.top)
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    after = repos.picture(repo.top)
    assert {name: after[name] for name in ("a.py", "new.py")} == {name: before[name] for name in ("a.py", "new.py")}
    assert git.run(repo.top, "status", "--porcelain").stdout == b""


LONG = b"".join(b"line %d\n" % number for number in range(20))


def test_later_edits_on_top_of_the_peers_own_edit_stay_in_the_file(tmp_path: Path) -> None:
    repo = repos.make(tmp_path / "repo", {"long.py": LONG, "b.py": b"two\n"})
    patched = LONG.replace(b"line 3\n", b"LINE 3\nand more\n")
    landing = repos.prepared(repo, {"long.py": patched, "b.py": b"TWO\n"})
    later = patched.replace(b"line 15\n", b"LINE 15\n")
    repos.write(repo.top, {"long.py": later})
    before = repos.picture(repo.top)["long.py"]
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    assert repos.picture(repo.top)["long.py"] == before
    assert git.run(repo.top, "show", ":long.py").stdout == patched
    assert git.run(repo.top, "diff", "--numstat").stdout == b"1\t1\tlong.py\n"


@pytest.mark.parametrize(
    "there",
    [
        LONG.replace(b"line 15\n", b"LINE 15\n"),  # the patch's change is not in it
        LONG.replace(b"line 3\n", b"LINE 3, other\n"),
        LONG.replace(b"line 3\n", b"LINE 3\nand less\n").replace(b"line 15\n", b""),
    ],
)
def test_edits_without_the_peers_change_make_it_wait(tmp_path: Path, there: bytes) -> None:
    repo = repos.make(tmp_path / "repo", {"long.py": LONG})
    landing = repos.prepared(repo, {"long.py": LONG.replace(b"line 3\n", b"LINE 3\nand more\n")})
    repos.write(repo.top, {"long.py": there})
    before = repos.picture(repo.top)
    with pytest.raises(Blocked, match=r"long\.py"):
        repos.ground(repo).land(landing)
    assert repos.picture(repo.top) == before


@pytest.mark.parametrize(
    "mark",
    ["MERGE_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer"],
)
def test_an_unfinished_operation_makes_it_wait(repo: git.Repo, mark: str) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    (repo.dir / mark).write_text(repo.head)
    with pytest.raises(Blocked, match="in progress"):
        repos.ground(repo).land(landing)
    (repo.dir / mark).unlink()
    repos.ground(repo).land(landing)
    assert landed(repo, landing)


@pytest.mark.parametrize("command", ["cherry-pick", "revert"])
def test_between_two_picks_or_reverts_it_waits(repo: git.Repo, command: str) -> None:
    git.run(repo.top, "checkout", "-q", "-b", "other")
    for number in range(3):
        repos.write(repo.top, {"a.py": b"%d\n" % number})
        repos.commit(repo.top)
    if command == "cherry-pick":
        git.run(repo.top, "checkout", "-q", "main")
    repos.write(repo.top, {"a.py": b"mine\n"})
    repos.commit(repo.top)
    assert git.run(repo.top, command, "other~2", "other~1", "other", check=False).returncode
    repos.write(repo.top, {"a.py": b"resolved\n"})
    repo = repos.commit(repo.top)
    assert not {path.name for path in repo.dir.glob("*_HEAD")} & {"CHERRY_PICK_HEAD", "REVERT_HEAD"}
    landing = repos.prepared(repo, {"b.py": b"TWO\n"})
    with pytest.raises(Blocked, match=command):
        repos.ground(repo).land(landing)
    assert git.look(repo.top).head == landing.old
    git.run(repo.top, command, "--quit")
    repos.ground(repo).land(landing)
    assert landed(repo, landing)


def test_another_branch_makes_it_wait_even_at_the_same_commit(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    git.run(repo.top, "checkout", "-q", "-b", "other")
    with pytest.raises(Blocked, match="other is checked out, not main"):
        repos.ground(repo).land(landing)
    git.run(repo.top, "commit", "-q", "--allow-empty", "-m", "elsewhere")
    with pytest.raises(Blocked, match="other is checked out, not main"):
        repos.ground(repo).land(landing)
    git.run(repo.top, "checkout", "-q", "--detach")
    with pytest.raises(Blocked, match="detached"):
        repos.ground(repo).land(landing)
    assert git.line(repo.top, "rev-parse", "main") == landing.old


def test_a_running_git_command_makes_it_wait(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    (repo.dir / "index.lock").write_bytes(b"")
    with pytest.raises(Blocked, match=r"index\.lock"):
        repos.ground(repo).land(landing)
    assert (repo.dir / "index.lock").exists()
    assert "index.lock" in repos.ground(repo).obstacle(landing)


def test_a_moved_branch_is_not_overwritten(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    repos.write(repo.top, {"b.py": b"mine\n"})
    mine = repos.commit(repo.top)
    with pytest.raises(Moved):
        repos.ground(repo).land(landing)
    with pytest.raises(Moved):
        repos.ground(repo).obstacle(landing)
    assert git.look(repo.top).head == mine.head


def test_landing_twice_lands_once(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": b"ONE\n"})
    repos.ground(repo).land(landing)
    repos.write(repo.top, {"a.py": b"edited since\n"})
    repos.commit(repo.top)
    before = repos.picture(repo.top)
    repos.ground(repo).land(landing)
    assert repos.picture(repo.top) == before


def test_the_stamp_changes_with_the_obstacle(repo: git.Repo) -> None:
    ground = repos.ground(repo)
    before = ground.stamp("refs/heads/main", ["a.py"])
    repos.write(repo.top, {"b.py": b"another\n"})
    assert ground.stamp("refs/heads/main", ["a.py"]) == before
    repos.write(repo.top, {"a.py": b"mine\n"})
    assert ground.stamp("refs/heads/main", ["a.py"]) != before


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"])
def test_the_stamp_changes_with_each_lock_that_git_takes(repo: git.Repo, lock: str) -> None:
    ground = repos.ground(repo)
    before = ground.stamp("refs/heads/main", ["a.py"])
    (repo.dir / lock).touch()
    assert ground.stamp("refs/heads/main", ["a.py"]) != before


CRASHED = """
import os, sys
from pathlib import Path
from cccc.common.machine import git
from cccc.services.evidence.landing.land import Landing
from tests.services.evidence import repos
repos.ground(git.look(Path(sys.argv[1]))).land(Landing(*sys.argv[2:]))
"""
FAULTS = [
    "landing-locked",
    "files-staged",
    "file-aside",
    "file-placed",
    "files-written",
    "index-written",
    "ref-moved",
]


@pytest.mark.parametrize("point", FAULTS)
def test_a_landing_killed_anywhere_is_finished_and_the_users_work_stays(
    repo: git.Repo, tmp_path: Path, point: str
) -> None:
    paths = ("a.py", "new.py", "sub/d.py")
    landing = repos.prepared(repo, {"a.py": b"ONE\n", "new.py": b"n\n", "sub/d.py": None})
    repos.write(repo.top, {"b.py": b"staged\n"})
    git.run(repo.top, "add", "b.py")
    repos.write(repo.top, {"c.py": b"edited\n"})
    before = repos.picture(repo.top, paths)
    faults = tmp_path / "faults"
    faults.mkdir()
    (faults / f"evidence.{point}").touch()
    argv = [sys.executable, "-c", CRASHED, str(repo.top), landing.branch, landing.old, landing.new]
    root = Path(__file__).parents[3]
    dead = subprocess.run(argv, cwd=root, env={**os.environ, "CCCC_FAULTS": str(faults)})
    assert dead.returncode == -9

    blocked = git.run(repo.top, "commit", "-qam", "mine", check=False)
    assert blocked.returncode and b"index.lock" in blocked.stderr
    repos.ground(repo).land(landing)
    assert landed(repo, landing)
    assert repos.picture(repo.top, paths) == before
    assert git.run(repo.top, "status", "--porcelain", "--", *paths).stdout == b""
    assert git.line(repo.top, "rev-list", "--count", "HEAD") == "2"


def test_a_folder_that_holds_only_a_link_to_a_folder_is_in_the_way(repo: git.Repo, tmp_path: Path) -> None:
    landing = repos.prepared(repo, {"fresh": b"a file\n"})
    (repo.top / "fresh").mkdir()
    (repo.top / "fresh" / "link").symlink_to(tmp_path)
    assert "fresh is in the way" in repos.ground(repo).obstacle(landing)
    with pytest.raises(Blocked, match="fresh is in the way"):
        repos.ground(repo).land(landing)


def test_it_lands_where_there_are_no_hard_links(repo: git.Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path, **_: object) -> None:
        raise PermissionError(1, "Operation not permitted", str(source), None, str(target))

    landing = repos.prepared(repo, {"fresh": b"a file\n"})
    monkeypatch.setattr(os, "link", refuse)
    repos.ground(repo).land(landing)
    assert (repo.top / "fresh").read_bytes() == b"a file\n"
    (repo.dir / "index.lock").touch()
    with pytest.raises(Blocked, match="another git command"):
        repos.ground(repo).land(landing)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_hook_of_the_users_may_say_much_while_the_branch_moves(repo: git.Repo, refuses: bool) -> None:
    landing = repos.prepared(repo, {"fresh": b"a file\n"})
    hook = repo.common / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\0' x >&2\necho no way >&2\nexit {int(refuses)}\n")
    hook.chmod(0o755)
    if refuses:
        with pytest.raises(Blocked, match="no way"):
            repos.ground(repo).land(landing)
    else:
        repos.ground(repo).land(landing)
    assert (repo.top / "fresh").exists() != refuses
