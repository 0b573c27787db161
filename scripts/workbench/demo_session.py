"""A whole session on a scratch repository: two mock peers, one user, one patch that lands.

It does what a person would do, with the `cccc` command, and reads the ledger to tell what
happens. Every step is awaited; one that does not happen ends the demo with exit code 1.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path
from typing import Callable, NoReturn

import click

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.facts import Fact
from cccc.common.paths import Project

REQUEST = "both: Make the counter ignore punctuation, please."
LIMIT = 45.0  # seconds for the whole talk

Step = tuple[str, Callable[[Fact], bool]]


def _said(kind: type[Fact], author: str, start: str = "") -> Callable[[Fact], bool]:
    def fits(fact: Fact) -> bool:
        return (
            isinstance(fact, kind)
            and getattr(fact, "author", "") == author
            and getattr(fact, "text", "").startswith(start)
        )

    return fits


# What must happen, in this order; other facts may come in between.
STEPS: tuple[Step, ...] = (
    ("the user's line is in the ledger", lambda fact: isinstance(fact, f.UserMessage)),
    ("it is in PeerA's inbox", lambda fact: isinstance(fact, f.HandoffDelivered) and fact.to == "PeerA"),
    ("PeerA was nudged in its pane", lambda fact: isinstance(fact, f.Nudge) and fact.to == "PeerA"),
    ("PeerA makes a CLAIM", _said(f.ToPeer, "PeerA", "CLAIM")),
    ("PeerB COUNTERs and asks one QUESTION", _said(f.ToPeer, "PeerB", "COUNTER")),
    ("PeerA answers", _said(f.ToPeer, "PeerA", "ANSWER")),
    ("PeerB hands in a patch", lambda fact: isinstance(fact, f.PatchQueued)),
    ("its tests are red in the gate's own worktree", lambda fact: isinstance(fact, f.Test) and fact.verdict == "red"),
    ("the patch is rejected and PeerB is told why", _said(f.PatchReject, "PeerB")),
    ("PeerB hands in a corrected patch", lambda fact: isinstance(fact, f.PatchQueued)),
    ("its tests are green", lambda fact: isinstance(fact, f.Test) and fact.verdict == "green"),
    ("it is committed", lambda fact: isinstance(fact, f.PatchCommit)),
    ("PeerA reports to the user", _said(f.ToUser, "PeerA")),
)


class Failed(Exception):
    """A step did not happen."""


@click.command()
@click.option("--keep", is_flag=True, help="Leave the session up and say how to attach.")
@click.option("--at", type=click.Path(path_type=Path), help="The scratch folder; default: a new temporary one.")
def main(keep: bool, at: Path | None) -> NoReturn:
    """Play the demo."""
    began = time.monotonic()
    root = (at or Path(tempfile.mkdtemp(prefix="cccc-demo-"))) / "wordcount"
    code = 1
    try:
        _prepare(root)
        _say(f"starting the services and both mock peers in {root}")
        _cccc(root, "up")
        _play(Project(root / ".cccc"))
        _prove(root)
        code = 0
    except Failed as failure:
        click.secho(f"\nFAILED: {failure}", fg="red")
        _cccc(root, "status", check=False)
    finally:
        if keep:
            click.echo(f"\nThe session is up. Look:  cd {root} && {_command()} attach    Stop:  {_command()} down")
        else:
            _cccc(root, "down", check=code == 0)
            if not at and code == 0:
                shutil.rmtree(root.parent)
    _say(f"done in {time.monotonic() - began:.1f} s" if code == 0 else "the demo failed")
    sys.exit(code)


def _prepare(root: Path) -> None:
    """Make a repository with a small program, its tests and an uncommitted edit of the user's."""
    _say("making a scratch repository with a small program and its tests")
    with as_file(files("cccc.conf") / "scenarios" / "demo") as demo:
        shutil.copytree(demo / "project", root)
    for args in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Demo"),
        ("config", "user.email", "demo@example.org"),
        ("add", "-A"),
        ("commit", "-q", "-m", "A word counter"),
    ):
        subprocess.run(["git", *args], cwd=root, check=True)
    _cccc(root, "init")
    subprocess.run(["git", "add", ".gitignore"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "Ignore what cccc keeps"], cwd=root, check=True)
    with (root / "README.md").open("a") as file:
        file.write("\nAn edit of the user's that is not committed.\n")


