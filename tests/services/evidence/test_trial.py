"""What the gate refuses before anything runs, and in which form of diff it finds the paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.settings.policies import Gates, PatchQueue, Policies, Rfd
from cccc.services.evidence.checking import sandbox
from cccc.services.evidence.checking.child import CheckLock
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.queue import Open
from cccc.services.evidence.trial import Ready, Trial
from tests.services.evidence import repos

FILES = {"docs/a.md": b"a\n", "src/api/public/x": b"x\n", "app/docs/a.md": b"a\n", "app/docs/b.md": b"b\n"}


class Bench:
    """Trials in a repository, without the services around them."""

    def __init__(self, root: Path, folder: str = "", policies: Policies = Policies()) -> None:  # noqa: B008
        repos.make(root, FILES)
        self.project = Project(root / folder / ".cccc")
        self.project.home.mkdir(parents=True)
        self.project.make_run()
        self._gate = Gate(
            self.project,
            policies,
            Blobs(self.project),
            CheckLock(self.project.run / "check.lock"),
            sandbox.of(self.project),
            dict(os.environ),
            0o022,
        )

    def tried(self, diff: bytes) -> Trial:
        sha = self._gate.blobs.put(diff)
        return Trial(self._gate, Open(1, "", "m1", "PeerA", "patch.diff", sha), git.look(self.project.root))

    def reason(self, diff: bytes) -> str:
        """Return why the patch is refused before anything runs."""
        step = next(self.tried(diff).steps())
        assert isinstance(step, list), step
        assert isinstance(step[0], f.PatchReject), step
        return step[0].reason

    def questions(self, diff: bytes) -> list[f.PatchNeedsDecision]:
        """Return what people are asked about the patch; it runs no checks."""
        step = next(self.tried(diff).steps())
        assert isinstance(step, list), step
        return [fact for fact in step if isinstance(fact, f.PatchNeedsDecision)]

    def changed(self, diff: bytes) -> list[bytes]:
        """Return the paths that are changed in the commit of a patch that has passed."""
        step = next(self.tried(diff).steps())
        assert isinstance(step, Ready), step
        ends = (step.landing.old, step.landing.new)
        return git.run(self.project.root, "diff", "--name-only", "-z", *ends).stdout.split(b"\0")[:-1]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "repo", policies=Policies(patch_queue=PatchQueue(allowed_paths=("docs/**", "src/**"))))


RENAME = b"diff --git a/docs/a.md b/secret/a.md\nsimilarity index 100%\nrename from docs/a.md\nrename to secret/a.md\n"
RENAME_AWAY = (
    b"diff --git a/src/api/public/x b/docs/x\nsimilarity index 100%\nrename from src/api/public/x\nrename to docs/x\n"
)


def added(path: str, content: str = "x", mode: str = "100644") -> bytes:
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{content}\n"
    ).encode()


def link(path: str, target: str) -> bytes:
    return added(path, f"{target}\n\\ No newline at end of file", "120000")


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        (added("elsewhere.txt"), "path-not-allowed: elsewhere.txt is outside"),
        (RENAME, "path-not-allowed: secret/a.md is outside"),
        (added(".cccc/settings/policies.yaml"), "settings-invalid: .cccc/settings/policies.yaml:1: got the text 'x'"),
        (added(".cccc/settings/evil.yaml", "{}"), "settings-invalid: .cccc/settings/evil.yaml: unknown settings file"),
        (added(".cccc/settings/roles.yaml", "x", "120000"), "settings-invalid: roles.yaml would not be a regular file"),
        (added(".cccc/settings/roles.yaml", "# x" + "\n+# x" * 150).replace(b"+1 @@", b"+1,151 @@"), "too-many-lines"),
        (added(".cccc/settings/run.sh"), "path-not-allowed: .cccc/settings/run.sh may never"),
        (added(".cccc/settings/../state/x.yaml"), "path-not-allowed: .cccc/settings/../state/x.yaml may never"),
        (added(".cccc/settings/roles.yaml", "{}") + added("docs/x"), "path-not-allowed: .cccc/settings/roles.yaml may"),
        (added(".cccc/state/ledger.jsonl"), "path-not-allowed: .cccc/state/ledger.jsonl may never"),
        (added("docs/.git/hooks/x"), "path-not-allowed: docs/.git/hooks/x may never"),
        (added("docs/.GIT/hooks/x"), "path-not-allowed: docs/.GIT/hooks/x may never"),
        (added("../outside"), "path-not-allowed: ../outside may never"),
        (added("/etc/outside"), "path-not-allowed: "),
        (added("docs/link", "../.git/config", "120000"), "path-not-allowed: docs/link is a link out of"),
        (link("docs/in", "..") + link("docs/out", "in/../x"), "path-not-allowed: docs/out is a link out of"),
        (added("docs/link", "../../outside", "120000"), "path-not-allowed: docs/link is a link out of"),
        (added("docs/link", "/etc/passwd", "120000"), "path-not-allowed: docs/link is a link out of"),
        (
            b"diff --git a/docs/l b/docs/l\nnew file mode 120000\nindex 0000000..e69de29\n",
            "link-empty: docs/l is a link",
        ),
        (link("docs/link", "x/" * 2100), "link-too-long: docs/link is a link"),
        (added(f"docs/{'x' * 256}"), "path-too-long: docs/xxx"),
        (added("docs/many", "x" + "\n+x" * 151).replace(b"+1 @@", b"+1,152 @@"), "too-many-lines:152>150"),
        (b"only words", "no-diff: no diff found; send"),
        (b"*** Begin Patch\n*** Update File: a\n*** End Patch\n", "apply-patch-format: "),
    ],
)
def test_the_rules_hold_for_every_form_of_patch(bench: Bench, diff: bytes, reason: str) -> None:
    assert bench.reason(diff).startswith(reason)


@pytest.mark.parametrize(
    ("diff", "path"),
    [
        (RENAME_AWAY, "src/api/public/x"),
        (added("src/api/public/y"), "src/api/public/y"),
        (b"--- /dev/null\n+++ b/src//api/public/y\n@@ -0,0 +1 @@\n+x\n", "src/api/public/y"),
    ],
)
def test_a_protected_path_is_asked_about_in_every_form_of_patch(bench: Bench, diff: bytes, path: str) -> None:
    (asked,) = bench.questions(diff)
    assert (asked.why, asked.question) == ("protected", f"{path} is protected (rfd.gates.protected_paths)")
    assert path in asked.paths and asked.policy and asked.base == git.look(bench.project.root).head


def test_a_change_of_settings_is_always_asked_about(bench: Bench) -> None:
    (asked,) = bench.questions(added(".cccc/settings/roles.yaml", "leader: peerB"))
    assert (asked.why, asked.question) == ("protected", ".cccc/settings/roles.yaml: the settings of this project")
    assert not list(bench.project.work.glob("settings*"))


def test_every_changed_line_is_counted_whatever_it_begins_with(bench: Bench) -> None:
    diff = added("docs/x", "++ x" + "\n+++ x" * 199).replace(b"+1 @@", b"+1,200 @@")
    assert bench.reason(diff).startswith("too-many-lines:200>150")


def test_a_large_diff_is_asked_about_where_settings_say_so(tmp_path: Path) -> None:
    policies = Policies(
        patch_queue=PatchQueue(max_diff_lines=1),
        rfd=Rfd(gates=Gates(large_diff_requires_rfd=True)),
    )
    diff = b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-a\n+b\n"
    (asked,) = Bench(tmp_path / "repo", policies=policies).questions(diff)
    assert (asked.why, asked.lines) == ("large", 2) and asked.question.startswith("2 changed lines, more than 1")


def test_a_patch_that_changes_nothing_is_refused(bench: Bench) -> None:
    assert bench.reason(b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-a\n+a\n").startswith("empty")


def test_a_submodule_is_moved_by_the_user_only(bench: Bench) -> None:
    diff = added("docs/sub", "Subproject commit " + "1" * 40, "160000")
    assert "is a submodule" in bench.reason(diff)


def test_a_path_through_a_link_is_refused(bench: Bench, tmp_path: Path) -> None:
    (bench.project.root / "docs" / "out").symlink_to(tmp_path)
    repos.commit(bench.project.root)
    step = next(bench.tried(added("docs/out/x")).steps())
    assert isinstance(step, list)
    assert isinstance(step[0], f.PatchPrecheckFail)
    assert "beyond a symbolic link" in step[0].stderr


def test_a_patch_with_more_paths_than_a_fact_can_name_is_refused(tmp_path: Path) -> None:
    queue = PatchQueue(allowed_paths=("**",), max_diff_lines=10_000)
    bench = Bench(tmp_path / "repo", policies=Policies(patch_queue=queue))
    many = b"".join(added(f"docs/{number:04}{'x' * 240}") for number in range(1100))
    assert bench.reason(many).startswith("too-many-paths: 1100 paths")


@pytest.mark.parametrize("path", ["app/docs/b.md", "docs/b.md"], ids=["from the repository", "from the project"])
def test_in_a_project_below_the_repositorys_root_both_kinds_of_paths_are_understood(tmp_path: Path, path: str) -> None:
    bench = Bench(tmp_path / "repo", "app")
    diff = f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-b\n+c\n".encode()
    assert bench.changed(diff) == [b"app/docs/b.md"]


def test_a_project_below_the_root_does_not_reach_out_of_its_folder(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "repo", "app")
    diff = b"--- a/src/api/public/x\n+++ b/src/api/public/x\n@@ -1 +1 @@\n-x\n+y\n"
    step = next(bench.tried(diff).steps())
    assert isinstance(step, list)
    assert isinstance(step[0], f.PatchPrecheckFail)


def test_a_gate_tree_that_lost_its_place_is_built_anew_and_the_users_tree_is_safe(bench: Bench) -> None:
    diff = added("docs/new")
    bench.changed(diff)
    (bench.project.gate_tree / ".git").unlink()
    repos.write(bench.project.root, {"docs/a.md": b"mine\n", "untracked": b"u\n"})
    before = repos.picture(bench.project.root)
    assert bench.changed(diff) == [b"docs/new"]
    assert repos.picture(bench.project.root) == before


def test_what_a_check_left_in_the_gate_tree_is_gone_for_the_next_patch(bench: Bench) -> None:
    bench.changed(added("docs/new"))
    tree = bench.project.gate_tree
    repos.write(tree, {"docs/a.md": b"changed\n", "__pycache__/x.ignored": b"old", "left/sealed/x": b"x"})
    (tree / "left" / "sealed").chmod(0o500)
    git.run(tree, "checkout", "-q", "-b", "left-here")
    left = git.line(bench.project.root, "rev-parse", "left-here")
    assert bench.changed(added("docs/other")) == [b"docs/other"]
    assert sorted(path.name for path in tree.iterdir()) == [".git", ".gitignore", "app", "docs", "src"]
    assert (tree / "docs" / "a.md").read_bytes() == b"a\n"
    assert git.line(bench.project.root, "rev-parse", "left-here") == left


def test_a_path_refusal_names_what_is_allowed_and_the_line_that_would_allow_it(tmp_path: Path) -> None:
    queue = PatchQueue(allowed_paths=("docs/**", "src/**"))
    bench = Bench(tmp_path / "repo", policies=Policies(patch_queue=queue))
    step = next(bench.tried(added("lib/new.txt") + added("[x].txt")).steps())
    assert isinstance(step, list) and isinstance(step[0], f.PatchReject)
    reason, line = step[0].reason, step[0].allow
    assert "outside patch_queue.allowed_paths, which allows docs/**, src/**" in reason and line in reason
    wider = Policies(patch_queue=PatchQueue(allowed_paths=tuple(yaml.safe_load(line)["allowed_paths"])))
    assert Bench(tmp_path / "other", policies=wider).changed(added("lib/new.txt") + added("[x].txt")) == [
        b"[x].txt",
        b"lib/new.txt",
    ]
    submodule = next(bench.tried(added("docs/sub", "Subproject commit " + "1" * 40, "160000")).steps())
    assert isinstance(submodule, list) and isinstance(submodule[0], f.PatchReject)
    assert submodule[0].allow == "allow_submodules: true" and submodule[0].allow in submodule[0].reason
    never = next(bench.tried(added("docs/.git/x")).steps())
    assert isinstance(never, list) and isinstance(never[0], f.PatchReject) and not never[0].allow
