"""What is lent to the gate tree, and what `gate.setup` made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common import git
from cccc.services.evidence import links, products
from cccc.services.evidence.links import Link, Loan, Missing
from cccc.services.evidence.products import Products
from tests.services.evidence import repos


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", {"package.json": b"{}", "web/package.json": b"{}", "src/a.py": b""})


def test_packages_environments_and_programs_are_found_without_being_named(repo: git.Repo) -> None:
    there = {"node_modules/x": b"", "web/node_modules/x": b"", ".venv/pyvenv.cfg": b"", ".venv/bin/python": b""}
    repos.write(repo.top, {**there, "tools/bin/x": b"", "other/pyvenv.cfg": b"", "venv/no-environment": b""})
    path = f"/usr/bin:{repo.top}/.venv/bin:{repo.top}/tools/bin:{repo.top}/other/bin:{repo.top}/gone/bin"
    (repo.top / "other" / "bin").mkdir()
    found = links.usual(repo, ["package.json", "web/package.json", "lib/package.json"], path)
    assert [link.path for link in found] == ["node_modules", "web/node_modules", ".venv", "other", "tools/bin"]


def test_a_pattern_that_finds_nothing_is_said(repo: git.Repo) -> None:
    repos.write(repo.top, {".env": b"", "src/a.so": b"", "src/b.so": b""})
    assert [link.path for link in links.asked(repo, [".env", "src/*.so"])] == [".env", "src/a.so", "src/b.so"]
    with pytest.raises(Missing, match=r"gate.link names data, which is not in"):
        links.asked(repo, ["data"])


@pytest.mark.parametrize("mounts", [True, False], ids=["bind", "path"])
def test_what_is_lent_is_taken_back_and_the_users_own_stays(repo: git.Repo, tmp_path: Path, mounts: bool) -> None:
    repos.write(repo.top, {".env": b"secret", "build/cache/x": b"x", "src/a.so": b""})
    tree = tmp_path / "tree"
    repos.write(tree, {"src/a.py": b""})
    loan = Loan(links.asked(repo, [".env", "build/cache", "src/a.so", "src/a.py"]), repo, tree, mounts)
    assert (tree / ".env").read_bytes() == b"secret"
    assert [mount.path for mount in loan.mounts] == ([tree / "build" / "cache"] if mounts else [])
    assert mounts or (tree / "build" / "cache" / "x").read_bytes() == b"x"
    loan.take_back()
    assert sorted(path.name for path in tree.rglob("*")) == ["a.py", "src"]
    assert (repo.top / "build" / "cache" / "x").exists()


def test_products_are_named_by_the_command_and_the_files_it_depends_on() -> None:
    blobs = {"package-lock.json": "1", "src/a.js": "2"}
    key = products.key("npm ci", blobs)
    assert key == products.key("npm ci", {**blobs, "src/a.js": "3"})
    assert key != products.key("npm ci", {**blobs, "package-lock.json": "3"})
    assert key != products.key("npm install", blobs)


def test_products_are_kept_until_newer_ones_push_them_out(tmp_path: Path) -> None:
    store, tree = Products(tmp_path / "setup"), tmp_path / "tree"
    for number in range(4):
        repos.write(tree, {"node_modules/a/x": str(number).encode(), "deep/made": b""})
        store.keep(f"k{number}", tree, ["node_modules", "deep/made"])
        assert not (tree / "node_modules").exists()
    assert store.find("k0") is None
    kept = store.find("k3")
    assert kept == [Link(path, tmp_path / "setup" / "k3" / path) for path in ("node_modules", "deep/made")]
    assert (kept[0].source / "a" / "x").read_bytes() == b"3"


def test_a_link_to_nowhere_is_said_and_not_lent(repo: git.Repo) -> None:
    (repo.top / ".env").symlink_to("gone")
    with pytest.raises(Missing, match=r"\.env"):
        links.asked(repo, [".env"])


def test_a_pattern_that_is_none_is_said(repo: git.Repo) -> None:
    with pytest.raises(Missing, match=r"gate\.link"):
        links.asked(repo, ["**x"])
