"""Where a project's files lie."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.errors import NoProject, NotFound, UserError
from cccc.common.paths import LONGEST_SOCKET, Project, folder, of_others, other
from tests.conftest import make_project


def test_a_project_is_found_from_a_sub_directory(project: Project) -> None:
    below = project.root / "a" / "b"
    below.mkdir(parents=True)
    assert Project.find(below).home == project.home.resolve()


def test_no_project_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="run `cccc init`"):
        Project.find(tmp_path)


def test_cccc_home_names_another_project(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCCC_HOME", str(project.home))
    assert Project.find(tmp_path).root == project.root


def test_a_folder_is_made_with_those_above_it(project: Project) -> None:
    project.make(project.blobs / "a" / "b")
    made = (project.blobs / "a" / "b", project.blobs / "a", project.blobs)
    assert [stat.S_IMODE(folder_.stat().st_mode) for folder_ in made] == [0o700] * 3


def test_where_a_project_was_moved_away_nothing_is_made_again(project: Project) -> None:
    project.root.rename(project.root.with_name("moved"))
    for make in (project.make_run, project.make_private, project.place_sockets, lambda: project.make(project.blobs)):
        with pytest.raises(NoProject, match="removed or moved"):
            make()
    assert not project.root.exists()


@pytest.fixture
def short() -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as folder_:
        yield make_project(Path(folder_) / "r")


def test_sockets_are_in_the_run_folder(short: Project) -> None:
    short.place_sockets()
    assert short.socket("supervisor") == short.run / "supervisor.sock"
    assert list(short.run.iterdir()) == []


@pytest.fixture
def deep(tmp_path: Path) -> Project:
    return make_project(tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5))


def test_sockets_of_a_deep_project_are_in_a_private_folder(deep: Project) -> None:
    deep.place_sockets()
    path = deep.socket("supervisor")
    assert len(os.fsencode(path)) <= LONGEST_SOCKET and path.parent.name == deep.key
    for folder_ in (path.parent, path.parent.parent):
        assert (stat.S_IMODE(folder_.stat().st_mode), folder_.stat().st_uid) == (0o700, os.getuid())


def test_where_the_sockets_are_does_not_depend_on_who_asks(
    deep: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep.place_sockets()
    chosen = deep.sockets
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert deep.sockets == chosen
    deep.place_sockets()
    assert len(os.fsencode(deep.socket("supervisor"))) <= LONGEST_SOCKET  # though that folder's own path is too long


def test_a_copy_of_a_project_has_sockets_of_its_own(deep: Project, tmp_path: Path) -> None:
    deep.place_sockets()
    copy = Project(shutil.copytree(deep.root, tmp_path / "copy") / ".cccc")
    assert copy.sockets != deep.sockets


def test_a_private_folder_of_somebody_else_is_not_used(deep: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = deep.sockets.parent
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert deep.sockets.parent != parent
    with pytest.raises(UserError, match="set TMPDIR"):
        deep.place_sockets()


def test_a_file_system_without_hard_links_has_its_sockets_elsewhere(
    short: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def refuse(source: Path, target: Path) -> None:
        if short.root in Path(target).parents:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        link(source, target)

    monkeypatch.setattr(os, "link", refuse)
    short.place_sockets()
    assert short.sockets.name == short.key and short.sockets.is_dir()
    monkeypatch.undo()
    short.place_sockets()  # on another one
    assert short.sockets == short.run


def test_what_belongs_to_somebody_else_is_found(short: Project) -> None:
    assert of_others(short.home, os.getuid()) == [] == of_others(short.home, 0)
    assert {short.home, short.settings, short.inbox("PeerA")} <= set(of_others(short.home, os.getuid() + 1))


def test_peers_have_a_label_and_a_folder() -> None:
    assert (folder("PeerA"), other("PeerA"), other("PeerB")) == ("peerA", "PeerB", "PeerA")
