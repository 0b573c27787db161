"""The user's hooks at a landing: as at a commit of the user's own, and judging what is handed in as they were."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import terminal
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.landing import git_hooks, hook_runs
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench, refused

ANY = "patch_queue: {allowed_paths: ['**']}\nrfd: {gates: {protected_paths: []}}\n"


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    bench = Bench(project, service)
    bench.settings(ANY)
    return bench


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def hook(bench: Bench, text: str, name: str = "pre-commit") -> Path:
    return program(bench.root / ".git" / "hooks" / name, text)


def tracked(bench: Bench, path: str, text: str) -> None:
    program(bench.root / path, text)
    git.run(bench.root, "add", "-f", path)
    git.run(bench.root, "-c", "core.hooksPath=/dev/null", "commit", "-qm", "hook")


def diff(bench: Bench, files: dict[str, bytes | None]) -> bytes:
    """Return the diff that writes `files`, and removes those that are None."""
    clone = bench.beside / "clone"
    git.run(bench.beside, "clone", "-q", "--shared", str(bench.root), str(clone))
    for path in (path for path, content in files.items() if content is None):
        (clone / path).unlink()
    repos.write(clone, {path: content for path, content in files.items() if content is not None})
    git.run(clone, "add", "-A", "-f")
    return git.run(clone, "diff", "--cached", "--binary").stdout


def landed(bench: Bench, files: dict[str, bytes | None] | None = None) -> f.Fact:
    bench.gate()
    bench.queue(diff(bench, files or {"docs/a.md": b"b\n"}))
    return bench.outcome()


def held(bench: Bench) -> str:
    bench.gate()
    bench.queue(bench.diff({"docs/a.md": b"b\n"}))
    fact = bench.wait(f.PatchHeld)
    assert isinstance(fact, f.PatchHeld)
    told = bench.wait(f.PatchWaiting)
    assert isinstance(told, f.PatchWaiting) and told.reason == fact.reason
    return fact.reason


@pytest.mark.parametrize(
    ("end", "begins"),
    [
        (
            "echo files were modified by this hook; exit 1",
            "commit refused (it changed docs/a.md; hand in what the hook",
        ),
        ("git add -u; exit 1", "commit refused (it changed docs/a.md; hand in what the hook changed): the pre-commit"),
        (
            "git add -u",
            "commit refused: a hook or a check changed the commit's content: the pre-commit hook, docs/a.md; hand",
        ),
    ],
)
def test_the_author_is_told_to_hand_in_what_a_hook_repaired(bench: Bench, end: str, begins: str) -> None:
    hook(bench, f"sed -i 's/ *$//' docs/*.md; {end}")
    fact = landed(bench, {"docs/a.md": b"b  \n"})
    assert isinstance(fact, f.PatchReject) and fact.reason.startswith(begins)
    assert "hand in what the hook changed" in fact.reason


@repos.BOTH_ISOLATIONS
def test_a_hook_that_makes_a_scratch_repository_leaves_the_users_alone(bench: Bench, isolation: str) -> None:
    scratch = "cd $(mktemp -d) && git init -q . && git config user.name s && echo 1 >f && git add f && git commit -qm s"
    hook(bench, f"{scratch} --no-verify; git config case.written yes; rm -rf $PWD")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    config = (bench.root / ".git/config").read_bytes()
    assert isinstance(landed(bench), f.PatchCommit)
    assert (bench.root / ".git/config").read_bytes() == config
    assert git.line(bench.root, "show", "--format=", "--name-only", "HEAD") == "docs/a.md"


@repos.BOTH_ISOLATIONS
def test_a_hook_sees_of_git_what_git_itself_would_tell_it(bench: Bench, tmp_path: Path, isolation: str) -> None:
    def told(path: Path) -> set[str]:
        lines = path.read_text().splitlines()
        return {line for line in lines if not line.startswith(("GIT_AUTHOR_DATE", "GIT_INDEX_FILE"))}

    for name in (*git_hooks.BEFORE, git_hooks.AFTER):
        hook(
            bench, f'env | grep ^GIT_ | sort >>$OUT/{name}; pwd >$OUT/pwd; [ -z "$1" ] || cat "$1" >>$OUT/message', name
        )
    own, gates = tmp_path / "own", tmp_path / "gates"
    for folder in (own, gates):
        folder.mkdir()
    env = {**os.environ, "OUT": str(own)}
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "own"], cwd=bench.root, env=env, check=True)
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    os.environ["OUT"] = str(gates)
    try:
        assert isinstance(landed(bench), f.PatchCommit)
    finally:
        del os.environ["OUT"]
    for name in (*git_hooks.BEFORE, git_hooks.AFTER):
        assert told(gates / name) == told(own / name), name
        assert "GIT_INDEX_FILE" not in (gates / name).read_text()
    assert "Update docs/a.md" in (gates / "message").read_text()
    if isolation == "bind":
        assert (gates / "pwd").read_text() == (own / "pwd").read_text()


@repos.BOTH_ISOLATIONS
def test_hooks_find_the_patch_staged_and_their_own_work_tree(bench: Bench, isolation: str) -> None:
    hook(
        bench,
        'test "$(git diff --cached --name-only)" = docs/a.md && grep -q b docs/a.md && '
        'cd "$(git rev-parse --show-toplevel)" && test -z "$(git diff --name-only)" && grep -q b docs/a.md',
    )
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    assert isinstance(landed(bench), f.PatchCommit)


@repos.BOTH_ISOLATIONS
def test_a_hook_may_stash_and_the_users_stash_stays(bench: Bench, isolation: str) -> None:
    repos.write(bench.root, {"docs/a.md": b"mine\n"})
    git.run(bench.root, "stash", "-q")
    before = git.line(bench.root, "rev-parse", "refs/stash")
    hook(bench, "s=$(git stash create) && git stash store -m backup $s && git stash drop -q || exit 1")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    assert isinstance(landed(bench), f.PatchCommit)
    assert git.line(bench.root, "rev-parse", "refs/stash") == before


@repos.BOTH_ISOLATIONS
def test_hooks_in_an_untracked_folder_run_as_husky_9_has_them(bench: Bench, isolation: str) -> None:
    tracked(bench, ".husky/pre-commit", "exit 0")
    tracked(bench, ".husky/pre-commit", "echo the hook says no; exit 1")
    program(bench.root / ".husky/_/pre-commit", '. "$(dirname "$0")/h"')
    (bench.root / ".husky/_/h").write_text('sh -e "$(dirname "$(dirname "$0")")/$(basename "$0")"; exit $?\n')
    (bench.root / ".husky/_/.gitignore").write_text("*\n")
    git.run(bench.root, "config", "core.hooksPath", ".husky/_")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    bench.gate()
    assert "the hook says no" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


@repos.BOTH_ISOLATIONS
def test_what_lies_untracked_beside_the_hooks_is_there_as_husky_8_needs(bench: Bench, isolation: str) -> None:
    tracked(bench, ".husky/pre-commit", '. "$(dirname -- "$0")/_/husky.sh"')
    program(bench.root / ".husky/_/husky.sh", "true")
    (bench.root / ".husky/_/.gitignore").write_text("*\n")
    git.run(bench.root, "config", "core.hooksPath", ".husky")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    assert isinstance(landed(bench), f.PatchCommit)


@repos.BOTH_ISOLATIONS
def test_a_hook_finds_the_programs_of_the_projects_own_environment(bench: Bench, isolation: str) -> None:
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}\n")
    repos.write(bench.root, {".venv/pyvenv.cfg": b""})
    for name in ("python", "only-there"):
        program(bench.root / ".venv" / "bin" / name, "exit 0")
    hook(bench, "only-there")
    assert isinstance(landed(bench), f.PatchCommit)


@repos.BOTH_ISOLATIONS
def test_a_hook_finds_the_programs_of_node_modules(bench: Bench, isolation: str) -> None:
    repos.write(bench.root, {"package.json": b"{}", ".gitignore": b"node_modules\n"})
    git.run(bench.root, "add", "-A", "--", "package.json", ".gitignore")
    git.run(bench.root, "commit", "-qm", "package")
    program(bench.root / "node_modules/.bin/tool", "exit 0")
    hook(bench, "PATH=node_modules/.bin:$PATH tool")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    assert isinstance(landed(bench), f.PatchCommit)


@repos.BOTH_ISOLATIONS
def test_a_link_to_a_tracked_hook_runs_the_tracked_one_under_its_own_name(bench: Bench, isolation: str) -> None:
    tracked(bench, "tools/hook.sh", 'test "$(basename "$0")" = pre-commit && exit 0; echo "named $0"; exit 1')
    (bench.root / ".git/hooks/pre-commit").symlink_to("../../tools/hook.sh")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    assert isinstance(landed(bench), f.PatchCommit)


def test_a_hook_without_a_first_line_of_its_own_is_run_by_sh(bench: Bench) -> None:
    path = hook(bench, "")
    path.write_text("echo says no\nexit 1\n")
    bench.gate()
    assert "says no" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_hooks_run_in_gits_order_and_the_message_is_theirs(bench: Bench, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name in (*git_hooks.BEFORE, git_hooks.AFTER):
        hook(bench, f"echo {name} >>{order}", name)
    hook(bench, f'echo "prepare $2" >>{order}; echo prepared >>"$1"', "prepare-commit-msg")
    hook(bench, f"echo after $(git log -1 --format=%s) >>{order}", git_hooks.AFTER)
    assert isinstance(landed(bench), f.PatchCommit)
    assert order.read_text().splitlines() == [
        "pre-commit",
        "prepare message",
        "commit-msg",
        "after Update docs/a.md",
    ]
    assert git.line(bench.root, "log", "-1", "--format=%B").rstrip().endswith("prepared")


def test_a_commit_msg_hook_that_refuses_is_a_refusal(bench: Bench) -> None:
    hook(bench, 'grep -q JIRA "$1" || { echo no ticket; exit 1; }', "commit-msg")
    bench.gate()
    assert "the commit-msg hook says: no ticket" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


def test_a_post_commit_hook_cannot_refuse(bench: Bench) -> None:
    hook(bench, "exit 1", git_hooks.AFTER)
    assert isinstance(landed(bench), f.PatchCommit)


def test_with_hooks_off_none_is_run(bench: Bench) -> None:
    hook(bench, "exit 1")
    git.run(bench.root, "config", "core.hooksPath", ".git/hooks")
    bench.settings(f"{ANY}gate: {{hooks: off}}")
    assert isinstance(landed(bench), f.PatchCommit)


def test_megabytes_of_output_are_a_refusal_with_the_last_words(bench: Bench) -> None:
    hook(bench, "yes | head -c 3000000; echo; echo says no; exit 1")
    bench.gate()
    assert "says no" in refused(bench, bench.diff({"docs/a.md": b"b\n"}))


# --- what only the user can mend ---


def test_a_hook_that_hangs_is_told_to_the_user_and_tried_again(bench: Bench) -> None:
    hook(bench, "sleep 60")
    bench.settings(f"{ANY}gate: {{timeout_seconds: 1}}")
    assert "the pre-commit hook was stopped after 1 s" in held(bench)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exec </dev/tty", "the pre-commit hook needs a terminal"),
        ("no-such-program-anywhere", "the pre-commit hook could not run"),
        ("kill -9 $$", "the pre-commit hook was killed by signal 9"),
        ("echo write: No space left on device; exit 1", "the pre-commit hook could not run: No space left on device"),
    ],
)
def test_a_hook_that_cannot_do_its_work_is_the_users_trouble(bench: Bench, text: str, words: str) -> None:
    hook(bench, text)
    assert words in held(bench)


def test_a_hook_that_was_mended_lets_the_patch_land_once_the_terminal_was_renewed(bench: Bench) -> None:
    path = hook(bench, "exec </dev/tty")
    assert "needs a terminal" in held(bench)
    path.unlink()
    terminal.save(bench.project)
    assert isinstance(bench.outcome(), f.PatchCommit)


# --- judged by the hook as it stood before ---


@pytest.mark.parametrize("change", [b"#!/bin/sh\nexit 0\n", None])
@repos.BOTH_ISOLATIONS
def test_a_patch_that_disarms_a_tracked_hook_is_judged_by_it(
    bench: Bench, isolation: str, change: bytes | None
) -> None:
    tracked(bench, ".githooks/pre-commit", "echo the old hook; exit 1")
    git.run(bench.root, "config", "core.hooksPath", ".githooks")
    bench.settings(f"{ANY}gate: {{isolation: {isolation}}}")
    bench.gate()
    assert "the old hook" in refused(bench, diff(bench, {".githooks/pre-commit": change, "docs/a.md": b"b\n"}))


def test_a_patch_to_a_hook_that_the_old_one_passes_lands_whole(bench: Bench) -> None:
    tracked(bench, ".githooks/pre-commit", "test ! -e docs/bad.md")
    git.run(bench.root, "config", "core.hooksPath", ".githooks")
    new = b"#!/bin/sh\nexit 1\n"
    assert isinstance(landed(bench, {".githooks/pre-commit": new, "docs/a.md": b"b\n"}), f.PatchCommit)
    assert (bench.root / ".githooks/pre-commit").read_bytes() == new
    assert git.run(bench.root, "status", "--porcelain", "--", ".githooks", "docs").stdout == b""


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (".pre-commit-config.yaml", b"strict\n", b"lax\n"),
        ("lefthook.yml", b"strict\n", b"lax\n"),
        (".lintstagedrc.json", b"strict\n", b"lax\n"),
        ("web/.lintstagedrc", b"strict\n", None),
        ("package.json", b'{"lint-staged": "strict"}\n', b'{"lint-staged": "lax"}\n'),
    ],
)
def test_a_patch_to_what_a_hook_reads_is_judged_by_what_it_was(
    bench: Bench, path: str, old: bytes, new: bytes | None
) -> None:
    repos.write(bench.root, {path: old})
    git.run(bench.root, "add", "-A", "--", path)
    git.run(bench.root, "commit", "-qm", "configuration")
    hook(bench, f"git diff --cached --quiet -- {path} && grep -q strict {path} && {{ echo still strict; exit 1; }}")
    bench.gate()
    assert "still strict" in refused(bench, diff(bench, {path: new, "docs/a.md": b"b\n"}))


def test_what_else_stands_in_package_json_is_seen_by_the_hook_as_patched(bench: Bench) -> None:
    repos.write(bench.root, {"package.json": b'{"lint-staged": "strict"}\n'})
    git.run(bench.root, "add", "package.json")
    git.run(bench.root, "commit", "-qm", "package")
    hook(bench, "grep -q 1.0 package.json")
    assert isinstance(landed(bench, {"package.json": b'{"lint-staged": "strict", "version": "1.0"}\n'}), f.PatchCommit)


# --- what is said of hooks ---


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", {"a": b"a\n"})


def test_nothing_is_said_where_no_hook_is(repo: git.Repo) -> None:
    assert git_hooks.told(git_hooks.find(repo, os.environ), "run") == ""
    assert git_hooks.told(git_hooks.find(repo, os.environ), "off") == ""


def test_a_folder_of_hooks_that_is_not_there_is_said(repo: git.Repo) -> None:
    git.run(repo.top, "config", "core.hooksPath", ".husky/_")
    assert "core.hooksPath is .husky/_, which does not exist" in git_hooks.told(git_hooks.find(repo, os.environ), "run")


def test_hooks_in_gits_configuration_are_said_not_to_run(repo: git.Repo) -> None:
    git.run(repo.top, "config", "hook.lint.event", "pre-commit")
    assert "hook.lint.event" in git_hooks.told(git_hooks.find(repo, os.environ), "run")


@pytest.mark.parametrize(
    "first", ["#!/no/such/program", "#!/usr/bin/env no-such-program", "#!/usr/bin/env -S no-such-program -x"]
)
def test_a_hook_whose_program_is_not_installed_is_said(repo: git.Repo, first: str) -> None:
    program(repo.dir / "hooks" / "pre-commit", "").write_text(f"#!{first}\n")
    assert "which is not installed" in git_hooks.told(git_hooks.find(repo, os.environ), "run")


def test_hooks_that_are_off_are_said(repo: git.Repo) -> None:
    program(repo.dir / "hooks" / "pre-commit", "")
    program(repo.dir / "hooks" / "commit-msg", "")
    assert "pre-commit, commit-msg" in git_hooks.told(git_hooks.find(repo, os.environ), "off")


def test_a_hook_that_is_not_executable_does_not_run_as_with_git(repo: git.Repo) -> None:
    program(repo.dir / "hooks" / "pre-commit", "").chmod(0o644)
    assert git_hooks.find(repo, os.environ).names == ()


def test_a_plain_refusal_is_no_trouble_of_the_users() -> None:
    assert hook_runs.trouble("pre-commit", Ended(1, 0.1, output="line too long")) == ""
    assert hook_runs.trouble("pre-commit", Ended(0, 0.1, output="warning: /dev/tty")) == ""
    assert hook_runs.trouble("pre-commit", Ended(255, 0.1, output="PHP Parse error")) == ""  # `exit -1`; no signal 127


def test_a_container_that_wants_a_terminal_is_trouble_of_the_users() -> None:
    assert "needs a terminal" in hook_runs.trouble("pre-commit", Ended(1, 0.1, output="the input device is not a TTY"))


def test_what_cannot_be_copied_from_the_folder_of_hooks_keeps_none_from_running(bench: Bench) -> None:
    tracked(bench, "tools/hooks/pre-commit", "exit 0")
    git.run(bench.root, "config", "core.hooksPath", "tools/hooks")
    (bench.root / "tools" / "hooks" / "pre-push").symlink_to("gone")
    os.mkfifo(bench.root / "tools" / "hooks" / "pipe")
    assert isinstance(landed(bench), f.PatchCommit)
