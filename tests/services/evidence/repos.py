"""A small repository with history, and what of it must stay as it is."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.checking import sandbox
from cccc.services.evidence.landing.land import Ground, Landing
from cccc.services.evidence.tree.gate_tree import GateTree


def _can_bind() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return sandbox.probe(sandbox.make_box(Path(folder) / "box"), os.getuid(), os.getgid()).way == "bind"


NEEDS_BIND = pytest.mark.skipif(not _can_bind(), reason="this machine gives no mount namespaces")
BOTH_ISOLATIONS = pytest.mark.parametrize("isolation", [pytest.param("bind", marks=NEEDS_BIND), "path"])


def make(root: Path, files: dict[str, bytes]) -> git.Repo:
    """Make a repository at `root` with one commit of `files`."""
    root.mkdir(parents=True, exist_ok=True)
    git.run(root, "init", "-q", "-b", "main")
    git.run(root, "config", "user.name", "Someone")
    git.run(root, "config", "user.email", "someone@example.org")
    write(root, {".gitignore": b"/.cccc/\n*.ignored\n", **files})
    return commit(root)


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def commit(root: Path) -> git.Repo:
    git.run(root, "add", "-A")
    git.run(root, "commit", "-q", "-m", "change")
    return git.look(root)


def ground(repo: git.Repo) -> Ground:
    return Ground(repo, repo.top / ".cccc", os.environ)


def gate_tree(repo: git.Repo, path: Path | None = None) -> GateTree:
    return GateTree(repo, path or repo.top / ".cccc" / "work" / "gate", os.environ)


def prepared(repo: git.Repo, files: dict[str, bytes | None]) -> Landing:
    """Commit `files` (None: removed) on top of HEAD in a gate tree, as the gate does before it lands."""
    tree = gate_tree(repo)
    tree.reset(repo.head)
    return prepared_in(tree, repo, files)


def prepared_in(tree: GateTree, repo: git.Repo, files: dict[str, bytes | None]) -> Landing:
    """The same, with what was changed in the tree before."""
    write(tree.path, {path: content for path, content in files.items() if content is not None})
    for path in (path for path, content in files.items() if content is None):
        if not (tree.path / path).is_dir():
            (tree.path / path).unlink(missing_ok=True)
    git.run(tree.path, "add", "-A", env=tree.env)
    return committed(repo, tree)


def committed(repo: git.Repo, tree: GateTree) -> Landing:
    """Commit the index of the gate tree."""
    git.run(tree.path, "commit", "-q", "-m", "Update docs", env=tree.env)
    return Landing(repo.branch, repo.head, git.line(tree.path, "rev-parse", "HEAD", env=tree.env))


def picture(root: Path, without: tuple[str, ...] = ()) -> dict[str, object]:
    """Return all that belongs to the user: file bytes, modes and times, staged entries and stash."""
    staged = git.run(root, "ls-files", "--stage", "-z").stdout.split(b"\0")
    stash = git.run(root, "stash", "list", "--format=%H").stdout
    seen: dict[str, object] = {"stash": stash, "staged": {entry for entry in staged if not _is_of(entry, without)}}
    ours = (".git", ".cccc")  # where the gate may be at work right now
    tops = [path for path in root.iterdir() if path.name not in ours]
    for path in sorted([*tops, *(below for top in tops if not top.is_symlink() for below in top.rglob("*"))]):
        name = path.relative_to(root).as_posix()
        if name in without or (path.is_dir() and not path.is_symlink()):
            continue
        stat = path.lstat()
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        seen[name] = (hashlib.sha256(content).hexdigest(), stat.st_mode, stat.st_mtime_ns, stat.st_ino)
    return seen


def _is_of(entry: bytes, paths: tuple[str, ...]) -> bool:
    return os.fsdecode(entry.partition(b"\t")[2]) in paths
