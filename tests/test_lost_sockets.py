"""Sockets, locks and folders that somebody removes while all is up: cleaners of old files do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from cccc.common import bus
from cccc.common.errors import NotRunning
from cccc.common.machine import leftovers, supervisor, tmux
from cccc.common.paths import PEERS, Project
from tests.command import CCCC, Terminal, cccc, environment, processes_in, running, services_in
from tests.conftest import make_project
from tests.waiting import until


@pytest.fixture(params=["short", "deep"])
def project(request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project with its sockets in the run folder, and one whose path is too long for that."""
    with tempfile.TemporaryDirectory() as folder:
        yield make_project(Path(folder) / ("r" if request.param == "short" else "a-long-name/" * 9))


short = pytest.mark.parametrize("project", ["short"], indirect=True)


def peers_of(project: Project) -> list[int]:
    """The mock peers that run."""
    home = os.fsencode(project.root)
    ours = [(pid, command) for pid, command in leftovers._commands() if "scripts.mock_agent" in command]
    found = [pid for pid, command in ours if " -c " not in command and "delivery.launch" not in command]
    return sorted(pid for pid in found if Path(f"/proc/{pid}/cwd").readlink() == Path(os.fsdecode(home)))


def both(project: Project) -> list[int]:
    """Wait until both mock peers run; return their process numbers."""
    until(lambda: len(peers_of(project)) == len(PEERS))
    return peers_of(project)


def one_of_each(project: Project) -> None:
    """Nothing runs twice: a supervisord, a tmux server, and the services and peers below them."""
    assert len(leftovers.supervisords(project)) == 1
    assert len(leftovers.tmux_servers(project.socket("tmux"))) == 1
    services = sorted(services_in(project.root).values())
    assert services == sorted(set(services))


def reads(project: Project, text: str) -> None:
    """A message reaches PeerA's inbox and is read."""
    before = {path.name for path in project.processed("PeerA").iterdir()}
    cccc(project.root, "send", f"a: {text}")
    until(
        lambda: any(
            text in path.read_text() for path in project.processed("PeerA").iterdir() if path.name not in before
        ),
        20,
        "the message is read",
    )


def remove_folder(path: Path) -> None:
    path.rename(path.with_name("aside"))  # at once: what is missing is made again
    shutil.rmtree(path.with_name("aside"))


def remove(path: Path) -> None:
    path.unlink()


def put_a_file(path: Path) -> None:
    path.unlink()
    path.write_text("not a socket")


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").touch()


def put_the_socket_of_another(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))


@pytest.mark.corpus(1)
@short
@pytest.mark.parametrize("harm", [remove, put_a_file, put_a_folder, put_the_socket_of_another])
def test_delivery_gets_its_tmux_server_back_by_itself(system: Project, harm: Callable[[Path], None]) -> None:
    path = system.socket("tmux")
    before, peers = tmux.server_pid(system), both(system)
    harm(path)
    until(lambda: tmux.listener(path) == before, 8, "the server listens again")
    reads(system, "are you there?")
    assert peers_of(system) == peers
    one_of_each(system)


@short
def test_attach_shows_a_session_whose_socket_is_gone(system: Project) -> None:
    before = tmux.server_pid(system)
    system.socket("tmux").unlink()
    with Terminal(system.root, "attach") as terminal:
        terminal.shows("PeerA")
        terminal.types("\x02d")
        assert terminal.ends() == 0
    assert tmux.server_pid(system) == before


@pytest.mark.corpus(1)
@short
@pytest.mark.parametrize("harm", [remove, put_a_file, put_a_folder])
def test_up_has_supervisord_make_its_socket_again(system: Project, harm: Callable[[Path], None]) -> None:
    daemon, server, peers = leftovers.supervisords(system), tmux.server_pid(system), both(system)
    harm(system.socket("supervisor"))
    said = cccc(system.root, "status")
    assert "supervisord is running, but its socket is gone" in said and "`cccc up`" in said
    assert "not running" not in said and "delivery" in said
    assert "socket is gone" in cccc(system.root, "doctor", code=None)
    assert "the project is running" in cccc(system.root, "clean", "--yes", code=1)
    assert "had lost its socket" in cccc(system.root, "up")
    assert "had lost its socket" not in cccc(system.root, "up")
    assert "socket is gone" not in cccc(system.root, "status")
    assert (leftovers.supervisords(system), tmux.server_pid(system), peers_of(system)) == (daemon, server, peers)
    reads(system, "on we go")
    one_of_each(system)


@short
def test_without_sockets_a_message_still_goes_through(system: Project) -> None:
    for name in ("supervisor", "tmux", "ledger", "facts"):
        system.socket(name).unlink()
    until(lambda: system.socket("ledger").exists() and system.socket("facts").exists(), 8, "the ledger binds again")
    reads(system, "no sockets")
    one_of_each(system)


