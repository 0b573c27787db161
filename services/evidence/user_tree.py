"""What happens in the user's work tree without the gate: HEAD moves, files change and are never handed in."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timezone
from pathlib import Path
from typing import List, Protocol

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.errors import NotFound
from cccc.common.machine import git
from cccc.common.machine.waits import left
from cccc.common.paths import IGNORE
from cccc.common.text.lines import seconds
from cccc.services.evidence.reading.change import shown

# ruff: noqa: UP006, UP035  # msgspec evaluates annotations at run time: List[...] for Python 3.9

_NAMED = 50
_HEAD_EVERY = 1.0
_LOOK_EVERY = 30.0
_REST = 20  # times as long as a look took: on a slow disk it must not be busy with looking


class Open(Protocol):
    """What matters here of an open patch."""

    held: str

    @property
    def landing(self) -> object: ...

    @property
    def waits(self) -> bool: ...


class State(msgspec.Struct):
    """What the facts say of it."""

    branch: str = ""
    head: str = ""
    moved: int = 0  # seq of the fact that says where HEAD is
    paths: List[str] = msgspec.field(default_factory=list)  # the first of the leftover edits
    count: int = 0
    since: str = ""  # of the oldest
    changed: str = ""  # when the set was last another one
    said: int = 0  # seq of the fact that says so
    asked: bool = False  # the peers were asked about this set


fold: ByKind[None] = ByKind(None)


@fold.rule
def _moved(state: State, fact: f.BranchMoved) -> None:
    state.branch, state.head, state.moved = fact.branch, fact.new, fact.seq


@fold.rule
def _landed(state: State, fact: f.PatchCommit) -> None:
    state.branch, state.head, state.moved = fact.branch, fact.commit, fact.seq


@fold.rule
def _left_over(state: State, fact: f.LeftoverEdits) -> None:
    state.paths, state.count, state.since = fact.paths, fact.count, fact.since
    state.changed, state.said, state.asked = fact.ts, fact.seq, False


@fold.rule
def _asked(state: State, fact: f.LeftoverRemind) -> None:
    state.asked = True


def moved(state: State, repo: git.Repo) -> f.BranchMoved | None:
    """Return the fact that HEAD is not where the last fact has put it."""
    if not repo.head or (repo.branch, repo.head) == (state.branch, state.head):
        return None
    return f.BranchMoved(branch=repo.branch, old=state.head, new=repo.head)


def leftovers(state: State, paths: Iterable[str]) -> f.LeftoverEdits | None:
    """Return the fact that another set of paths is changed than the last one said."""
    named = shown(sorted(paths))
    if (named[:_NAMED], len(named)) == (state.paths, state.count):
        return None
    old = state.since if set(named) & set(state.paths) else ""
    since = old or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f.LeftoverEdits(paths=named[:_NAMED], count=len(named), since=since if named else "")


def over(ts: str, wait: float) -> bool:
    """Return whether `wait` seconds have passed since the time of a fact."""
    return not left(seconds(ts), wait, time.time())


class Watcher:
    """Looks at the work tree now and then. `wait` is how many seconds edits may lie before the peers are asked."""

    def __init__(self, repo: git.Repo, env: Mapping[str, str], wait: float) -> None:
        self._repo = repo
        self._env = git.environment(env)
        self._wait = wait
        self._edits = _Edits(repo, env)
        self._look_at = 0.0
        self._stamp: object = None
        self._busy = True

    def news(self, state: State, patches: Sequence[Open], handed_in: Set[str]) -> Iterator[tuple[f.Fact, str]]:
        """Yield what is new, with its id. `handed_in` are the paths of held patches: these edits are accounted for."""
        if not any(patch.landing for patch in patches):
            yield from self._head(state)
        busy = any(not (patch.held or patch.waits) for patch in patches)
        if self._busy and not busy:
            self._edits.soon()
        self._busy = busy
        seen = None if busy else self._edits.seen()
        if seen is not None:
            edited = [path for path in seen if not _is_in(path, handed_in) and not self._is_of_init(path)]
            fact = leftovers(state, edited)
            if fact:
                yield fact, f"leftovers:{state.said}"
        if state.paths and not state.asked and over(state.changed, self._wait):
            yield (
                f.LeftoverRemind(paths=state.paths, count=state.count, since=state.since),
                f"leftovers:{state.said}:ask",
            )

    def close(self) -> None:
        self._edits.close()

    def _is_of_init(self, path: str) -> bool:
        """Whether a path is the project's .gitignore, with nothing new in it but the line of `cccc init`."""
        if path != f"{self._repo.prefix}.gitignore":
            return False
        before = git.run(self._repo.top, "cat-file", "blob", f"HEAD:{path}", env=self._env, check=False).stdout
        try:
            now = (self._repo.top / path).read_bytes()
        except OSError:
            return False
        return now.splitlines() == [*before.splitlines(), IGNORE.encode()]

    def _head(self, state: State) -> Iterator[tuple[f.Fact, str]]:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _HEAD_EVERY
        names = (self._repo.dir / "HEAD", self._repo.dir / "logs" / "HEAD", self._repo.common / "packed-refs")
        stamp = tuple(map(_changed, (*names, self._repo.common / state.branch)))
        if stamp == self._stamp:
            return
        try:
            fact = moved(state, git.look(self._repo.top, self._env))
        except (NotFound, git.GitError):
            return
        self._stamp = stamp
        if fact:
            yield fact, f"head:{state.moved}:{fact.new}"


def _is_in(path: str, handed_in: Set[str]) -> bool:
    """Whether a changed path, or all that may matter of an untracked folder, was handed in."""
    return path in handed_in or (path.endswith("/") and any(own.startswith(path) for own in handed_in))


def _changed(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class _Edits:
    """Asks git now and then, and without waiting for it, what differs from HEAD in the work tree."""

    def __init__(self, repo: git.Repo, env: Mapping[str, str]) -> None:
        self._top = repo.top
        self._env = {**git.environment(env), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        self._due = 0.0
        self._began = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the service

    def soon(self) -> None:
        """Have the next look at once."""
        self._due = 0.0

    def seen(self) -> list[str] | None:
        """Return the changed and the untracked paths, when a look has just ended; begin one when it is time."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self._begin(now)
            return None
        if self._process.poll() is None:
            return None
        code, self._process = self._process.returncode, None
        self._due = now + max(_LOOK_EVERY, _REST * (now - self._began))
        if code:
            return None
        self._output.seek(0)
        # XY, a blank, the path. No renames, so one path each.
        return [entry[3:] for entry in os.fsdecode(self._output.read()).split("\0") if entry]

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def _begin(self, now: float) -> None:
        self._output.seek(0)
        self._output.truncate()
        self._began = now
        what = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=dirty")
        self._process = subprocess.Popen(
            ["git", *what],
            cwd=self._top,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.DEVNULL,
        )
