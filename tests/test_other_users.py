"""Another user of the machine: shut out by the folder of the sockets, and by each socket itself."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.machine import tmux
from cccc.common.paths import Project
from tests.command import running
from tests.conftest import make_project
from tests.waiting import until

NOBODY = 65534
CONNECT = """
import os, socket, sys

os.chdir(os.path.dirname(sys.argv[2]))  # a relative path asks nothing of the folders above
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
try:
    socket.socket(socket.AF_UNIX).connect(os.path.basename(sys.argv[2]))
except PermissionError:
    print("refused")
else:
    print("let in")
"""
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = make_project(tmp_path_factory.mktemp("open") / "repo")
    with running(project.root):
        until(lambda: len(tmux.panes(project)) >= 2)
        yield project


def sockets(project: Project) -> list[Path]:
    return sorted(path for path in project.sockets.iterdir() if path.is_socket())


def connecting(path: Path, user: int) -> str:
    done = subprocess.run([sys.executable, "-c", CONNECT, str(user), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def open_folder(up: Project) -> Iterator[None]:
    """Let everybody into the folder of the sockets."""
    up.sockets.chmod(0o755)
    yield
    up.sockets.chmod(0o700)


def test_a_start_closes_the_folders_of_what_the_peers_say_to_others(up: Project) -> None:
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (up.state, up.mailbox, up.logs)} == {0o700}


def test_sockets_are_for_their_user_alone_in_a_folder_for_their_user_alone(up: Project) -> None:
    found = sockets(up)
    assert {"ledger.sock", "facts.sock", "supervisor.sock", "tmux.sock"} <= {path.name for path in found}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o677 for path in found}  # tmux sets x while one looks on
    assert modes == dict.fromkeys(modes, 0o600)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (up.state, up.run, up.sockets)} == {0o700}


@as_root
def test_a_peer_of_another_user_is_refused_by_each_socket_even_where_the_folder_lets_it_in(
    up: Project, open_folder: None
) -> None:
    for path in sockets(up):
        assert (path.name, connecting(path, NOBODY)) == (path.name, "refused")
        assert (path.name, connecting(path, 0)) == (path.name, "let in")


@as_root
def test_a_peer_of_another_user_is_refused_by_the_folder_even_where_a_socket_lets_it_in(
    up: Project, open_folder: None
) -> None:
    ledger = up.socket("ledger")
    mode = stat.S_IMODE(ledger.stat().st_mode)
    ledger.chmod(0o666)
    try:
        assert connecting(ledger, NOBODY) == "let in"
        up.sockets.chmod(0o700)
        assert connecting(ledger, NOBODY) == "refused"
    finally:
        ledger.chmod(mode)
