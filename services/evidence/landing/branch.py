"""Moving the checked-out branch by compare-and-swap, in steps with something done between."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Callable

from cccc.common.machine import git


def elsewhere(top: Path, now: str, wanted: str, env: Mapping[str, str]) -> str:
    """Return why a patch waits while `now` is checked out and not the branch that was when it came."""
    if git.run(top, "show-ref", "--verify", "--quiet", wanted, env=env, check=False).returncode:
        return (
            f"{git.short(wanted)} was renamed or deleted, and {git.short(now)} is checked out; "
            f"`cccc patch drop` it and have it handed in again, or bring {git.short(wanted)} back"
        )
    return f"{git.short(now)} is checked out, not {git.short(wanted)}; the patch is held until then"


def not_there(repo: git.Repo, wanted: str, env: Mapping[str, str]) -> str:
    """Return why a patch of the branch `wanted` cannot be tried on what is checked out, or ""."""
    if not repo.head:
        return "the repository has no commits yet; the user must make the first one"
    if not wanted:
        return "HEAD is detached; the patch is held until a branch is checked out"
    return elsewhere(repo.top, repo.branch, wanted, env) if repo.branch != wanted else ""


class Refused(Exception):
    """git does not move the branch; its words."""


@contextlib.contextmanager
def moving(
    top: Path, old: str, new: str, env: Mapping[str, str], umask: int
) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Begin to lock HEAD and its branch, which must be at `old`; yield what waits for it, and what moves them to `new`.

    Both raise Refused. Leaving without calling the second, or dying, frees the locks and changes nothing.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  # a pipe that nobody reads would stop a hook that says much
    child = subprocess.Popen(
        ["git", "update-ref", "-m", "cccc: land a patch", "--stdin"],
        cwd=top,
        env={**env, "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        umask=umask,
    )
    assert child.stdin and child.stdout
    stdin, stdout = child.stdin, child.stdout

    def ask(*lines: str) -> None:
        stdin.write("".join(f"{line}\n" for line in lines).encode())
        stdin.flush()

    def hear(*words: str) -> None:
        for word in words:
            if stdout.readline() != f"{word}: ok\n".encode():
                child.wait()
                said.seek(0)
                raise Refused(said.read().decode(errors="replace").strip())

    def move() -> None:
        ask("commit")
        hear("commit")

    with said, child:
        ask("start", f"update HEAD {new} {old}", "prepare")
        yield lambda: hear("start", "prepare"), move
