"""What is lent to the gate tree, and what `gate.setup` made for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.services.evidence.checking import links, setup_cache
from cccc.services.evidence.checking.links import Link, Loan, Missing
from cccc.services.evidence.checking.setup_cache import Products
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


def test_packages_above_a_project_below_the_root_are_found(repo: git.Repo) -> None:
    repos.write(repo.top, {f"{folder}node_modules/x": b"" for folder in ("", "web/", "web/app/", "lib/")})
    repos.write(repo.top, {"web/app/package.json": b"{}"})
    found = links.usual(git.look(repo.top / "web" / "app"), ["package.json"], "")
    assert [link.path for link in found] == ["web/app/node_modules", "web/node_modules", "node_modules"]


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


# --- what leads back into the repository, where there are no mounts ---


def lent(repo: git.Repo, tree: Path, *links_: Link) -> Loan:
    """Lend as links, in a gate tree whose files say `new` where the user's say `old`."""
    for path in (path for path in repo.top.rglob("*.js") if "node_modules" not in path.parts and path.is_file()):
        repos.write(tree, {path.relative_to(repo.top).as_posix(): path.read_bytes().replace(b"old", b"new")})
    return Loan(links_ or links.usual(repo, ["package.json", "packages/b/package.json"], ""), repo, tree, mounts=False)


def link(place: Path, text: str | Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(text)


@pytest.fixture
def workspace(tmp_path: Path) -> git.Repo:
    """Packages a and b, and the folders of one that was installed (third), which says `old` for ever."""
    files = {"package.json": b"{}", "packages/a/a.js": b"old", "packages/b/package.json": b"{}"}
    repo = repos.make(tmp_path / "repo", {**files, ".gitignore": b"node_modules\n"})
    repos.write(repo.top, {"node_modules/third/index.js": b"old"})
    return repo


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a", "../packages/a"),
        ("@scope/a", "../../packages/a"),
        ("a", "{top}/packages/a"),
        ("third/node_modules/a", "../../../packages/a"),
        (".pnpm/node_modules/a", "../../../packages/a"),
        (".pnpm/third@1.0.0/node_modules/a", "../../../../packages/a"),
        ("a", "{beside}/link/a"),
    ],
    ids=["npm", "scoped", "absolute", "nested", "pnpm", "a dependency of an installed one", "yarn link"],
)
def test_a_package_of_the_workspace_is_the_gate_trees(
    workspace: git.Repo, tmp_path: Path, name: str, text: str
) -> None:
    link(tmp_path / "link" / "a", workspace.top / "packages" / "a")
    text = text.replace("{top}", str(workspace.top)).replace("{beside}", str(tmp_path))
    link(workspace.top / "node_modules" / name, text)
    loan = lent(workspace, tmp_path / "tree")
    assert (tmp_path / "tree" / "node_modules" / name / "a.js").read_bytes() == b"new"
    third = tmp_path / "tree" / "node_modules" / "third" / "index.js"
    assert third.read_bytes() == b"old"
    assert Path(os.path.realpath(third)) == third  # so that what it requires is looked for here
    loan.take_back()
    assert not (tmp_path / "tree" / "node_modules").exists()
    assert (workspace.top / "node_modules" / name / "a.js").read_bytes() == b"old"


def test_a_members_own_packages_lead_to_the_gate_tree(workspace: git.Repo, tmp_path: Path) -> None:
    link(workspace.top / "packages" / "b" / "node_modules" / "a", "../../a")
    link(workspace.top / "packages" / "b" / "node_modules" / "third", "../../../node_modules/third")
    lent(workspace, tmp_path / "tree")
    packages = tmp_path / "tree" / "packages" / "b" / "node_modules"
    assert [(packages / name).read_bytes() for name in ("a/a.js", "third/index.js")] == [b"new", b"old"]


def test_packages_without_a_link_back_are_lent_as_they_are(workspace: git.Repo, tmp_path: Path) -> None:
    link(workspace.top / "node_modules" / ".bin" / "third", "../third/index.js")
    link(workspace.top / "node_modules" / "global", "/usr/lib")
    lent(workspace, tmp_path / "tree")
    assert (tmp_path / "tree" / "node_modules").is_symlink()


def test_what_the_setup_made_leads_to_the_gate_tree(workspace: git.Repo, tmp_path: Path) -> None:
    project = Project(workspace.top / ".cccc")
    project.home.mkdir()
    store = Products(project)
    link(tmp_path / "made" / "node_modules" / "a", "../packages/a")
    link(tmp_path / "made" / "current", "packages/a")
    lent(workspace, tmp_path / "tree", *store.keep("k", tmp_path / "made", ["node_modules", "current"]))
    for path in ("node_modules/a/a.js", "current/a.js"):
        assert (tmp_path / "tree" / path).read_bytes() == b"new"


