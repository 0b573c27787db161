"""From the start of a pane through the user's login shell to the CLI, whatever its profile does."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from cccc.common import facts
from cccc.common.machine import leftovers
from cccc.common.paths import Project
from cccc.services.delivery.running import login_shell
from tests.services.delivery.conftest import Desk
from tests.waiting import until

SHELLS = [name for name in ("bash", "dash", "fish", "ksh", "zsh") if shutil.which(name)]


def profile(desk: Desk, text: str) -> None:
    desk.environment["SHELL"] = str(shutil.which("bash"))
    (desk.project.home / ".bash_profile").write_text(f"{text}\n")


def works(desk: Desk) -> bool:
    mid = desk.hand("PeerA")
    return until(lambda: any(fact.mid == mid for fact in desk.heard(facts.AckFile)), 20, mid)


@pytest.mark.parametrize(
    "text",
    [
        "cd /",
        "cd() { echo not there; }; builtin cd /",
        "set -e; set -u; set -o noclobber",
        "echo words of the day; printf '\\033[2J'",
    ],
)
def test_the_cli_runs_in_the_project_whatever_the_profile_does(desk: Desk, text: str) -> None:
    where = desk.project.home / "where"
    profile(desk, text)
    desk.environment["CODEX_I_CMD"] = f"sh -c 'pwd -P >{where}; sleep 60'"
    desk.up()
    until(lambda: where.exists() and where.read_text(), 10, "the profile")
    assert where.read_text() == f"{desk.project.root.resolve()}\n"
    assert works(desk)
    assert desk.heard(facts.PeerExited) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("exec sh -i", "the login profile started `sh -i` instead of the CLI"),
        ("exec sleep 600", "the login profile started `sleep 600` instead of the CLI"),
        ("exit 1", "the login profile ended the shell (exit 1)"),
    ],
)
def test_a_profile_that_never_comes_to_the_cli_is_told_and_left_out(desk: Desk, text: str, status: str) -> None:
    profile(desk, text)
    desk.up()
    assert {fact.status for fact in desk.await_(facts.PeerExited, 2, 20)} == {status}
    assert works(desk)
    desk.kill()
    desk.again()
    assert works(desk)
    assert len(desk.heard(facts.PeerStarted)) == 4


def test_a_slow_profile_is_waited_for_and_nothing_is_typed_meanwhile(desk: Desk) -> None:
    profile(desk, "printf '\\u276f \\n'; sleep 3")
    desk.up()
    desk.await_(facts.PeerStarted, 2)
    mid = desk.hand("PeerA")
    assert not login_shell.is_over(login_shell.mark(desk.project, "PeerA"))
    until(lambda: any(fact.mid == mid for fact in desk.heard(facts.AckFile)), 20, mid)
    assert desk.heard(facts.PeerExited) == [] and desk.heard(facts.NudgeLost) == []


def test_a_profile_that_waits_is_said_to_run(project: Project) -> None:
    project.make_run()
    login_shell.Way.begin(project, "PeerA")
    with subprocess.Popen(["sh", "-c", f"sleep 60; : {login_shell.mark(project, 'PeerA').name}"]) as shell:
        on_the_way = login_shell.Way(project, "PeerA", time.time() - 25)
        assert not on_the_way.look(shell.pid)
        assert on_the_way.stands.startswith("the login profile runs for 25 s") and not on_the_way.instead
        shell.kill()


def test_a_shell_that_dies_at_the_end_cleans_up_before_it_is_killed(desk: Desk) -> None:
    lock = desk.project.home / "lock"
    slow = desk.project.home / "rehash"
    slow.write_text(f"#!/bin/bash\ntrap 'sleep 0.6; rm -f {lock}' EXIT\ntouch {lock}\nsleep 60\n")
    slow.chmod(0o755)
    profile(desk, str(slow))
    desk.environment["CODEX_I_CMD"] = "sleep 600"
    desk.up()
    until(lock.exists, 10, "the profile")
    desk.kill()
    assert leftovers.end(desk.project, [])
    assert not lock.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_login_shell_comes_to_the_folder_and_marks_it(project: Project, tmp_path: Path, shell: str) -> None:
    project.make_run()
    login_shell.Way.begin(project, "PeerB")
    program = str(shutil.which(shell))
    line = login_shell.to(project, "PeerB", program) + "exec pwd"
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([program, "-l", "-c", line], cwd="/", env=env, capture_output=True, text=True, check=True)
    assert done.stdout == f"{project.root}\n"
    assert login_shell.is_over(login_shell.mark(project, "PeerB"))
