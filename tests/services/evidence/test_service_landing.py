"""The gate as a service: what lands, in which order, and what it waits for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import CALC, Bench, refused
from tests.waiting import until


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def test_a_green_patch_lands_as_one_commit_of_its_own_paths(bench: Bench) -> None:
    diff = bench.diff({"src/calc.py": CALC + b"# doubled\n", "docs/new.md": b"new\n"})
    repos.write(bench.root, {"src/other.py": b"x = 2  # mine\n", "mine.txt": b"untracked\n", "staged.txt": b"s\n"})
    git.run(bench.root, "add", "staged.txt")
    paths = ("src/calc.py", "docs/new.md")
    before = repos.picture(bench.root, paths)
    bench.gate(TEST_CMD="test -f docs/new.md && grep -q doubled src/calc.py && echo 3 passed in 0.1s")
    bench.queue(diff)
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit), fact
    assert bench.kinds() == ["patch-queued", "patch-branch", "lint", "test", "patch-landing", "patch-commit"]
    assert repos.picture(bench.root, paths) == before
    assert (fact.paths, fact.lines, fact.tests_ok) == (sorted(paths), 2, True)
    assert git.look(bench.root).head == fact.commit
    assert git.run(bench.root, "show", "--name-only", "--format=", "HEAD").stdout.split() == [
        b"docs/new.md",
        b"src/calc.py",
    ]
    message = git.run(bench.root, "log", "-1", "--format=%an%n%B").stdout.decode()
    test = bench.wait(f.Test)
    assert isinstance(test, f.Test)
    assert message.startswith("Someone\nUpdate docs/new.md and src/calc.py\n\nCccc-Mid: m1\nCccc-Peer: PeerA\n")
    assert f"Cccc-Patch: {hashlib.sha256(diff).hexdigest()}\nCccc-Evidence: {test.sha}\n" in message
    assert git.run(bench.root, "status", "--porcelain", "--", *paths).stdout == b""


def test_an_edit_of_the_user_holds_the_patch_until_the_way_is_free(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "uncommitted edits in docs/a.md" in held.reason
    assert (bench.root / "docs/a.md").read_bytes() == b"mine\n"
    git.run(bench.root, "checkout", "--", "docs/a.md")
    assert isinstance(bench.outcome(), f.PatchCommit)
    reasons = [fact.reason for fact in bench.facts("m1") if isinstance(fact, f.PatchHeld)]
    assert len(reasons) == 1 or any(".lock" in reason for reason in reasons), reasons  # of that checkout itself


def test_a_commit_of_the_user_meanwhile_has_the_patch_checked_again(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    go = bench.beside / "go"
    bench.gate(TEST_CMD=f"echo run >> {bench.beside}/runs; until test -e {go}; do sleep 0.02; done")
    bench.queue(diff)
    until((bench.beside / "runs").exists)
    git.run(bench.root, "commit", "-q", "--allow-empty", "-m", "mine")
    mine = git.look(bench.root).head
    go.touch()
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "HEAD^") == mine
    assert (bench.beside / "runs").read_text() == "run\nrun\n"


def test_a_patch_waits_for_the_branch_it_belongs_to(bench: Bench) -> None:
    bench.gate()
    git.run(bench.root, "checkout", "-q", "--detach")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "detached" in held.reason
    git.run(bench.root, "checkout", "-q", "main")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_patch_waits_for_the_first_commit_of_a_repository(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    git.run(bench.root, "checkout", "-q", "--orphan", "empty")
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and held.reason.startswith("the repository has no commits yet")
    git.run(bench.root, "commit", "-q", "-m", "begin")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_hook_that_refuses_is_a_refusal_with_its_words(bench: Bench) -> None:
    hook = bench.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho no, says the hook\nexit 1\n")
    hook.chmod(0o755)
    bench.gate()
    assert "no, says the hook" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_a_hook_that_changes_content_is_a_refusal(bench: Bench) -> None:
    hook = bench.root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho more >> docs/a.md\ngit add docs/a.md\n")
    hook.chmod(0o755)
    bench.gate()
    assert "changed the commit's content" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def added(path: str, content: str = "x", mode: str = "100644") -> bytes:
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{content}\n"
    ).encode()


def test_patches_land_in_the_order_they_came(bench: Bench) -> None:
    bench.gate()
    bench.queue(added("docs/one"), "m1")
    bench.queue(b"--- a/docs/one\n+++ b/docs/one\n@@ -1 +1 @@\n-x\n+y\n", "m2")
    assert isinstance(bench.outcome("m2"), f.PatchCommit)
    assert (bench.root / "docs/one").read_bytes() == b"y\n"


POINTS = ["committed", "landing-locked", "files-written", "index-written", "ref-moved", "landed"]


@pytest.mark.corpus(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_gate_killed_anywhere_lands_once(bench: Bench, tmp_path: Path, point: str) -> None:
    diff = bench.diff({"docs/a.md": b"b\n", "docs/new.md": b"n\n"})
    repos.write(bench.root, {"src/other.py": b"mine\n"})
    before = repos.picture(bench.root, ("docs/a.md", "docs/new.md"))
    faults = tmp_path / "faults"
    faults.mkdir()
    (faults / f"evidence.{point}").touch()
    gate = bench.gate(CCCC_FAULTS=str(faults))
    bench.queue(diff)
    assert gate.wait(15) == -9
    bench.gate()
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert bench.kinds().count("patch-commit") == 1
    assert git.line(bench.root, "rev-list", "--count", "--grep=Cccc-Mid: m1", "HEAD") == "1"
    assert repos.picture(bench.root, ("docs/a.md", "docs/new.md")) == before
    assert git.run(bench.root, "status", "--porcelain", "--", "docs").stdout == b""


def test_a_held_patch_lets_those_behind_it_pass_and_is_checked_again_on_their_base(bench: Bench) -> None:
    first, second = bench.diff({"docs/a.md": b"b\n"}), bench.diff({"src/other.py": b"x = 2\n"})
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    bench.gate(TEST_CMD=f"git rev-parse HEAD >> {bench.beside}/bases")
    bench.queue(first)
    bench.wait(f.PatchHeld)
    bench.queue(second, "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit)
    assert "patch-commit" not in bench.kinds() and (bench.root / "docs/a.md").read_bytes() == b"mine\n"
    git.run(bench.root, "checkout", "--", "docs/a.md")
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "HEAD^") == landed.commit
    old = git.line(bench.root, "rev-parse", "HEAD~2")
    assert (bench.beside / "bases").read_text().split() == [old, old, landed.commit]
    assert bench.kinds().count("patch-held") == 1


def test_a_patch_whose_branch_was_renamed_is_held_with_what_to_do(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"until test -e {bench.beside}/go; do sleep 0.02; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    bench.wait(f.PatchBranch)
    git.run(bench.root, "branch", "-m", "main", "trunk")
    (bench.beside / "go").touch()
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and held.reason.startswith("main was renamed or deleted, and trunk is")
    git.run(bench.root, "branch", "-m", "trunk", "main")
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_patch_for_another_branch_does_not_block_the_one_that_is_checked_out(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"until test -e {bench.beside}/go; do sleep 0.02; done")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    bench.wait(f.PatchBranch)
    git.run(bench.root, "checkout", "-q", "-b", "other")
    (bench.beside / "go").touch()
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "other is checked out, not main" in held.reason
    bench.queue(added("docs/new"), "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit) and landed.branch == "refs/heads/other"
    git.run(bench.root, "checkout", "-q", "main")
    back = bench.outcome()
    assert isinstance(back, f.PatchCommit) and back.branch == "refs/heads/main"


def mailed(bench: Bench, message: str) -> bytes:
    """A patch as `git format-patch` writes it of a commit with this message, which the branch does not have."""
    repos.write(bench.root, {"docs/a.md": b"b\n"})
    git.run(bench.root, "commit", "-qam", message)
    patch = git.run(bench.root, "format-patch", "--stdout", "-1").stdout
    git.run(bench.root, "reset", "-q", "--hard", "HEAD^")
    return patch


def test_a_commit_has_the_words_of_its_patch_and_the_trailers_of_the_gate(bench: Bench) -> None:
    patch = mailed(bench, "Read docs\n\nThey were not read.\n\nCccc-Decision: rfd-1\nSigned-off-by: A <a@b>")
    bench.gate()
    bench.queue(patch)
    assert isinstance(bench.outcome(), f.PatchCommit)
    message = git.line(bench.root, "log", "-1", "--format=%B")
    assert message.startswith(
        "Read docs\n\nThey were not read.\n\n> Cccc-Decision: rfd-1\n> Signed-off-by: A <a@b>\n\n"
    )
    trailers = git.line(bench.root, "log", "-1", "--format=%(trailers:only,keyonly)").split()
    assert trailers == ["Cccc-Mid", "Cccc-Peer", "Cccc-Patch"]


def test_a_landing_says_the_subject_of_its_commit_as_the_hooks_left_it(bench: Bench) -> None:
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit) and landed.subject == "Update docs/a.md"
    hook = bench.root / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nsed -i '1s/^/docs: /' \"$1\"\n")
    hook.chmod(0o755)
    bench.queue(bench.diff({"docs/a.md": b"c\n"}), "m2")
    landed = bench.outcome("m2")
    assert isinstance(landed, f.PatchCommit) and landed.subject == "docs: Update docs/a.md"


def test_a_token_in_the_words_of_a_patch_is_refused_before_any_check(bench: Bench) -> None:
    patch = mailed(bench, "Log in with ghp_" + "a" * 36)
    bench.gate(TEST_CMD="touch ran")
    bench.queue(patch)
    refusal = bench.outcome()
    assert isinstance(refusal, f.PatchReject) and refusal.reason.startswith(
        "commit-message: it contains what looks like"
    )
    assert "ghp_" not in refusal.reason and not list(bench.root.rglob("ran"))


def test_the_subject_of_commits_follows_the_template(bench: Bench) -> None:
    bench.settings('gate: {commit_subject: "docs: {subject} ({peer})"}')
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert git.line(bench.root, "log", "-1", "--format=%s") == "docs: Update docs/a.md (PeerA)"