@pytest.mark.parametrize("mounts", [True, False], ids=["bind", "path"])
@pytest.mark.parametrize("text", ["packages/a", "{top}/packages/a"], ids=["relative", "absolute"])
def test_a_lent_folder_that_is_itself_a_link_leads_to_the_gate_tree(
    workspace: git.Repo, tmp_path: Path, mounts: bool, text: str
) -> None:
    link(workspace.top / "data", text.replace("{top}", str(workspace.top)))
    link(workspace.top / "one.js", "packages/a/a.js")
    repos.write(tmp_path / "tree", {"packages/a/a.js": b"new"})
    loan = Loan(links.asked(workspace, ["data", "one.js"]), workspace, tmp_path / "tree", mounts)
    assert (tmp_path / "tree" / "data" / "a.js").read_bytes() == b"new"
    assert (tmp_path / "tree" / "one.js").read_bytes() == b"new"
    loan.take_back()
    assert not os.path.lexists(tmp_path / "tree" / "data")
    assert (tmp_path / "tree" / "packages" / "a" / "a.js").exists()


def test_a_link_to_what_git_does_not_track_is_lent_with_it(workspace: git.Repo, tmp_path: Path) -> None:
    repos.write(workspace.top, {"kept/x": b"x"})
    link(workspace.top / "data", "kept")
    tree = tmp_path / "tree"
    tree.mkdir()
    loan = Loan(links.asked(workspace, ["data"]), workspace, tree, mounts=False)
    assert (tree / "data" / "x").read_bytes() == b"x"
    loan.take_back()
    assert list(tree.iterdir()) == []


def test_what_cannot_be_lent_is_said(repo: git.Repo, tmp_path: Path) -> None:
    repos.write(tmp_path, {"tree": b"no folder"})
    with pytest.raises(Missing, match=r"src cannot be lent to the checks: .*tree"):
        Loan([Link("src", repo.top / "src")], repo, tmp_path / "tree", mounts=False)


def test_a_submodule_is_a_copy_that_no_git_follows_out(workspace: git.Repo, tmp_path: Path) -> None:
    repos.write(workspace.top, {"vendor/lib/lib.py": b"x", "vendor/lib/.git": b"gitdir: ../../.git/modules/lib\n"})
    (tmp_path / "tree" / "vendor" / "lib").mkdir(parents=True)
    found = links.submodules(workspace, ["vendor/lib", "vendor/not-checked-out"])
    loan = Loan(found, workspace, tmp_path / "tree", mounts=False)
    there = tmp_path / "tree" / "vendor" / "lib"
    assert [path.name for path in there.iterdir()] == ["lib.py"]
    assert not there.is_symlink() and (there / "lib.py").stat().st_nlink == 1
    loan.take_back()


def test_products_are_named_by_the_command_and_the_files_it_depends_on() -> None:
    blobs = {"package-lock.json": "1", "src/a.js": "2"}
    key = setup_cache.key("npm ci", blobs)
    assert key == setup_cache.key("npm ci", {**blobs, "src/a.js": "3"})
    assert key != setup_cache.key("npm ci", {**blobs, "package-lock.json": "3"})
    assert key != setup_cache.key("npm install", blobs)


def test_files_on_which_products_depend_are_as_old_as_the_users_where_they_are_equal(tmp_path: Path) -> None:
    files = {"requirements.txt": b"a\n", "src/uv.lock": b"b\n", "a.py": b"c\n"}
    for side in ("user", "tree"):
        repos.write(tmp_path / side, files)
    for path in files:
        os.utime(tmp_path / "user" / path, ns=(1, 10**18))
    (tmp_path / "tree" / "src" / "uv.lock").write_bytes(b"patched\n")
    setup_cache.date(tmp_path / "user", tmp_path / "tree", [*files, "gone/uv.lock"])
    old = [path for path in files if (tmp_path / "tree" / path).stat().st_mtime_ns == 10**18]
    assert old == ["requirements.txt"]


def test_products_are_kept_until_newer_ones_push_them_out(project: Project, tmp_path: Path) -> None:
    store, tree = Products(project), tmp_path / "tree"
    for number in range(4):
        repos.write(tree, {"node_modules/a/x": str(number).encode(), "deep/made": b""})
        store.keep(f"k{number}", tree, ["node_modules", "deep/made"])
        assert not (tree / "node_modules").exists()
    assert store.find("k0") is None
    kept = store.find("k3")
    assert kept == [Link(path, project.work / "setup" / "k3" / path) for path in ("node_modules", "deep/made")]
    assert (kept[0].source / "a" / "x").read_bytes() == b"3"


def test_a_link_to_nowhere_is_said_and_not_lent(repo: git.Repo) -> None:
    (repo.top / ".env").symlink_to("gone")
    with pytest.raises(Missing, match=r"\.env"):
        links.asked(repo, [".env"])


def test_a_pattern_that_is_none_is_said(repo: git.Repo) -> None:
    with pytest.raises(Missing, match=r"gate\.link"):
        links.asked(repo, ["**x"])
