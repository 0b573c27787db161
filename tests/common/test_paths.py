"""Where a project's files lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.common.errors import NotFound
from cccc.common.paths import LONGEST_SOCKET, Project, folder, other
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


def test_sockets_of_a_deep_project_go_through_a_short_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/tmp")
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    project = make_project(deep)
    project.make_run()
    path = project.socket("supervisor")
    assert len(os.fsencode(path)) <= LONGEST_SOCKET
    path.touch()
    assert (project.run / "supervisor.sock").exists()


def test_peers_have_a_label_and_a_folder() -> None:
    assert (folder("PeerA"), other("PeerA"), other("PeerB")) == ("peerA", "PeerB", "PeerA")