@pytest.mark.corpus(1)
@short
@pytest.mark.parametrize("harm", [put_a_file, put_a_folder])
def test_the_ledger_makes_its_sockets_again(system: Project, harm: Callable[[Path], None]) -> None:
    paths = [system.socket(name) for name in ("ledger", "facts")]
    for path in paths:
        harm(path)
    until(lambda: all(path.is_socket() for path in paths), 8, "they are there again")
    cccc(system.root, "restart", "panel", "orchestrator")
    reads(system, "heard")


@short
def test_down_ends_all_without_any_socket(system: Project) -> None:
    for path in system.sockets.glob("*.sock"):
        path.unlink()
    assert "down, after" in cccc(system.root, "down")
    assert processes_in(system.root) == []


@short
def test_down_ends_all_without_the_run_folder(system: Project) -> None:
    remove_folder(system.run)
    assert "down, after" in cccc(system.root, "down")
    assert processes_in(system.root) == []


@pytest.mark.parametrize("project", ["deep"], indirect=True)
def test_a_removed_folder_of_sockets_is_made_again(system: Project) -> None:
    server, peers = tmux.server_pid(system), both(system)
    remove_folder(system.sockets)
    until(lambda: tmux.listener(system.socket("tmux")) == server, 8, "the server listens again")
    reads(system, "still here")
    assert "had lost its socket" in cccc(system.root, "up")
    assert peers_of(system) == peers
    one_of_each(system)


@short
def test_a_removed_run_folder_is_made_again_and_nothing_starts_twice(system: Project) -> None:
    server, peers = tmux.server_pid(system), both(system)
    before = {row.name: row.pid for row in supervisor.processes(system) if row.pid}
    remove_folder(system.run)
    locks = [system.run / f"{name}.lock" for name in before]
    until(lambda: len(leftovers._holders(locks)) == len(locks), 10, "the locks are held again")
    assert sorted(leftovers._holders(locks)) == sorted(before.values())
    until(lambda: tmux.listener(system.socket("tmux")) == server, 8, "the server listens again")
    reads(system, "still here")
    assert "had lost its socket" in cccc(system.root, "up")
    assert peers_of(system) == peers
    one_of_each(system)
    reads(system, "and now")


@short
def test_a_service_that_is_killed_without_the_run_folder_comes_back(system: Project) -> None:
    row = next(row for row in supervisor.processes(system) if row.name == "orchestrator")
    remove_folder(system.run)
    os.kill(row.pid, 9)

    def again() -> bool:
        try:
            beats = {beat.by: beat for beat in bus.beats(system)}
        except NotRunning:
            return False
        return beats["orchestrator"].ready and beats["orchestrator"].pid != row.pid

    until(again, 15, "a new orchestrator")
    one_of_each(system)


@short
def test_two_ups_at_once_start_one(project: Project) -> None:
    cccc(project.root, "init")
    both = [
        subprocess.Popen([CCCC, "up", "--mock"], cwd=project.root, env=environment(), stdin=subprocess.DEVNULL)
        for _ in range(2)
    ]
    try:
        assert [one.wait(60) for one in both] == [0, 0]
        until(lambda: len(peers_of(project)) == len(PEERS))
        one_of_each(project)
    finally:
        cccc(project.root, "down")


@short
def test_a_project_that_is_moved_away_ends_and_starts_at_its_new_place(project: Project) -> None:
    with running(project.root):
        moved = project.root.with_name("moved")
        project.root.rename(moved)
        try:
            until(lambda: processes_in(moved) == [], 15, "all has ended")
            with running(moved) as there:
                reads(there, "hello from here")
                one_of_each(there)
            assert not project.root.exists(), sorted(project.root.rglob("*"))
        finally:
            moved.rename(project.root)


@short
def test_a_project_that_is_back_at_once_goes_on(system: Project) -> None:
    server = tmux.server_pid(system)
    aside = system.root.with_name("aside")
    system.root.rename(aside)
    aside.rename(system.root)
    reads(system, "it was nothing")
    assert tmux.server_pid(system) == server
    one_of_each(system)


@short
def test_foreground_stays_when_the_socket_is_gone(project: Project) -> None:
    cccc(project.root, "init")
    said = project.root.with_name("said")
    command = [str(CCCC), "up", "--mock", "--foreground"]
    with said.open("wb") as output:
        stays = subprocess.Popen(command, cwd=project.root, env=environment(), stdout=output, stderr=output)
    try:
        until(lambda: "are ready" in said.read_text(), 60)
        project.socket("supervisor").unlink()
        with pytest.raises(subprocess.TimeoutExpired):
            stays.wait(5)
        assert supervisor.is_up(project)
        assert "had lost its socket" in cccc(project.root, "up")
    finally:
        stays.terminate()
        assert stays.wait(15) == 0
    assert processes_in(project.root) == []
