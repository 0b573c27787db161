"""Running git: no shell, C locale, and never in another repository than the one asked for.

A caller that itself runs inside a git hook has GIT_DIR, GIT_INDEX_FILE and more in its
environment, which would send our commands into another repository; they are dropped here.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.errors import NotFound, UserError
from cccc.common.text.lines import plain

# Of the GIT_* variables these stay: who the user is, where the configuration and git's own programs are.
_THE_USERS = (
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
)
_GIT = ("git", "-c", "core.quotePath=false")


class GitError(UserError):
    """git said no. `stderr` has its words."""

    def __init__(self, command: str, code: int, stderr: str) -> None:
        super().__init__(f"git {command} failed ({code}): {' '.join(stderr.split()) or 'no message'}")
        self.code = code
        self.stderr = stderr


class NoTree(NotFound):
    """There is no work tree that git works in: what is so, and what to type."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what}; {mend}")
        self.what = what
        self.mend = mend


@dataclass(frozen=True)
class Repo:
    """Where a folder's repository lies and what is checked out in it."""

    top: Path  # the work tree's root
    dir: Path  # of this work tree: HEAD and index
    common: Path  # of all its work trees: objects and branches
    prefix: str  # the folder below `top`: "" or "sub/dir/"
    head: str  # the commit checked out; "" before the first one
    branch: str  # full ref name; "" when HEAD is detached


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `base` (default: our own environment) without what ties git to another repository."""
    base = os.environ if base is None else base
    return {name: value for name, value in base.items() if not name.startswith("GIT_") or name.startswith(_THE_USERS)}


def run(
    root: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    check: bool = True,
    umask: int = -1,
) -> subprocess.CompletedProcess[bytes]:
    """Run git in `root` and return what it printed. Raises GitError when it fails, unless `check` is false.

    `env` is the whole environment, taken as it is (default: `environment()`). A `umask` of -1 is our own.
    """
    process = _start(root, args, env, subprocess.DEVNULL if input is None else subprocess.PIPE, umask)
    done = _end(process, input)
    return checked(done) if check else done


def at_once(
    root: Path, *commands: tuple[str, ...], env: Mapping[str, str] | None = None, umask: int = -1
) -> list[subprocess.CompletedProcess[bytes]]:
    """Run git commands that do not need each other side by side; none is checked."""
    processes = [_start(root, args, env, subprocess.DEVNULL, umask) for args in commands]
    return [_end(process) for process in processes]


def begin(
    root: Path, *args: str, env: Mapping[str, str] | None = None, input: bytes = b"", umask: int = -1
) -> subprocess.Popen[bytes]:
    """Start git and do not wait for it: `end` does."""
    with tempfile.TemporaryFile() as file:
        file.write(input)
        file.seek(0)
        return _start(root, args, env, file.fileno(), umask)


def end(process: subprocess.Popen[bytes]) -> subprocess.CompletedProcess[bytes]:
    """Wait for what `begin` started and return what it printed. Raises GitError when it failed."""
    return checked(_end(process))


def checked(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[bytes]:
    """Return it as it is. Raises GitError when the command failed."""
    if done.returncode:
        words = " ".join(done.args[len(_GIT) :])
        raise GitError(words, done.returncode, done.stderr.decode(errors="replace"))
    return done


def _start(
    root: Path, args: tuple[str, ...], env: Mapping[str, str] | None, stdin: int, umask: int
) -> subprocess.Popen[bytes]:
    quiet = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.Popen(
        [*_GIT, *args],
        cwd=root,
        env={**(environment() if env is None else env), **quiet},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        umask=umask,
    )


def _end(process: subprocess.Popen[bytes], input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    with process:
        stdout, stderr = process.communicate(input)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


class Objects:
    """The repository's contents by name, from one git that runs on until `close`, or until nobody holds this."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None, umask: int = -1) -> None:
        self._process = _start(root, ("cat-file", "--batch"), env, subprocess.PIPE, umask)

    def get(self, name: str) -> tuple[str, bytes] | None:
        """Return hash and bytes of the blob that `name` means to git; None where it means none. It is one line."""
        ask, answers = self._process.stdin, self._process.stdout
        assert ask and answers and "\n" not in name
        ask.write(os.fsencode(f"{name}\n"))
        ask.flush()
        header = answers.readline()
        if not header:
            raise GitError("cat-file --batch", self._process.wait(), "it ended")
        fields = header.split()
        if len(fields) != 3 or not fields[2].isdigit():
            return None
        content = answers.read(int(fields[2]) + 1)[:-1]
        return (os.fsdecode(fields[0]), content) if fields[1] == b"blob" else None

    def close(self) -> None:
        if self._process.poll() is None:
            _end(self._process)

    def __del__(self) -> None:
        self.close()


def line(root: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Return the one line that a git command prints. Raises GitError."""
    return os.fsdecode(run(root, *args, env=env).stdout).rstrip("\n")


def look(root: Path, env: Mapping[str, str] | None = None) -> Repo:
    """Return the repository that `root` lies in. Raises NoTree when there is none, or it has no work tree."""
    asked = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir", "--show-prefix")
    done = run(root, "rev-parse", *asked, "HEAD", "--symbolic-full-name", "HEAD", env=env, check=False)
    found = os.fsdecode(done.stdout).split("\n")
    if len(found) < len(asked):
        raise _no_tree(root, done.stderr.decode(errors="replace"))
    head, name = found[4:6] if done.returncode == 0 else ("", line(root, "symbolic-ref", "HEAD", env=env))
    top, dir_, common, prefix = found[:4]
    branch = "" if name == "HEAD" else name
    return Repo(Path(top), Path(dir_), (root / common).resolve(), prefix, head, branch)


def _no_tree(root: Path, words: str) -> NoTree:
    """Say why git finds no work tree in a folder, by its words in the C locale."""
    words = " ".join(words.split())
    if "dubious ownership" in words:
        trusted = re.search(r"repository at '(.+?)'", words)
        place = plain(trusted[1] if trusted else str(root))
        what = f"{place} belongs to another user, and git does not trust it"
        return NoTree(what, f"run `git config --global --add safe.directory '{place}'`, or change its owner")
    if "must be run in a work tree" in words:
        what = f"{plain(str(root))} is in a bare repository, which has no work tree"
        return NoTree(what, "clone it and run cccc there, or run `git config core.bare false`")
    gone = re.search(r"not a git repository: (\S.*)", words)
    if gone:
        what = f"{plain(str(root))}: .git points to {plain(gone[1])}, which does not exist"
        return NoTree(what, "run `git worktree repair PATH` in the main repository, or clone again")
    if "not a git repository" in words:
        return NoTree(f"{plain(str(root))} is not in a git repository", "run `git init` there, or restore its .git")
    return NoTree(f"{plain(str(root))}: git finds no work tree ({plain(words)})", "fix what git reports")


def short(name: str) -> str:
    """Return a ref name as people say it."""
    return "a detached HEAD" if name in ("", "HEAD") else name[len("refs/heads/") :]
