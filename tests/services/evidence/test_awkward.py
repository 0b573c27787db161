"""The gate in repositories that are not plain: submodules, LFS, linked work trees, locks, hooks, signing, odd names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.common import bus, ledger, terminal
from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench, refused
from tests.services.evidence.test_swap import immutable
from tests.waiting import until


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def hook(bench: Bench, name: str, text: str) -> None:
    path = bench.root / ".git" / "hooks" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def submodule(bench: Bench, tmp_path: Path) -> tuple[str, bytes]:
    """Add a submodule; return the commit it moves to and the diff that moves it there."""
    inner = repos.make(tmp_path / "inner", {"x": b"x\n"})
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.top), "docs/sub")
    git.run(bench.root, *add)
    git.run(bench.root, "commit", "-q", "-m", "submodule")
    repos.write(inner.top, {"x": b"y\n"})
    there = repos.commit(inner.top).head
    head = f"--- a/docs/sub\n+++ b/docs/sub\n@@ -1 +1 @@\n-Subproject commit {inner.head}\n+Subproject commit {there}\n"
    index = f"diff --git a/docs/sub b/docs/sub\nindex {inner.head[:7]}..{there[:7]} 160000\n"
    return there, (index + head).encode()


def test_a_submodule_is_not_moved_unless_the_settings_allow_it(bench: Bench, tmp_path: Path) -> None:
    _, diff = submodule(bench, tmp_path)
    bench.gate()
    said = refused(bench, diff)
    assert "docs/sub is a submodule" in said and "allow_submodules: true" in said


@repos.BOTH_ISOLATIONS
def test_a_submodule_that_the_setup_fills_is_there_for_the_checks_of_every_patch(
    bench: Bench, tmp_path: Path, isolation: str
) -> None:
    submodule(bench, tmp_path)
    setup = "git -c protocol.file.allow=always submodule update --init"
    bench.settings(f"gate: {{isolation: {isolation}, setup: '{setup}'}}")
    bench.gate(TEST_CMD="grep -q x docs/sub/x")
    for number in range(2):
        bench.queue(bench.diff({"docs/a.md": b"%d\n" % number}), f"m{number + 1}")
        landed = bench.outcome(f"m{number + 1}")
        assert isinstance(landed, f.PatchCommit), landed


@repos.NEEDS_BIND
def test_a_submodule_that_the_link_names_is_lent(bench: Bench, tmp_path: Path) -> None:
    submodule(bench, tmp_path)
    bench.settings("gate: {isolation: bind, link: [docs/sub]}")
    bench.gate(TEST_CMD="grep -q x docs/sub/x && echo y > docs/sub/x")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert (bench.root / "docs/sub/x").read_bytes() == b"x\n"


@repos.BOTH_ISOLATIONS
def test_a_submodule_is_there_for_the_checks_as_the_user_has_it_checked_out(
    bench: Bench, tmp_path: Path, isolation: str
) -> None:
    submodule(bench, tmp_path)
    (bench.root / "docs/sub/x").write_bytes(b"mine\n")
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate(TEST_CMD="grep -q mine docs/sub/x && git status --short && echo y > docs/sub/x")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit), landed
    assert (bench.root / "docs/sub/x").read_bytes() == b"mine\n"


def test_a_submodule_that_is_not_checked_out_is_named_where_the_checks_cannot_run(bench: Bench, tmp_path: Path) -> None:
    submodule(bench, tmp_path)
    git.run(bench.root, "submodule", "deinit", "-q", "-f", "docs/sub")
    bench.gate(TEST_CMD="cat docs/sub/x")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld)
    assert held.reason.endswith("; not checked out: docs/sub (git submodule update --init)")


@pytest.mark.parametrize("name", ["x", "new"])
def test_a_diff_that_reaches_into_a_submodule_is_told_so(bench: Bench, tmp_path: Path, name: str) -> None:
    submodule(bench, tmp_path)
    bench.gate(TEST_CMD="true")
    old = "--- a/docs/sub/x\n" if name == "x" else "--- /dev/null\n"
    hunk = "@@ -1 +1 @@\n-x\n+y\n" if name == "x" else "@@ -0,0 +1 @@\n+y\n"
    bench.queue(f"{old}+++ b/docs/sub/{name}\n{hunk}".encode())
    told = bench.wait(f.PatchPrecheckFail)
    assert isinstance(told, f.PatchPrecheckFail)
    assert f"docs/sub/{name} is in docs/sub, a submodule" in told.stderr


def test_a_submodule_is_moved_where_the_settings_allow_it(bench: Bench, tmp_path: Path) -> None:
    there, diff = submodule(bench, tmp_path)
    bench.settings("patch_queue: {allow_submodules: true}")
    bench.gate()
    bench.queue(diff)
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit)
    assert landed.notes[0].startswith(f"docs/sub moves to {there[:9]}; tested with ")
    assert git.line(bench.root, "rev-parse", "HEAD:docs/sub") == there
    assert (bench.root / "docs/sub/x").read_bytes() == b"x\n"


def test_a_pointer_of_lfs_lands_where_git_lfs_is_absent(bench: Bench) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"
    repos.write(bench.root, {".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n", "docs/x.bin": pointer})
    repos.commit(bench.root)
    diff = bench.diff({"docs/x.bin": pointer.replace(b"size 1", b"size 2")})
    bench.gate()
    bench.queue(diff)
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert b"size 2" in (bench.root / "docs/x.bin").read_bytes()


def test_where_lfs_is_required_and_absent_the_patch_waits_with_gits_words(bench: Bench) -> None:
    repos.write(bench.root, {".gitattributes": b"*.bin filter=lfs\n", "docs/x.bin": b"version 1\n"})
    repos.commit(bench.root)
    diff = bench.diff({"docs/a.md": b"b\n"})
    git.run(bench.root, "config", "filter.lfs.smudge", "no-such-lfs")
    git.run(bench.root, "config", "filter.lfs.required", "true")
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "no-such-lfs" in held.reason


def test_a_project_in_a_linked_work_tree_lands_there_and_leaves_the_main_one(
    tmp_path: Path, project: Project, service: Start
) -> None:
    linked = tmp_path / "linked"
    repos.write(project.root, {"docs/a.md": b"a\n"})
    main = repos.commit(project.root)
    git.run(project.root, "worktree", "add", "-q", "-b", "side", str(linked))
    before = repos.picture(project.root)
    project.home.rename(linked / ".cccc")
    object.__setattr__(project, "home", linked / ".cccc")
    bench = Bench(project, service)
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit) and landed.branch == "refs/heads/side"
    assert (linked / "docs/a.md").read_bytes() == b"b\n"
    assert git.run(linked, "status", "--porcelain", "--", "docs").stdout == b""
    assert git.look(main.top).head == main.head and repos.picture(main.top) == before


def test_a_stale_index_lock_holds_the_patch_with_its_path_until_it_is_gone(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    lock = bench.root / ".git" / "index.lock"
    lock.touch()
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and str(lock) in held.reason
    lock.unlink()
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_stale_lock_of_the_branch_holds_the_patch(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n"})
    lock = bench.root / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    before = repos.picture(bench.root)
    bench.gate()
    bench.queue(diff)
    held = bench.wait(f.PatchHeld)
    assert isinstance(held, f.PatchHeld) and "main.lock" in held.reason
    assert repos.picture(bench.root) == before
    lock.unlink()
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_a_landing_that_failed_half_way_is_undone_and_tried_again_by_itself(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n", "src/other.py": b"x = 2\n"})
    before = repos.picture(bench.root)
    bench.gate()
    with immutable(bench.root / "src/other.py"):
        bench.queue(diff)
        held = bench.wait(f.PatchHeld)
        assert isinstance(held, f.PatchHeld) and "src/other.py cannot be written" in held.reason
        assert repos.picture(bench.root) == before
    assert isinstance(bench.outcome(), f.PatchCommit)


def test_of_a_dropped_patch_whose_landing_failed_nothing_stays(bench: Bench) -> None:
    diff = bench.diff({"docs/a.md": b"b\n", "src/other.py": b"x = 2\n"})
    before = repos.picture(bench.root)
    bench.gate()
    with immutable(bench.root / "src/other.py"):
        bench.queue(diff)
        bench.wait(f.PatchHeld)
        bus.tell(bench.project, "cli", [f.PatchDrop(id="drop:m1", mid="m1")])
        assert isinstance(bench.outcome(), f.PatchReject)
    assert repos.picture(bench.root) == before
    assert not list((bench.root / ".git").glob("*landing*")) and not (bench.root / ".git/index.lock").exists()


def test_a_hook_that_rewrites_the_message_keeps_the_patch(bench: Bench) -> None:
    hook(bench, "commit-msg", 'echo "Reviewed-by: hook" >> "$1"')
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert "Reviewed-by: hook" in git.line(bench.root, "log", "-1", "--format=%B")


def stuck(bench: Bench) -> str:
    """Queue a green patch that git cannot commit; return why, of which the user is told at once and the author not."""
    before, head = repos.picture(bench.root), git.look(bench.root).head
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    waiting = bench.wait(f.PatchWaiting)
    assert isinstance(waiting, f.PatchWaiting)
    assert (repos.picture(bench.root), git.look(bench.root).head) == (before, head)
    assert "patch-held" in bench.kinds() and "patch-reject" not in bench.kinds()
    return waiting.reason


def test_a_signing_that_fails_is_the_users_trouble_with_gits_words(bench: Bench) -> None:
    git.run(bench.root, "config", "commit.gpgSign", "true")
    git.run(bench.root, "config", "gpg.program", "false")
    bench.gate()
    assert "git cannot sign the commit: error: gpg failed to sign" in stuck(bench)
    git.run(bench.root, "config", "commit.gpgSign", "false")
    terminal.save(bench.project)
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert bench.kinds().count("test") == bench.kinds().count("patch-held") == 1


def test_a_signing_key_that_is_missing_is_the_users_trouble(bench: Bench, tmp_path: Path) -> None:
    for key, value in (("commit.gpgSign", "1"), ("gpg.format", "ssh"), ("user.signingKey", str(tmp_path / "gone"))):
        git.run(bench.root, "config", key, value)
    bench.gate()
    assert "git cannot sign the commit" in stuck(bench)


def test_a_signing_that_prompts_is_the_users_trouble_when_its_time_is_over(bench: Bench, tmp_path: Path) -> None:
    asks = tmp_path / "asks"
    asks.write_text("#!/bin/sh\necho passphrase? >&2\nsleep 60\n")
    asks.chmod(0o755)
    git.run(bench.root, "config", "commit.gpgSign", "true")
    git.run(bench.root, "config", "gpg.program", str(asks))
    bench.settings("gate: {timeout_seconds: 0.5}")
    bench.gate()
    assert "git cannot sign the commit: stopped after 0.5 s" in stuck(bench)


def test_without_a_name_the_patch_waits_and_lands_once_there_is_one(bench: Bench, tmp_path: Path) -> None:
    for key in ("user.name", "user.email"):
        git.run(bench.root, "config", "--unset-all", key, check=False)
    git.run(bench.root, "config", "user.useConfigOnly", "true")
    nobody = {f"GIT_{who}_{what}": "" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    bench.gate(HOME=str(tmp_path), GIT_CONFIG_GLOBAL="/dev/null", **nobody)
    assert "git does not know who you are" in stuck(bench)


@pytest.mark.parametrize("hooked", [False, True])
def test_who_commits_is_asked_on_the_users_branch(bench: Bench, tmp_path: Path, hooked: bool) -> None:
    included = tmp_path / "on-this-branch"
    included.write_text("[user]\n\tname = Branch\n\temail = branch@example.com\n")
    branch = git.look(bench.root).branch.removeprefix("refs/heads/")
    git.run(bench.root, "config", f"includeIf.onbranch:{branch}.path", str(included))
    if hooked:
        hook(bench, "pre-commit", 'test "$GIT_AUTHOR_NAME" = Branch')
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    assert isinstance(bench.outcome(), f.PatchCommit)
    who = git.line(bench.root, "log", "-1", "--format=%an <%ae>, %cn <%ce>")
    assert who == "Branch <branch@example.com>, Branch <branch@example.com>"


def test_names_that_are_no_utf8_land_and_are_told_readably(bench: Bench) -> None:
    name = os.fsdecode(b"docs/caf\xe9 \xc3\xa9.md")
    bench.gate()
    bench.queue(bench.diff({name: b"x\n"}))
    landed = bench.outcome()
    assert isinstance(landed, f.PatchCommit)
    assert landed.paths == ["docs/caf\\xe9 \u00e9.md"]
    assert (bench.root / name).read_bytes() == b"x\n"


def test_the_user_is_told_of_a_patch_that_waits_too_long(bench: Bench) -> None:
    bench.settings("gate: {wait_minutes: 0.005}")
    diff = bench.diff({"docs/a.md": b"b\n"})
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    bench.gate()
    bench.queue(diff)
    waiting = bench.wait(f.PatchWaiting)
    assert isinstance(waiting, f.PatchWaiting) and "docs/a.md" in waiting.reason
    git.run(bench.root, "checkout", "--", "docs/a.md")
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert bench.kinds().count("patch-waiting") == 1


def test_a_patch_that_is_dropped_while_it_is_checked_never_lands(bench: Bench) -> None:
    bench.gate(TEST_CMD=f"touch {bench.root.parent}/runs; sleep 60")
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    until((bench.root.parent / "runs").exists)
    bus.tell(bench.project, "cli", [f.PatchDrop(id="drop:m1", mid="m1")])
    fact = bench.outcome()
    assert isinstance(fact, f.PatchReject) and fact.reason == "dropped by the user"
    bench.queue(bench.diff({"docs/a.md": b"c\n"}), "m2")
    until(lambda: "m2" in str(bench.facts("m2")))


def test_a_branch_that_only_the_gate_moves_is_not_told_as_moved(bench: Bench) -> None:
    bench.gate()
    for number in range(1, 4):
        bench.queue(bench.diff({f"docs/{number}": b"x\n"}), f"m{number}")
        assert isinstance(bench.outcome(f"m{number}"), f.PatchCommit)
    git.run(bench.root, "commit", "-q", "--allow-empty", "-m", "mine")

    def moves() -> list[f.BranchMoved]:
        return [fact for fact in ledger.read(bench.project) if isinstance(fact, f.BranchMoved)]

    until(lambda: len(moves()) == 2, 10, f"{moves()}")
    assert [move.old == "" for move in moves()] == [True, False]
    assert moves()[1].new == git.look(bench.root).head