def _environment() -> dict[str, str]:
    with as_file(files("cccc.conf") / "scenarios" / "demo") as demo:
        mock = f"{sys.executable} -I -m cccc.scripts.mock_agent --role peer{{0}} --scenario {demo}/peer{{0}}.yaml"
    return {
        **os.environ,
        "CLAUDE_I_CMD": mock.format("A"),
        "CODEX_I_CMD": mock.format("B"),
        "TEST_CMD": f"{sys.executable} -m pytest -q -p no:cacheprovider",
        "LINT_CMD": "",
    }


def _command() -> str:
    return str(Path(sys.executable).with_name("cccc"))


def _cccc(root: Path, *args: str, check: bool = True) -> None:
    done = subprocess.run([_command(), *args], cwd=root, env=_environment())
    if check and done.returncode:
        raise Failed(f"cccc {' '.join(args)} ended with {done.returncode}")


def _play(project: Project) -> None:
    """Send the user's line and tell what happens until every step has happened."""
    mine = project.root / "README.md"
    before = hashlib.sha256(mine.read_bytes()).digest()
    head = _git(project.root, "rev-parse", "HEAD")
    click.secho(f"\nuser> {REQUEST}", bold=True)
    _cccc(project.root, "send", REQUEST)
    began = time.monotonic()
    facts = _facts(project, began + LIMIT)
    for words, fits in STEPS:
        fact = next((fact for fact in facts if fits(fact)), None)
        if fact is None:
            raise Failed(f"did not happen within {LIMIT:.0f} s: {words}")
        click.echo(f"{time.monotonic() - began:5.1f} s  {words}{_detail(fact)}")
        if isinstance(fact, f.PatchReject) and _git(project.root, "rev-parse", "HEAD") != head:
            raise Failed("a rejected patch moved the branch")
        if hashlib.sha256(mine.read_bytes()).digest() != before:
            raise Failed("the user's uncommitted edit was changed")


def _facts(project: Project, end: float) -> Iterator[Fact]:
    with closing(ledger.Reader(project)) as reader:
        while time.monotonic() < end:
            for line in reader.read():
                fact = ledger.decode(line.raw)
                if fact:
                    yield fact
            time.sleep(0.03)


def _detail(fact: Fact) -> str:
    if isinstance(fact, (f.ToPeer, f.ToUser)):
        return f": {fact.text.splitlines()[0]}"
    if isinstance(fact, f.Test):
        return f" ({fact.seconds:.1f} s)"
    if isinstance(fact, f.PatchReject):
        return f": {fact.reason}"
    if isinstance(fact, f.PatchCommit):
        return f": {fact.commit[:9]} on {fact.branch}, {', '.join(fact.paths)}"
    return ""


def _prove(root: Path) -> None:
    """Print what a person would look at to believe it."""
    project = Project(root / ".cccc")
    landed = next(fact for fact in ledger.read(project) if isinstance(fact, f.PatchCommit))
    for command in (
        ("git", "log", "--stat", "-1", "--format=%h %an: %s%n%b"),
        ("git", "status", "--short"),
        ("git", "diff", "--stat"),
    ):
        click.secho(f"\n$ {' '.join(command)}", bold=True, nl=True)
        subprocess.run(command, cwd=root, check=True)
    if _git(root, "status", "--porcelain", "--untracked-files=no").split() != ["M", "README.md"]:
        raise Failed("the work tree holds something else than the user's edit of README.md")
    for args in (("ledger", "verify"), ("trace", landed.mid), ("status",)):
        click.secho(f"\n$ cccc {' '.join(args)}", bold=True)
        _cccc(root, *args)


def _git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout


def _say(text: str) -> None:
    click.secho(f"demo: {text}", fg="cyan")


if __name__ == "__main__":
    main()
