"""A whole system where a person's machine is not like ours."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from cccc.common.machine import leftovers, supervisor, tmux
from cccc.common.paths import Project
from tests.command import cccc, processes_in, running
from tests.conftest import git, make_project
from tests.waiting import until

WEIRD_TMUX = """\
set -g base-index 1
set -g pane-base-index 1
set -g prefix C-a
set -g remain-on-exit off
set -g default-command "false"
set -g default-shell /bin/false
set -g status off
no such command
"""
PLANTED = ("secrets", "zmq", "msgpack", "click", "yaml", "supervisor", "cccc")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project below the top of a repository with a long name, in a C locale, inside of another, odd tmux."""
    place = tmp_path_factory.mktemp("odd")
    home = place / "home"
    home.mkdir()
    (home / ".tmux.conf").write_text(WEIRD_TMUX)
    top = place / ("long." * 25) / "a b.c d"
    make_project(top)
    shutil.rmtree(top / ".cccc")
    root = top / "apps" / "my web"
    root.mkdir(parents=True)
    (root / "page.txt").write_text("hello\n")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "a page")
    for name in PLANTED:
        (root / f"{name}.py").write_text("raise SystemExit('planted')\n")
    around = {"HOME": str(home), "TMUX": "/nowhere/default,1,0", "TMUX_PANE": "%9", "LC_ALL": "C", "SHELL": "/bin/sh"}
    with running(root, **around) as project:
        yield project


def delivered(project: Project, text: str) -> None:
    """Send a line and wait until both peers have read it."""
    mid = cccc(project.root, "send", f"both: {text}").strip()
    until(lambda: cccc(project.root, "trace", mid).count("ack-file") == 2, 20, cccc(project.root, "trace", mid))


def test_a_message_arrives_wherever_the_project_is(odd: Project) -> None:
    assert len(os.fsencode(odd.run)) > 108
    delivered(odd, "hällo ✓ 你好")


def test_a_patch_lands_in_a_project_below_the_top(odd: Project) -> None:
    fresh = odd.work / "fresh.diff"
    fresh.write_text("--- a/page.txt\n+++ b/page.txt\n@@ -1 +1,2 @@\n hello\n+world\n")
    fresh.replace(odd.peer("PeerA") / "patch.diff")
    until(lambda: "Cccc-Mid" in git(odd.root, "log", "-1"), 20, "the commit")
    assert (odd.root / "page.txt").read_text() == "hello\nworld\n"


def test_a_home_that_cannot_be_written_is_no_obstacle(project: Project) -> None:
    with running(project.root, HOME="/dev/null"):
        delivered(project, "hello")


def test_two_projects_at_once_do_not_notice_each_other(odd: Project, system: Project) -> None:
    delivered(system, "here")
    delivered(odd, "there")
    assert supervisor.call(odd, "getPID") != supervisor.call(system, "getPID")


def test_down_right_after_the_end_of_supervisord_leaves_no_process(project: Project) -> None:
    """The services are then about to leave on their own: each is waited for."""
    with running(project.root):
        os.kill(supervisor.call(project, "getPID"), signal.SIGKILL)
        locks = [project.run / f"{row}.lock" for row in ("ledger", "delivery", "evidence")]
        until(lambda: len(leftovers._holders(locks)) < len(locks), what="one that leaves")
        supervisor.down(project)
        assert processes_in(project.root) == []


def test_a_project_that_is_removed_takes_its_processes_with_it(project: Project) -> None:
    cccc(project.root, "init")
    cccc(project.root, "up", "--mock")
    pids = [supervisor.call(project, "getPID"), tmux.server_pid(project)]
    pids += [row.pid for row in supervisor.processes(project) if row.pid]
    pids += [pane.pid for pane in tmux.panes(project).values()]
    while project.root.exists():
        shutil.rmtree(project.root, ignore_errors=True)
    until(lambda: not any(pid in pids for pid, _ in leftovers._commands()), 10, "the end of all")
    assert leftovers.tmux_servers(project.socket("tmux")) == []
