"""A real supervisord, whose services are stand-ins that only hold their locks."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.errors import NotFound, NotRunning
from cccc.common.machine import leftovers, supervisor
from cccc.common.paths import Project
from cccc.common.registry import SERVICES
from tests.conftest import make_project
from tests.waiting import until

NAMES = [service.name for service in SERVICES]

# Holds its lock, leaves on SIGTERM or when its parent goes; deaf to both where a file says so.
STAND_IN = """
import fcntl, os, pathlib, signal, sys, time

name = sys.argv[1]
home = pathlib.Path(os.environ["CCCC_HOME"])
if (home / "broken").exists():
    sys.exit("it is broken")
if (home / "slow").exists():
    time.sleep(600)  # for ever: it never gets ready
lock = open(home / "state" / "run" / f"{name}.lock", "a+b")
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0)
lock.write(str(os.getpid()).encode())
lock.flush()


def leave(*_):
    with open(home / "left", "a") as left:
        left.write(name + " ")
    sys.exit()


deaf = (home / "deaf").exists()
signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else leave)
print("umask %03o in %s" % (os.umask(0o077), os.getcwd()), flush=True)
if name == "panel" and (home / "chatty").exists():
    for _ in range(5 * 1024):
        print("x" * 1023, flush=True)
parent = int((home / "state" / "run" / "supervisord.pid").read_text())
while deaf or os.getppid() == parent:
    time.sleep(0.02)  # nothing tells of a parent's end
