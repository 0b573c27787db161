"""Edits that git was told to overlook, or overlooks by itself: a landing compares bytes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.landing.land import Blocked, Landing
from tests.services.evidence import repos

TEXT = b"".join(b"line %d\n" % number for number in range(20))
PATCHED = TEXT.replace(b"line 2\n", b"LINE 2\n")
PRIVATE = TEXT.replace(b"line 15\n", b"private\n")
MARKS = [("skip-worktree",), ("assume-unchanged",), ("skip-worktree", "assume-unchanged")]


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", {"a.py": TEXT, "b.py": b"b\n", "sub/c.py": b"c\n"})


def mark(repo: git.Repo, marks: tuple[str, ...], *paths: str) -> None:
    for name in marks:
        git.run(repo.top, "update-index", f"--{name}", *paths)


def marks(repo: git.Repo) -> bytes:
    return git.run(repo.top, "ls-files", "-v").stdout


def lands(repo: git.Repo, landing: Landing) -> None:
    """Land, and see that nothing of the landed paths differs from the commit."""
    repos.ground(repo).land(landing)
    assert git.look(repo.top).head == landing.new
    assert git.run(repo.top, "diff-index", "--quiet", "HEAD", check=False).returncode == 0
    assert git.run(repo.top, "status", "--porcelain").stdout == b""
    assert not list(repo.dir.glob("*cccc*")) and not (repo.dir / "index.lock").exists()


def is_held(repo: git.Repo, landing: Landing, *words: str) -> None:
    """See that it waits with these words, and that nothing has changed."""
    before, marked = repos.picture(repo.top), marks(repo)
    for reason in (repos.ground(repo).obstacle(landing), _blocked(repo, landing)):
        assert all(word in reason for word in words), reason
    assert (repos.picture(repo.top), marks(repo), git.look(repo.top).head) == (before, marked, landing.old)
    assert not list(repo.dir.glob("*cccc*")) and not (repo.dir / "index.lock").exists()


def _blocked(repo: git.Repo, landing: Landing) -> str:
    with pytest.raises(Blocked) as held:
        repos.ground(repo).land(landing)
    return str(held.value)


@pytest.mark.parametrize("names", MARKS)
@pytest.mark.parametrize("content", [PATCHED, None], ids=["written", "deleted"])
def test_an_edit_under_a_mark_of_the_index_holds_the_patch_and_is_named(
    repo: git.Repo, names: tuple[str, ...], content: bytes | None
) -> None:
    landing = repos.prepared(repo, {"a.py": content, "b.py": b"B\n"})
    mark(repo, names, "a.py")
    repos.write(repo.top, {"a.py": PRIVATE})
    is_held(repo, landing, "a.py (marked ", *names)


def test_an_edit_in_the_marked_source_of_a_rename_holds_the_patch(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": None, "moved.py": TEXT})
    mark(repo, ("skip-worktree",), "a.py")
    repos.write(repo.top, {"a.py": PRIVATE})
    is_held(repo, landing, "a.py (marked skip-worktree)")


@pytest.mark.parametrize("names", MARKS)
def test_a_marked_file_with_the_commits_bytes_is_written_and_stays_marked(
    repo: git.Repo, names: tuple[str, ...]
) -> None:
    landing = repos.prepared(repo, {"a.py": PATCHED})
    mark(repo, names, "a.py", "b.py")
    before = marks(repo)
    lands(repo, landing)
    assert marks(repo) == before
    assert (repo.top / "a.py").read_bytes() == PATCHED


@pytest.mark.parametrize("names", MARKS)
def test_a_marked_file_that_has_the_patch_and_more_stays_marked_under_the_landing(
    repo: git.Repo, names: tuple[str, ...]
) -> None:
    landing = repos.prepared(repo, {"a.py": PATCHED})
    mark(repo, names, "a.py")
    repos.write(repo.top, {"a.py": PATCHED.replace(b"line 15\n", b"private\n")})
    before = marks(repo), (repo.top / "a.py").read_bytes()
    repos.ground(repo).land(landing)
    assert (marks(repo), (repo.top / "a.py").read_bytes()) == before
    assert git.run(repo.top, "show", ":a.py").stdout == PATCHED


def test_marks_and_hidden_edits_of_other_paths_stay(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"b.py": b"B\n"})
    mark(repo, MARKS[2], "a.py", "sub/c.py")
    repos.write(repo.top, {"a.py": PRIVATE})
    before = marks(repo)
    lands(repo, landing)
    assert marks(repo) == before and (repo.top / "a.py").read_bytes() == PRIVATE


def test_a_file_that_a_marked_user_deleted_stays_deleted(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": PATCHED})
    mark(repo, ("skip-worktree",), "a.py")
    (repo.top / "a.py").unlink()
    before = marks(repo)
    lands(repo, landing)
    assert marks(repo) == before and not (repo.top / "a.py").exists()


def test_an_edit_that_an_fsmonitor_does_not_tell_of_holds_the_patch(repo: git.Repo, tmp_path: Path) -> None:
    hook = tmp_path / "fsmonitor"
    hook.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    hook.chmod(0o755)
    git.run(repo.top, "config", "core.fsmonitor", str(hook))
    git.run(repo.top, "update-index", "--fsmonitor")
    git.run(repo.top, "update-index", "--fsmonitor-valid", "a.py", "b.py")
    landing = repos.prepared(repo, {"a.py": PATCHED, "b.py": b"B\n"})
    repos.write(repo.top, {"a.py": PRIVATE})
    assert git.run(repo.top, "status", "--porcelain").stdout == b""
    is_held(repo, landing, "a.py (git status does not show it")
    repos.write(repo.top, {"a.py": TEXT})
    lands(repo, landing)


@pytest.mark.parametrize("config", [("core.checkStat", "minimal"), ("core.trustctime", "false")])
def test_an_edit_of_the_same_size_with_the_old_time_holds_the_patch(repo: git.Repo, config: tuple[str, str]) -> None:
    git.run(repo.top, "config", *config)
    landing = repos.prepared(repo, {"a.py": PATCHED})
    old = repo.top / "a.py"
    os.utime(old, (1_600_000_000, 1_600_000_000))
    git.run(repo.top, "update-index", "--refresh")
    with old.open("r+b") as file:  # in place: the same inode
        file.write(TEXT.replace(b"line 15\n", b"LINE 15\n"))
    os.utime(old, (1_600_000_000, 1_600_000_000))
    is_held(repo, landing, "a.py (git status does not show it")


# --- what is no edit ---


def test_permissions_that_git_does_not_look_at_hold_nothing_and_stay(repo: git.Repo) -> None:
    git.run(repo.top, "config", "core.fileMode", "false")
    landing = repos.prepared(repo, {"a.py": PATCHED, "b.py": b"B\n"})
    (repo.top / "a.py").chmod(0o755)
    (repo.top / "b.py").chmod(0o600)
    lands(repo, landing)
    assert [(repo.top / name).stat().st_mode & 0o777 for name in ("a.py", "b.py")] == [0o755, 0o600]


def test_permissions_that_git_looks_at_hold_the_patch(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"a.py": PATCHED})
    (repo.top / "a.py").chmod(0o755)
    is_held(repo, landing, "uncommitted edits in a.py")


CLEAN, SMUDGE = "sed s/work/commit/", "sed s/commit/work/"


@pytest.mark.parametrize(
    ("config", "attributes", "old", "new", "there", "then"),
    [
        (("core.autocrlf", "true"), "", b"a\nb\n", b"a\nB\n", b"a\r\nb\r\n", b"a\r\nB\r\n"),
        (("core.autocrlf", "true"), "", b"a\nb\n", b"a\nB\n", b"a\nb\n", b"a\r\nB\r\n"),
        ((), "*.txt text eol=crlf\n", b"a\nb\n", b"a\nB\n", b"a\r\nb\r\n", b"a\r\nB\r\n"),
        ((), "*.txt ident\n", b"$Id$\na\n", b"$Id$\nb\n", b"$Id: 1234 $\na\n", None),
        ((), "*.txt working-tree-encoding=UTF-16LE\n", b"a\0\n\0", b"b\0\n\0", b"a\0\n\0", b"b\0\n\0"),
        (("filter.f.clean", CLEAN, "filter.f.smudge", SMUDGE), "*.txt filter=f\n", b"commit a\n", b"commit b\n",
         b"work a\n", b"work b\n"),
    ],
    ids=["autocrlf", "autocrlf-not-yet", "eol", "ident", "encoding", "filter"],
)  # fmt: skip
def test_a_file_that_stands_for_the_commits_content_lands_converted(
    tmp_path: Path,
    config: tuple[str, ...],
    attributes: str,
    old: bytes,
    new: bytes,
    there: bytes,
    then: bytes | None,
) -> None:
    repo = repos.make(tmp_path / "repo", {".gitattributes": attributes.encode(), "x.txt": old, "dir/y.txt": old})
    landing = repos.prepared(repo, {"x.txt": new, "dir/y.txt": new, "dir/z.txt": new})
    for name, value in zip(config[::2], config[1::2]):
        git.run(repo.top, "config", name, value)
    repos.write(repo.top, {"x.txt": there, "dir/y.txt": there})
    repos.ground(repo).land(landing)
    assert git.run(repo.top, "status", "--porcelain").stdout == b""
    if then is not None:
        assert {(repo.top / name).read_bytes() for name in ("x.txt", "dir/y.txt", "dir/z.txt")} == {then}


def test_what_git_wrote_itself_is_no_edit_where_it_would_commit_it_otherwise(tmp_path: Path) -> None:
    """Mixed line ends that were committed before the attribute: git writes CRLF, and would commit LF."""
    repo = repos.make(tmp_path / "repo", {"x.txt": b"a\r\nb\nc\n"})
    repos.write(repo.top, {".gitattributes": b"*.txt text eol=crlf\n"})
    git.run(repo.top, "add", ".gitattributes")
    git.run(repo.top, "commit", "-q", "-m", "attribute")
    repo = git.look(repo.top)
    tree = git.run(repo.top, "ls-tree", "HEAD").stdout
    blob = git.run(repo.top, "hash-object", "-w", "--no-filters", "--stdin", input=b"a\r\nB\nc\n").stdout.strip()
    was = git.line(repo.top, "rev-parse", "HEAD:x.txt").encode()
    made = git.run(repo.top, "mktree", input=tree.replace(was, blob)).stdout.decode().strip()
    landing = Landing(repo.branch, repo.head, git.line(repo.top, "commit-tree", made, "-p", "HEAD", "-m", "x"))
    (repo.top / "x.txt").unlink()
    git.run(repo.top, "checkout", "--", "x.txt")
    assert (repo.top / "x.txt").read_bytes() == b"a\r\nb\r\nc\r\n"
    repos.ground(repo).land(landing)
    assert (repo.top / "x.txt").read_bytes() == b"a\r\nB\r\nc\r\n"


def test_an_edit_in_a_converted_file_holds_the_patch(tmp_path: Path) -> None:
    repo = repos.make(tmp_path / "repo", {".gitattributes": b"*.txt text eol=crlf\n", "x.txt": b"a\nb\n"})
    landing = repos.prepared(repo, {"x.txt": b"a\nB\n"})
    repos.write(repo.top, {"x.txt": b"mine\r\nb\r\n"})
    is_held(repo, landing, "uncommitted edits in x.txt")


def test_a_patch_of_the_attributes_counts_for_the_files_beside_it(tmp_path: Path) -> None:
    repo = repos.make(tmp_path / "repo", {"x.txt": b"a\n", "y.txt": b"a\n"})
    landing = repos.prepared(repo, {".gitattributes": b"*.txt text eol=crlf\n", "x.txt": b"b\n"})
    repos.ground(repo).land(landing)
    assert (repo.top / "x.txt").read_bytes() == b"b\r\n"
    assert git.run(repo.top, "status", "--porcelain").stdout == b""


@pytest.mark.parametrize(
    "settings",
    [
        ("core.splitIndex", "true"),
        ("index.version", "4"),
        ("core.untrackedCache", "true"),
        ("feature.manyFiles", "true"),
        ("core.preloadIndex", "false"),
        ("core.symlinks", "false"),
    ],
)
def test_every_form_of_index_lands_and_keeps_its_marks(repo: git.Repo, settings: tuple[str, str]) -> None:
    git.run(repo.top, "config", *settings)
    git.run(repo.top, "update-index", "--force-write-index", check=False)
    mark(repo, ("skip-worktree",), "sub/c.py")
    git.run(repo.top, "status")
    landing = repos.prepared(repo, {"a.py": PATCHED, "new.py": b"n\n", "b.py": None})
    before = marks(repo)
    lands(repo, landing)
    assert marks(repo).replace(b"H new.py\n", b"") == before.replace(b"H b.py\n", b"")


def test_a_repository_of_sha256_lands(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    if git.run(root, "init", "-q", "--object-format=sha256", check=False).returncode:
        pytest.skip("this git has no sha256")
    repo = repos.make(root, {"a.py": TEXT})
    landing = repos.prepared(repo, {"a.py": PATCHED, "new.py": b"n\n"})
    repos.write(repo.top, {"a.py": PRIVATE})
    is_held(repo, landing, "a.py")
    repos.write(repo.top, {"a.py": TEXT})
    lands(repo, landing)


def test_a_file_of_which_git_add_was_told_the_name_only_is_the_peers_own(repo: git.Repo) -> None:
    landing = repos.prepared(repo, {"new.py": b"n\n"})
    repos.write(repo.top, {"new.py": b"n\n"})
    git.run(repo.top, "add", "-N", "new.py")
    lands(repo, landing)


# --- what lies there instead ---


@pytest.mark.parametrize("what", ["link", "link to the same", "folder", "pipe", "nothing"])
def test_something_else_in_the_place_of_a_file_holds_the_patch(repo: git.Repo, tmp_path: Path, what: str) -> None:
    landing = repos.prepared(repo, {"a.py": PATCHED, "b.py": b"B\n"})
    path = repo.top / "a.py"
    (tmp_path / "same").write_bytes(TEXT)
    path.unlink()
    if what.startswith("link"):
        path.symlink_to("b.py" if what == "link" else tmp_path / "same")
    elif what == "folder":
        repos.write(repo.top, {"a.py/mine": b"mine\n"})
    elif what == "pipe":
        os.mkfifo(path)
    if what == "pipe":
        assert "a.py" in _blocked(repo, landing)
    else:
        is_held(repo, landing, "a.py")
    assert (repo.top / "b.py").read_bytes() == b"b\n"
    assert (tmp_path / "same").read_bytes() == TEXT


def test_a_file_in_the_place_of_a_link_holds_the_patch(tmp_path: Path) -> None:
    repo = repos.make(tmp_path / "repo", {"a.py": b"a\n"})
    (repo.top / "link").symlink_to("a.py")
    repo = repos.commit(repo.top)
    landing = repos.prepared(repo, {"link": None})
    (repo.top / "link").unlink()
    repos.write(repo.top, {"link": b"a.py"})
    is_held(repo, landing, "link")


def test_a_folder_that_is_a_link_now_is_not_written_through(repo: git.Repo, tmp_path: Path) -> None:
    landing = repos.prepared(repo, {"sub/c.py": b"C\n", "sub/new.py": b"n\n"})
    shutil.move(str(repo.top / "sub"), str(tmp_path / "elsewhere"))
    (repo.top / "sub").symlink_to(tmp_path / "elsewhere")
    is_held(repo, landing, "sub/c.py")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["c.py"]


@pytest.mark.parametrize(("staged", "new"), [("new/mine.py", "new"), ("new", "new/its.py")])
def test_staged_work_that_is_not_in_the_tree_any_more_is_not_replaced(repo: git.Repo, staged: str, new: str) -> None:
    landing = repos.prepared(repo, {new: b"n\n"})
    repos.write(repo.top, {staged: b"mine\n"})
    git.run(repo.top, "add", staged)
    (repo.top / staged).unlink()
    if "/" in staged:
        (repo.top / "new").rmdir()
    is_held(repo, landing, staged)


# --- a sparse checkout ---


@pytest.fixture
def sparse(repo: git.Repo) -> git.Repo:
    repos.write(repo.top, {"out/x.py": b"x\n", "out/y.py": b"y\n", "out/deep/z.py": b"z\n"})
    repo = repos.commit(repo.top)
    git.run(repo.top, "sparse-checkout", "set", "sub")
    assert not (repo.top / "out").exists()
    return repo


def at_full(repo: git.Repo, files: dict[str, bytes | None]) -> Landing:
    """Prepare a landing as from a tree that has everything."""
    lines = b""
    for path, content in files.items():
        blob = git.run(repo.top, "hash-object", "-w", "--stdin", input=content or b"").stdout.strip()
        lines += b"%s %s\t%s\0" % (b"100644" if content is not None else b"0", blob, path.encode())
    env = {**os.environ, "GIT_INDEX_FILE": str(repo.dir / "full")}
    git.run(repo.top, "read-tree", "HEAD", env=env)
    git.run(repo.top, "update-index", "-z", "--index-info", env=env, input=lines)
    tree = git.line(repo.top, "write-tree", env=env)
    (repo.dir / "full").unlink()
    return Landing(repo.branch, repo.head, git.line(repo.top, "commit-tree", tree, "-p", "HEAD", "-m", "full"))


@pytest.mark.parametrize("index", ["false", "true"])
def test_paths_out_of_a_sparse_checkout_land_and_stay_out(sparse: git.Repo, index: str) -> None:
    git.run(sparse.top, "config", "--worktree", "index.sparse", index)
    git.run(sparse.top, "sparse-checkout", "reapply")
    landing = at_full(
        sparse, {"out/x.py": b"X\n", "out/y.py": None, "out/new.py": b"n\n", "far/new.py": b"n\n", "sub/new.py": b"n\n"}
    )
    lands(sparse, landing)
    assert not (sparse.top / "out").exists() and not (sparse.top / "far").exists()
    assert (sparse.top / "sub" / "new.py").read_bytes() == b"n\n"
    git.run(sparse.top, "sparse-checkout", "disable")
    assert (sparse.top / "out" / "x.py").read_bytes() == b"X\n"
    assert git.run(sparse.top, "status", "--porcelain").stdout == b""


def test_what_a_user_made_out_of_a_sparse_checkout_holds_the_patch(sparse: git.Repo) -> None:
    landing = at_full(sparse, {"out/x.py": b"X\n"})
    repos.write(sparse.top, {"out/x.py": b"mine\n"})
    is_held(sparse, landing, "out/x.py")
