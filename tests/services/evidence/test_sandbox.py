"""Where a check runs: it sees the patched tree at the repository's own path, and nothing of it is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.checking import sandbox
from cccc.services.evidence.checking.sandbox import Mount, Sandbox
from tests.services.evidence import repos
from tests.waiting import until

NOBODY = 65534


class Place:
    """A repository with a gate tree, and a way to run a command in its sandbox as one user."""

    def __init__(self, root: Path, uid: int) -> None:
        gid = uid
        setpriv = ("env", f"HOME={root}", "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
        self.as_user = () if uid == os.getuid() else setpriv
        self.uid = uid
        self.repo = repos.make(root / "repo", {"content": b"the user's\n", ".gitignore": b"/.cccc/\n/lent/\n"})
        self.tree = self.repo.top / ".cccc" / "work" / "gate"
        repos.gate_tree(self.repo).reset(self.repo.head)
        (self.tree / "content").write_bytes(b"the gate's\n")
        box = sandbox.make_box(root / "box")
        for path in (root, *root.rglob("*")):
            os.lchown(path, uid, gid)
        isolation = sandbox.probe(box, uid, gid, self.as_user)
        if isolation.way != "bind":
            pytest.skip(isolation.why)
        self.sandbox = Sandbox(isolation, box, self.repo.top / ".cccc" / "work" / "scratch")

    def start(self, script: str, *mounts: Mount) -> subprocess.Popen[str]:
        argv = self.sandbox.wrap(["sh", "-c", script], self.repo, self.tree, mounts)
        for path in (self.repo.top / ".cccc").rglob("*"):
            os.lchown(path, self.uid, self.uid)
        command = [*self.as_user, *argv]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.tree)

    def run(self, script: str, *mounts: Mount) -> tuple[int, str]:
        child = self.start(script, *mounts)
        output, _ = child.communicate(timeout=20)
        return child.returncode, output


@pytest.fixture(params=["ourselves", "an ordinary user"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Not below the folder of the tests, which only its owner may enter."""
    if request.param == "an ordinary user" and os.getuid() != 0:
        pytest.skip("we are one")
    root = Path(subprocess.check_output(["mktemp", "-d", "-p", "/tmp"], text=True).strip())
    yield Place(root, os.getuid() if request.param == "ourselves" else NOBODY)
    shutil.rmtree(root)


def test_an_absolute_path_into_the_users_tree_finds_the_patched_content(place: Place) -> None:
    assert place.run(f"cat {place.repo.top}/content; pwd") == (0, f"the gate's\n{place.repo.top}\n")


def test_the_command_has_the_callers_own_uid_and_no_more_rights(place: Place) -> None:
    _code, output = place.run("id -u; id -g; umount / 2>&1 || grep CapEff /proc/self/status")
    assert output.startswith(f"{place.uid}\n{place.uid}\n")
    if place.uid:
        assert "CapEff:\t0000000000000000" in output


def test_git_works_inside_and_the_users_branches_cannot_be_moved(place: Place) -> None:
    _code, output = place.run("git -c safe.directory='*' status --short && git write-tree && git branch x")
    assert output.startswith(" M content\n")
    assert "Read-only file system" in output
    assert git.run(place.repo.top, "-c", "safe.directory=*", "branch").stdout == b"* main\n"


def test_the_projects_own_folder_is_out_of_reach(place: Place) -> None:
    assert place.run(f"ls -d {place.repo.top}/.cccc")[0] != 0


def test_what_leaves_its_session_ends_with_the_check(place: Place) -> None:
    mark = f"86{os.getpid()}"
    assert place.run(f"setsid sleep {mark} & until pgrep -f '^sleep {mark}' >/dev/null; do :; done")[0] == 0
    assert subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True).stdout == b""


def test_what_a_check_orphans_is_collected(place: Place) -> None:
    orphan = "(sh -c 'echo $$ > pid; exec sleep 0.1' &); until [ -s pid ]; do :; done"
    assert place.run(f"{orphan}; exec timeout 5 tail --pid=$(cat pid) -f /dev/null") == (0, "")


@pytest.mark.parametrize(("ending", "code"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_commands(place: Place, ending: str, code: int) -> None:
    assert place.run(ending)[0] == code


def test_a_lent_folder_is_seen_and_what_the_check_does_to_it_stays_with_the_check(place: Place) -> None:
    lent = place.repo.top / "lent"
    repos.write(lent, {"a": b"a\n"})
    lent.chmod(0o777)
    (place.tree / "lent").mkdir()
    mount = Mount(lent, place.tree / "lent")
    place.run("rm -f lent/a; echo b > lent/b", mount)
    assert [path.name for path in lent.iterdir()] == ["a"]
    assert place.run("cat lent/*", mount) == (0, "a\n")


def test_a_place_that_cannot_be_made_is_said_and_no_command_runs(place: Place) -> None:
    shutil.rmtree(place.repo.common / "objects")
    code, output = place.run("echo ran")
    assert code == sandbox.NOT_ISOLATED
    assert sandbox.COMPLAINT in output.splitlines()[-1] and "objects" in output.splitlines()[-1]


def test_a_killed_sandbox_takes_everything_with_it(place: Place) -> None:
    mark = f"87{os.getpid()}"
    child = place.start(f"setsid sleep {mark} & sleep {mark}")
    until(lambda: len(_running(mark)) == 2, 5, "the sleeps")
    child.kill()
    child.communicate()
    until(lambda: not _running(mark), 5, "nothing left")


def _running(mark: str) -> list[str]:
    done = subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_a_machine_without_namespaces_is_said_to_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    isolation = sandbox.probe(tmp_path, 0, 0)
    assert (isolation.way, isolation.why) == ("path", "unshare(1) is not installed")


def test_a_canary_that_finds_the_users_file_is_no_isolation(tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "unshare"
    repos.write(tmp_path, {"bin/unshare": b'#!/bin/sh\nfor last; do :; done\ncat "$last"; id -u; id -g\n'})
    fake.chmod(0o755)
    box = sandbox.make_box(tmp_path / "box")
    fooled = sandbox.probe(box, os.getuid(), os.getgid(), ("env", f"PATH={fake.parent}:{os.environ['PATH']}"))
    assert (fooled.way, fooled.why) == ("path", f"the user's {os.getuid()} {os.getgid()}")
