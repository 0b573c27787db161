"""Machines and accounts that are not like ours: it works, or one line says what to do."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.common.machine import tmux
from cccc.common.paths import Project
from tests.command import CCCC, Terminal, cccc, environment, running
from tests.conftest import git, make_project
from tests.waiting import until


def reads(project: Project, text: str) -> None:
    """A message reaches both peers and is read."""
    mid = cccc(project.root, "send", f"both: {text}").strip()
    until(lambda: cccc(project.root, "trace", mid).count("ack-file") == 2, 30, cccc(project.root, "trace", mid))


def lands(project: Project, count: int) -> None:
    """A patch lands, and stands in this repository as the `count`th."""
    lines = (project.root / "README.md").read_text().splitlines()
    body = "".join(f" {line}\n" for line in lines)
    diff = f"--- a/README.md\n+++ b/README.md\n@@ -1,{len(lines)} +1,{len(lines) + 1} @@\n{body}+more {count}\n"
    (project.work / "fresh.diff").write_text(diff)
    (project.work / "fresh.diff").replace(project.peer("PeerA") / "patch.diff")
    until(lambda: f"more {count}\n" in git(project.root, "show", "HEAD:README.md"), 40, "the commit")
    assert git(project.root, "status", "--porcelain", "-uno") == ""


@pytest.mark.corpus(1)
@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/false", "/no/such/shell"])
def test_an_account_whose_shell_lets_nobody_in_has_panes(project: Project, shell: str) -> None:
    with running(project.root, SHELL=shell):
        reads(project, "hello")
        tmux.call(project, "new-window", "-d", "-n", "own")
        assert "own" in tmux.call(project, "list-windows", "-F", "#{window_name}")


@pytest.mark.parametrize("name", ["two\nlines", "a\x1b[1mb", os.fsdecode(b"caf\xe9")])
def test_a_path_that_no_fact_can_carry_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    root = make_project(tmp_path / name).root
    for command in ("init", "up"):
        said = cccc(root, command, code=1)
        assert "rename the folder" in said and len(said.splitlines()) == 1
    for command in ("status", "doctor", "down"):
        cccc(root, command, code=None)


def test_few_open_files_are_enough(project: Project) -> None:
    cccc(project.root, "init")

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    command = [str(CCCC), "up", "--mock"]
    try:
        done = subprocess.run(
            command, cwd=project.root, env=environment(), preexec_fn=few, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        reads(project, "hello")
    finally:
        cccc(project.root, "down")


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_obstacle(project: Project, closed: str) -> None:
    cccc(project.root, "init")
    try:
        shell = f'exec "{CCCC}" up --mock {closed}'
        subprocess.run(["sh", "-c", shell], cwd=project.root, env=environment(), timeout=60, check=True)
        reads(project, "hello")
    finally:
        cccc(project.root, "down")


def test_a_removed_processed_folder_is_made_again(system: Project) -> None:
    shutil.rmtree(system.processed("PeerA"))
    reads(system, "once")
    shutil.rmtree(system.processed("PeerB"))
    until(system.processed("PeerB").is_dir, what="it is made again")
    shutil.rmtree(system.processed("PeerB"))
    system.processed("PeerB").write_text("a message that was moved to the folder's name")
    until(system.processed("PeerB").is_dir, what="it is a folder again")
    reads(system, "twice")
    (kept,) = system.peer("PeerB").glob("processed.*")
    assert kept.read_text().startswith("a message")


_NO_FILES = """
set -eu
mount -t tmpfs -o size=900m,nr_inodes=3000 tmpfs "$1"
cd "$1" && git init -q -b main . && git config user.email a@example.org && git config user.name a
git commit -q --allow-empty -m base
cccc init >/dev/null && cccc up --mock >/dev/null && mkdir fill
python3 -c 'import itertools
for n in itertools.count():
    open(f"fill/{n}", "x").close()' 2>/dev/null || true
end=$(($(date +%s) + 12))
while [ "$(date +%s)" -lt $end ]; do sleep 1; done # as long as four restarts would take
cccc status || true
echo "ended: $(grep -c exited: .cccc/logs/supervisord.log)"
rm -r fill
cccc send "a: again" || true
until ls .cccc/mailbox/peerA/processed | grep -q cli; do sleep 0.2; done
echo "read"
cccc down
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a file system with few inodes")
def test_services_wait_on_a_disk_that_can_hold_no_more_files(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    able = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", tmp_path / "disk"], capture_output=True)
    if able.returncode:
        pytest.skip("no user and mount namespaces here")
    env = environment(PATH=f"{CCCC.parent}:{os.environ['PATH']}")
    command = ["unshare", "-rm", "sh", "-c", _NO_FILES, "sh", str(tmp_path / "disk")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "more files (inodes)" in done.stdout and "ended: 0\n" in done.stdout and "read\n" in done.stdout


def test_a_time_zone_that_no_date_can_carry_is_left_out(project: Project) -> None:
    with running(project.root, TZ="XXX-25:17"):
        reads(project, "hello")
        for command in (["status"], ["doctor"], ["ledger", "show", "-n", "3"], ["queue"]):
            assert "TZ=XXX-25:17 is not a usable time zone" in cccc(project.root, *command, code=None, TZ="XXX-25:17")


@pytest.mark.parametrize("kind", ["foo-bar", "dumb", ""])
def test_attach_says_what_to_do_in_a_terminal_that_tmux_cannot_use(system: Project, kind: str) -> None:
    with Terminal(system.root, "attach", TERM=kind) as terminal:
        terminal.shows("TERM=xterm-256color cccc attach")
        assert terminal.ends() == 1


def test_any_other_sign_in_a_path_is_no_obstacle(tmp_path: Path) -> None:
    root = make_project(tmp_path / ('it\'s "q" 100% #{pane_id} $HOME;`x` \\ ünï ' + "n" * 180)).root
    with running(root) as project:
        reads(project, "hello")
        lands(project, 1)


@pytest.mark.parametrize("way", ["moved", "copied"])
def test_a_project_goes_on_at_another_place(project: Project, way: str) -> None:
    with running(project.root):
        lands(project, 1)
    head = git(project.root, "rev-parse", "HEAD")
    place = project.root.with_name(way)
    if way == "moved":
        project.root.rename(place)
    else:
        shutil.copytree(project.root, place, symlinks=True)
    with running(place) as there:
        reads(there, "hello")
        lands(there, 2)
    if way == "copied":
        assert git(project.root, "rev-parse", "HEAD") == head
        assert git(project.root, "status", "--porcelain", "-uno") == ""