"""


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    render = supervisor.render
    monkeypatch.setattr(
        supervisor, "render", lambda bridges: render(bridges).replace("-m cccc.services.", f"{script} ")
    )


@pytest.fixture
def up(project: Project) -> Iterator[Project]:
    supervisor.start(project)
    wait_running(project)
    yield project
    supervisor.down(project)


def wait_running(project: Project) -> dict[str, int]:
    """Wait until every stand-in holds its lock. Returns their process numbers."""
    locks = [project.run / f"{name}.lock" for name in NAMES]

    def locked() -> bool:
        supervisor.processes(project)  # supervisord's loop sleeps unless it is asked something
        return len(leftovers._holders(locks)) == len(locks)

    until(locked, what="all stand-ins hold their locks")
    return {row.name: row.pid for row in supervisor.processes(project)}


def running(project: Project) -> list[str]:
    """The command lines of what runs for the project: supervisord, stand-ins, tmux."""
    mine = (str(project.run), str(project.socket("tmux")), str(project.root.parent / "stand_in.py"))
    return [command for _, command in leftovers._commands() if any(path in command for path in mine)]


def supervisord_pid(project: Project) -> int:
    return int((project.run / "supervisord.pid").read_text())


def test_services_run_in_the_projects_folder_with_umask_077(up: Project) -> None:
    rows = [row for row in supervisor.processes(up) if row.pid]
    assert [row.name for row in rows] == NAMES
    assert all(row.error == "" and time.time() - row.since < 10 for row in rows)
    for row in rows:
        assert row.log.read_text() == f"umask 077 in {up.root}\n"


def test_a_second_start_says_that_it_already_runs(up: Project) -> None:
    before = supervisord_pid(up)
    assert supervisor.start(up) is False
    assert supervisord_pid(up) == before


def test_two_starts_at_once_start_one(project: Project) -> None:
    project.make_run()
    started: list[bool] = []
    threads = [threading.Thread(target=lambda: started.append(supervisor.start(project))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert sorted(started) == [False, True]
    finally:
        supervisor.down(project)


def test_down_stops_the_last_started_first_and_leaves_nothing(up: Project) -> None:
    start = time.monotonic()
    assert supervisor.down(up) is True
    assert time.monotonic() - start < 2
    assert (up.home / "left").read_text().split() == NAMES[::-1]
    assert running(up) == []
    assert list(up.sockets.glob("*.sock")) == []
    assert supervisor.down(up) is False


def test_down_kills_what_does_not_leave(project: Project) -> None:
    (project.home / "deaf").touch()
    supervisor.start(project)
    wait_running(project)
    start = time.monotonic()
    assert supervisor.down(project) is True
    assert time.monotonic() - start < 2
    assert running(project) == []


def test_down_ends_the_orphans_of_a_killed_supervisord(project: Project) -> None:
    (project.home / "deaf").touch()
    supervisor.start(project)
    wait_running(project)
    os.kill(supervisord_pid(project), signal.SIGKILL)
    until(lambda: not supervisor.is_up(project))
    assert supervisor.down(project) is True
    assert running(project) == []


def test_a_service_whose_supervisord_died_while_it_started_leaves(project: Project) -> None:
    project.make_run()
    (project.run / "supervisord.pid").write_text("999999999\n")
    subprocess.run(
        [sys.executable, "-I", "-m", "cccc.services.ledger"],
        env={**os.environ, "CCCC_HOME": str(project.home), "SUPERVISOR_ENABLED": "1"},
        timeout=10,
        capture_output=True,
        check=True,
    )


def test_down_ends_a_supervisord_that_hangs(up: Project) -> None:
    os.kill(supervisord_pid(up), signal.SIGSTOP)
    start = time.monotonic()
    assert supervisor.down(up) is True
    assert time.monotonic() - start < 2.5
    assert running(up) == []


def test_down_ends_services_that_are_only_starting_when_supervisord_hangs(project: Project) -> None:
    (project.home / "slow").touch()
    supervisor.start(project)
    until(lambda: [row.name for row in supervisor.processes(project) if row.pid] == NAMES)
    os.kill(supervisord_pid(project), signal.SIGSTOP)
    assert supervisor.down(project) is True
    assert running(project) == []


def test_start_works_after_a_kill_with_stale_socket_and_pid_file(up: Project) -> None:
    os.kill(supervisord_pid(up), signal.SIGKILL)
    until(lambda: not leftovers._holders([up.run / f"{name}.lock" for name in NAMES]), what="orphans left")
    assert up.socket("supervisor").exists() and (up.run / "supervisord.pid").exists()
    assert supervisor.start(up) is True
    wait_running(up)


def test_a_service_that_fails_is_named_with_its_log_and_tried_again(project: Project) -> None:
    (project.home / "broken").touch()
    supervisor.start(project)
    try:
        rows = until(lambda: [row for row in supervisor.processes(project) if row.state == "BACKOFF"])
        assert "Exited too quickly" in rows[0].error
        assert "it is broken" in until(rows[0].log.read_text)
        (project.home / "broken").unlink()
        wait_running(project)
    finally:
        supervisor.down(project)


def test_the_wait_before_the_next_try_grows_by_a_second_each_time(project: Project) -> None:
    (project.home / "broken").touch()
    supervisor.start(project)
    waits: list[float] = []

    def three() -> bool:
        row = supervisor.processes(project)[0]
        wait = row.next_try - row.since
        if row.state == "BACKOFF" and wait not in waits:
            waits.append(wait)
        return len(waits) == 3

    try:
        until(three, 20)
        assert waits == [1, 2, 3]
        (project.home / "broken").unlink()
        wait_running(project)
        until(lambda: supervisor.processes(project)[0].state == "RUNNING")
        assert {row.next_try for row in supervisor.processes(project)} == {0.0}
    finally:
        supervisor.down(project)


def test_restart_gives_the_named_services_new_processes(up: Project) -> None:
    before = wait_running(up)
    supervisor.restart(up, ["panel", "delivery"])
    after = wait_running(up)
    assert {name for name in NAMES if before[name] != after[name]} == {"panel", "delivery"}
    assert (up.home / "left").read_text().split() == ["panel", "delivery"]


def test_restart_of_an_unknown_service_names_the_known(up: Project) -> None:
    with pytest.raises(NotFound, match=r"unknown service pannel; choose from ledger, .*panel"):
        supervisor.restart(up, ["panel", "pannel"])


def test_a_killed_service_comes_back(up: Project) -> None:
    before = wait_running(up)["delivery"]
    os.kill(before, signal.SIGKILL)
    until(lambda: supervisor.processes(up)[NAMES.index("delivery")].pid not in (0, before))


def test_a_bridge_runs_only_where_it_is_named(project: Project) -> None:
    supervisor.start(project, ["bridge-slack"])
    try:
        until(lambda: [row.name for row in supervisor.processes(project) if row.pid] == [*NAMES, "bridge-slack"])
        left_out = [row for row in supervisor.processes(project) if not row.pid]
        assert [(row.name, row.state, row.error) for row in left_out] == [
            ("bridge-telegram", "STOPPED", ""),
            ("bridge-discord", "STOPPED", ""),
        ]
        supervisor.restart(project)
        until(lambda: [row.name for row in supervisor.processes(project) if row.pid] == [*NAMES, "bridge-slack"])
    finally:
        supervisor.down(project)


def test_questions_to_a_project_that_is_down_say_so(project: Project) -> None:
    project.make_run()
    for ask in (supervisor.processes, supervisor.restart):
        with pytest.raises(NotRunning, match="cccc up"):
            ask(project)
    assert supervisor.down(project) is False


def test_down_ends_tmux_and_what_ignores_hangups_in_its_panes(project: Project) -> None:
    project.make_run()
    tmux = ["tmux", "-u", "-S", str(project.socket("tmux")), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", f"trap '' HUP; echo $$ >{project.home}/pane; sleep 600"], check=True)
    until(lambda: (project.home / "pane").exists())
    assert supervisor.down(project) is True
    assert running(project) == []
    pane = int((project.home / "pane").read_text())
    assert pane not in [pid for pid, _ in leftovers._commands()]
    assert not project.socket("tmux").exists()


def test_down_ends_a_tmux_that_hangs(project: Project) -> None:
    project.make_run()
    tmux = ["tmux", "-u", "-S", str(project.socket("tmux")), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "sleep 600"], check=True)
    printed = subprocess.run([*tmux, "display-message", "-p", "#{pid}"], check=True, capture_output=True)
    os.kill(int(printed.stdout), signal.SIGSTOP)
    assert supervisor.down(project) is True
    assert running(project) == []


def test_down_ends_a_tmux_that_has_lost_its_socket(project: Project) -> None:
    project.make_run()
    tmux = ["tmux", "-u", "-S", str(project.socket("tmux")), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "sleep 600"], check=True)
    project.socket("tmux").unlink()
    assert supervisor.down(project) is True
    assert running(project) == []


def test_down_ends_a_tmux_whose_project_has_lost_its_state(project: Project) -> None:
    project.make_run()
    tmux = ["tmux", "-u", "-S", str(project.socket("tmux")), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "sleep 600"], check=True)
    shutil.rmtree(project.state)
    assert supervisor.down(project) is True
    assert leftovers.tmux_servers(project.socket("tmux")) == []


def test_down_leaves_a_persons_own_tmux_alone_that_was_started_to_show_ours(project: Project, tmp_path: Path) -> None:
    project.make_run()
    tmux = ["tmux", "-S", str(tmp_path / "own")]
    shows = ["sh", "-c", f"tmux -S {project.socket('tmux')} attach; sleep 600"]
    subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", *shows], check=True)
    try:
        assert supervisor.down(project) is False
        assert subprocess.run([*tmux, "has-session"], check=False).returncode == 0
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def test_down_ends_a_check_of_the_gate(project: Project) -> None:
    project.make_run()
    lock = (project.run / "check.lock").open("w+b")
    fcntl.flock(lock, fcntl.LOCK_EX)
    check = subprocess.Popen(["sh", "-c", "sleep 600; :"], start_new_session=True, pass_fds=[lock.fileno()])
    lock.write(str(check.pid).encode())
    lock.close()
    assert supervisor.down(project) is True
    assert check.wait(5) == -signal.SIGKILL
    until(lambda: not leftovers._holders([project.run / "check.lock"]))


def test_two_projects_do_not_notice_each_other(up: Project, tmp_path: Path) -> None:
    second = make_project(tmp_path / "second")
    supervisor.start(second)
    wait_running(second)
    before = wait_running(up)
    assert supervisor.down(second) is True
    assert not leftovers._holders([second.run / f"{name}.lock" for name in NAMES])
    assert wait_running(up) == before


@pytest.mark.parametrize("name", ["a b", "100%", "a ;b #c", 'it\'s "q"', "ünï", "x" * 130])
def test_any_name_of_the_projects_folder_works(name: str, tmp_path: Path) -> None:
    project = make_project(tmp_path / name)
    supervisor.start(project)
    try:
        wait_running(project)
        ask = [sys.executable, *leftovers.supervisord(project)[:1], "supervisor.supervisorctl"]
        ask += [*leftovers.supervisord(project)[2:], "pid"]
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)
        assert answer.stdout.strip() == str(supervisord_pid(project))
    finally:
        supervisor.down(project)
    assert running(project) == []


def test_modules_in_the_projects_folder_do_not_enter_supervisord(project: Project) -> None:
    for module in ("secrets", "xmlrpc", "socket"):
        (project.root / f"{module}.py").write_text("raise SystemExit('planted')")
    supervisor.start(project)
    wait_running(project)
    assert supervisor.down(project) is True


def test_the_log_of_a_service_is_rotated(project: Project) -> None:
    (project.home / "chatty").touch()
    supervisor.start(project)
    try:
        wait_running(project)
        log = project.service_log("panel")
        until(lambda: log.with_name("panel.log.2").exists(), what="two older logs")
        assert all(path.stat().st_size < 1.1 * 1024 * 1024 for path in project.logs.glob("panel.log*"))
    finally:
        supervisor.down(project)
    assert len(list(project.logs.glob("panel.log*"))) == 3


def test_a_socket_that_nobody_serves_is_no_supervisord(project: Project) -> None:
    project.make_run()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(project.socket("supervisor")))
    assert not supervisor.is_up(project)
    assert supervisor.start(project) is True
    supervisor.down(project)


def test_nothing_is_left_in_the_temporary_folder() -> None:
    """supervisord puts logs of programs without a log file there."""
    assert not list(Path(tempfile.gettempdir()).glob("*---cccc-*.log"))
