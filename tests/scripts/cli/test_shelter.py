"""`.cccc` survives what git users do every day, and git in the user's repository does not notice it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.ledger import anchor
from cccc.common.paths import Project
from cccc.scripts.cli import shelter
from tests.command import cccc, services_in
from tests.conftest import git
from tests.waiting import until

EVERY_DAY = [
    "git clean -fdxq",
    "git clean -fdXq",
    "git clean -fdxq .",
    "git clean -fdxq .cccc",
    "git clean -fxq -e keep",
    "git stash --all -q",
    "git stash --all -q && git stash pop -q",
    "git stash -u -q",
    "git checkout -q --force && git reset -q --hard && git clean -fdxq",
    "git switch -q -c other && git switch -q -f main && git clean -fdxq",
    "git add -A && git commit -q -m all && git clean -fdxq",
    "git worktree add -q ../other-tree && git worktree remove --force ../other-tree && git clean -fdxq",
    "git submodule update --init --recursive -q && git gc -q && git clean -fdxq",
    "cd deep && git clean -fdxq ..",
]


def contents(project: Project) -> dict[str, bytes]:
    """What a person cannot make again."""
    folders = (project.settings, project.state, project.mailbox)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path): path.read_bytes() for path in files if path.parent.name != "run" and "index" not in path.name}


@pytest.fixture
def filled(project: Project) -> Project:
    """A project after a session, with a message that nobody has read."""
    cccc(project.root, "init")
    deep = project.root / "deep"
    deep.mkdir()
    (deep / "tracked").write_text("x\n")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "init")
    project.inbox("PeerA").joinpath("000001.m.txt").write_text("unread")
    project.state.joinpath("ledger.jsonl").write_text("lines\n")
    project.blobs.mkdir()
    project.blobs.joinpath("0" * 64).write_text("body")
    (project.root / "scratch").write_text("untracked")
    return project


@pytest.mark.corpus(5)
@pytest.mark.parametrize("what", EVERY_DAY)
def test_while_down_all_of_it_survives(filled: Project, what: str) -> None:
    before = contents(filled)
    subprocess.run(what, shell=True, cwd=filled.root, check=True, capture_output=True)
    assert len(before) > 8 and contents(filled) == before


def test_while_up_all_goes_on(system: Project) -> None:
    cccc(system.root, "send", "a: one")
    until(lambda: [fact for fact in ledger.read(system) if isinstance(fact, f.HandoffDelivered)], 20)
    running = services_in(system.root)
    for what in ("git clean -fdxq", "git stash --all -q"):
        (system.root / "scratch").write_text("untracked")
        subprocess.run(what, shell=True, cwd=system.root, check=True, capture_output=True)
    assert not (system.root / "scratch").exists()
    cccc(system.root, "send", "a: two")
    assert len(running) >= 5 and services_in(system.root) == running
    fresh = system.peer("PeerB") / ".fresh"
    fresh.write_text(
        "diff --git a/a.txt b/a.txt\nnew file mode 100644\n--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+a\n"
    )
    fresh.replace(system.peer("PeerB") / "patch.diff")
    until(lambda: [fact for fact in ledger.read(system) if isinstance(fact, f.PatchCommit)], 30)
    assert ": OK" in cccc(system.root, "ledger", "verify")


def test_the_users_git_does_not_notice_it(project: Project) -> None:
    git(project.root, "rm", "-q", ".gitignore")
    git(project.root, "commit", "-q", "-m", "none")
    cccc(project.root, "init")
    assert (project.root / ".gitignore").read_text() == "/.cccc/**\n"
    git(project.root, "add", "-A")
    assert git(project.root, "status", "--porcelain").splitlines() == ["A  .gitignore"]
    assert git(project.root, "submodule", "status") == ""
    git(project.root, "commit", "-q", "-m", "all")
    (project.root / ".gitignore").unlink()  # as in a branch that does not have the line yet
    git(project.root, "add", "-A")
    assert git(project.root, "status", "--porcelain").splitlines() == ["D  .gitignore"]


def test_an_older_project_is_sheltered_by_up(project: Project) -> None:
    cccc(project.root, "init")
    subprocess.run(["rm", "-rf", project.home / ".git"], check=True)
    exclude = project.root / ".git" / "info" / "exclude"
    exclude.write_text(exclude.read_text().replace("/.cccc/\n", ""))
    assert "git clean" in cccc(project.root, "doctor", code=None)
    try:
        cccc(project.root, "up", "--mock")
        git(project.root, "clean", "-fdxq")
        assert project.ledger.exists() and shelter.is_made(project)
        (project.home / ".git" / "HEAD").write_bytes(b"")  # a power loss
        cccc(project.root, "up")
        assert shelter.is_made(project)
    finally:
        cccc(project.root, "down")


def test_a_project_below_the_top_of_its_repository_is_sheltered(project: Project) -> None:
    sub = project.root / "a [b]"
    sub.mkdir()
    (sub / "tracked").write_text("x\n")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "sub")
    cccc(sub, "init")
    git(project.root, "clean", "-fdxq")
    assert (sub / ".cccc" / "settings").is_dir()
    git(project.root, "add", "-A")
    assert git(project.root, "status", "--porcelain", "-z").split("\0")[:-1] == []


@pytest.mark.parametrize("rules", ["*\n!*/\n!*.py\n", "tracked"])
def test_where_git_would_take_it_for_a_submodule_it_stays_a_folder_and_that_is_said(
    project: Project, rules: str
) -> None:
    if rules == "tracked":
        (project.settings / "policies.yaml").write_text("{}\n")
        git(project.root, "add", "-f", ".cccc/settings/policies.yaml")
    else:
        (project.root / ".gitignore").write_text(rules)
    assert "git clean -fdx" in cccc(project.root, "init")
    assert not (project.home / ".git").exists()
    git(project.root, "add", "-A")


def test_git_below_it_cannot_reach_the_users_repository_by_mistake(project: Project) -> None:
    cccc(project.root, "init")
    top = git(project.peer("PeerA"), "rev-parse", "--show-toplevel").strip()
    assert Path(top) == project.home.resolve()
    assert "not-the-project" in git(project.peer("PeerA"), "status")
    git(project.peer("PeerA"), "add", "-A")
    assert git(project.home, "status", "--porcelain") == ""


def test_after_a_doubled_force_the_loss_is_told(project: Project) -> None:
    cccc(project.root, "init")
    cccc(project.root, "up", "--mock")
    cccc(project.root, "down")
    end = ledger.end(project)
    git(project.root, "clean", "-ffdxq")
    assert not project.home.exists()
    cccc(project.root, "init")
    assert f"all of its {end} lines are gone" in cccc(project.root, "ledger", "verify", code=1)
    assert anchor.place(project)
