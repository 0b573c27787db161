"""Feed a repository's own commits, one by one, through `patch.diff`, and compare the trees.

Each commit's diff is made against its first parent. Before it is handed in, the scratch branch
stands on that parent's tree: it was left there by the commit before, or it is put there, where a
merge was left out or a patch was refused. So each commit is judged by itself.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.scripts.workbench.benchmarks import awkward
from cccc.scripts.workbench.benchmarks.rows import Row, spread, table
from cccc.scripts.workbench.benchmarks.scratch import cccc, rename_in, until, up

_LIMIT = 300.0
_LARGEST = 900_000_000
_POLICIES = """\
patch_queue: {max_diff_lines: 1000000000, allowed_paths: ["**"], allow_submodules: true}
rfd: {gates: {protected_paths: []}}
"""
_DIFF = (
    "diff",
    "--binary",
    "--full-index",
    "-M",
    "-C",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
)


class Commit(NamedTuple):
    sha: str
    parent: str
    tree: str
    parent_tree: str


class Result(NamedTuple):
    """What became of one commit; `seconds` from the written `patch.diff` to the commit."""

    sha: str
    verdict: str  # equal, differs, refused
    seconds: float
    reason: str = ""


@click.command()
@click.pass_context
@click.argument("repository", required=False, type=click.Path(exists=True, path_type=Path))
@click.argument("count", default=200, type=click.IntRange(min=1))
@click.option("--generated", metavar="N", type=click.IntRange(min=1), help="Replay a generated, awkward repository.")
def command(ctx: click.Context, repository: Path | None, count: int, generated: int | None) -> None:
    """Replay the last COUNT commits of a REPOSITORY through the gate, and compare each tree with the original's.

    The repository is only read: the work is done in a clone. Merges are left out, the first parent's line is
    followed. Exit codes: 0 every tree is equal, 1 one differs or was refused, 2 wrong usage.
    """
    if (repository is None) == (generated is None):
        raise click.UsageError("name a repository, or use --generated N")
    with tempfile.TemporaryDirectory(prefix="cccc-replay-") as folder:
        if repository is None:
            repository, count = Path(folder, "awkward"), generated or count
            awkward.make(repository, count)
        commits, left_out = _commits(repository, count)
        project = _prepare(Path(folder, "scratch"), repository, commits)
        results = list(_replayed(project, commits))
    _show(results, left_out)
    ctx.exit(0 if all(result.verdict == "equal" for result in results) else 1)


def _commits(repository: Path, count: int) -> tuple[list[Commit], Counter[str]]:
    """Return the last so many commits that change something, oldest first, and how many were left out and why."""
    listed = git.run(repository, "log", "--first-parent", "--format=%H %P", "HEAD").stdout.decode().splitlines()
    commits: list[Commit] = []
    left_out: Counter[str] = Counter()
    for sha, *parents in map(str.split, listed):
        if len(commits) == count:
            break
        if len(parents) != 1:
            left_out["merges" if parents else "first commit"] += 1
            continue
        trees = git.run(repository, "rev-parse", f"{sha}^{{tree}}", f"{parents[0]}^{{tree}}").stdout.decode().split()
        if trees[0] == trees[1]:
            left_out["empty"] += 1
            continue
        commits.append(Commit(sha, parents[0], trees[0], trees[1]))
    if not commits:
        raise click.UsageError(f"{repository} has no commit with one parent")
    return commits[::-1], left_out


def _prepare(root: Path, repository: Path, commits: list[Commit]) -> Project:
    git.run(root.parent, "clone", "-q", "--shared", "--no-checkout", str(repository.resolve()), str(root))
    for key, value in (("user.name", "Bench"), ("user.email", "bench@example.org"), ("core.autocrlf", "false")):
        git.run(root, "config", key, value)
    git.run(root, "checkout", "-q", "-f", "-B", "replay", commits[0].parent)
    project = Project(root / ".cccc")
    cccc(project, "init")
    git.run(root, "checkout", "-q", "-f", "HEAD")  # the line for .cccc in .gitignore; .cccc hides itself
    if not git.run(root, "ls-files", "--", ".gitignore").stdout:
        (root / ".gitignore").unlink()
    (project.settings / "policies.yaml").write_text(_POLICIES)
    profiles = project.settings / "cli_profiles.yaml"
    profiles.write_text(f"mailbox: {{max_bytes: {_LARGEST}}}\n")
    return project


def _replayed(project: Project, commits: list[Commit]) -> Iterator[Result]:
    with up(project, TEST_CMD="true", LINT_CMD="true"):
        reader = ledger.Reader(project, ledger.end(project))
        for number, commit in enumerate(commits, 1):
            if git.line(project.root, "rev-parse", "HEAD^{tree}") != commit.parent_tree:
                git.run(project.root, "reset", "-q", "--hard", commit.parent)
            result = _replay(project, reader, commit)
            click.echo(f"{number}/{len(commits)} {commit.sha[:10]} {result.verdict} {result.reason}", err=True)
            yield result


def _replay(project: Project, reader: ledger.Reader, commit: Commit) -> Result:
    diff = git.run(project.root, *_DIFF, "--src-prefix=a/", "--dst-prefix=b/", commit.parent, commit.sha).stdout
    inbox = project.peer("PeerA") / "patch.diff"
    until(lambda: inbox.exists() and inbox.stat().st_size == 0, "patch.diff taken")
    began = time.perf_counter()
    rename_in(inbox, diff)
    reason = ""
    while time.perf_counter() - began < _LIMIT:
        for fact in filter(None, (ledger.decode(line.raw) for line in reader.read())):
            if isinstance(fact, f.PatchCommit):
                seconds = time.perf_counter() - began
                tree = git.line(project.root, "rev-parse", "HEAD^{tree}")
                return Result(commit.sha, "equal" if tree == commit.tree else "differs", seconds, reason)
            if isinstance(fact, f.PatchHeld):
                reason = f"held: {fact.reason}"
                bus.tell(project, "cli", [f.PatchDrop(id=f"drop:{fact.mid}", mid=fact.mid)])
            if isinstance(fact, (f.PatchReject, f.PatchPrecheckFail, f.MailboxRefused)):
                why = fact.stderr if isinstance(fact, f.PatchPrecheckFail) else fact.reason
                return Result(commit.sha, "refused", 0.0, reason or " ".join(why.split())[:200])
        time.sleep(0.002)
    return Result(commit.sha, "refused", 0.0, f"no answer within {_LIMIT:.0f} s")


def _show(results: list[Result], left_out: Counter[str]) -> None:
    equal = [result for result in results if result.verdict == "equal"]
    others = [result for result in results if result.verdict != "equal"]
    rows = [
        Row("commits replayed", str(len(results)), ""),
        *(Row(f"left out: {what}", str(number), "") for what, number in left_out.items()),
        Row("resulting trees equal to the original's", str(len(equal)), "all"),
        Row("trees that differ", str(sum(result.verdict == "differs" for result in others)), "0"),
        Row("refused", str(sum(result.verdict == "refused" for result in others)), "0"),
    ]
    if equal:
        rows.append(Row("`patch.diff` renamed into place → commit", spread([result.seconds for result in equal]), ""))
    click.echo(table(Row._fields, rows))
    for result in others:
        click.echo(f"{result.sha[:12]} {result.verdict}: {result.reason}")
