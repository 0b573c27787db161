"""Running a check where nothing of the user's tree can answer for the patched one.

`bind`: in a mount namespace of its own the gate tree lies at the repository's own path, so that an
editable install or an absolute path finds the patched tree. The repository comes back, read-only but
for the objects and the gate tree's own folder in it, through the box: a folder outside of the
repository. A pid namespace ends with the check whatever the check left running. The command
itself has the caller's own uid and gid again. `path`, where the kernel refuses that: the command
runs in the gate tree, and what leads to the user's is turned round (`links.py`, `environment.py`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cccc.common.errors import UserError
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.services.evidence.tree.sweep import open_and_retry

NOT_ISOLATED = 125  # the exit code with which the script says that it could not
COMPLAINT = "cccc: cannot isolate the check: "

# The first process of the pid namespace stays a shell: it collects what the check orphans.
_SCRIPT = f"""
fail() {{ echo "{COMPLAINT}$1"; exit {NOT_ISOLATED}; }}
box=$1 common=$2 admin=$3 tree=$4 top=$5 here=$6 overlay=$7
shift 7
mount -a -T "$box/mounts" 2>/dev/null || why=$(mount -a -T "$box/mounts.writable" 2>&1) || fail "${{why%%
*}}"
while [ "$1" != -- ]; do
    mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work$overlay" overlay "$3" 2>/dev/null ||
        mount --bind -o ro "$1" "$3" || fail "$1"
    [ ! -f "$3/.git" ] || rm -f "$3/.git" 2>/dev/null # of a submodule: it leads to what is not there
    shift 3
done
shift
mount --rbind "$tree" "$top" || fail "$top"
cd "$here" && [ -d "$box/git/objects" ] && read -r line < "$top/.git" &&
    [ "$line" = "gitdir: $box/git/worktrees/$admin" ] || fail "$here"
"$@" || exit $?
exit 0
"""
_NAMESPACES = ("--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True)
class Isolation:
    """How checks are kept apart on this machine."""

    way: str  # bind, path, or none: checks cannot run
    why: str = ""  # not bind
    enter: tuple[str, ...] = ()  # the command that makes the namespaces
    back: tuple[str, ...] = ()  # the command that gives back the caller's own uid
    overlay: str = ""  # options of an overlay mount there


@dataclass(frozen=True)
class Mount:
    """A folder of the user's that a check sees at `path`, and can change for itself only."""

    source: Path
    path: Path  # in the gate tree, where a folder lies


class Sandbox:
    """Where checks of one project run. `box` lies outside of the repository, `scratch` on its disk."""

    def __init__(self, isolation: Isolation, box: Path, scratch: Path) -> None:
        self.isolation = isolation
        self.box = box
        self._scratch = scratch

    def wrap(
        self, argv: list[str], repo: git.Repo, tree: Path, mounts: Iterable[Mount] = (), own_git: bool = False
    ) -> list[str]:
        """Return the command that runs `argv` in the project's folder of the gate tree `tree`.

        With `own_git` it can write to the repository's own folder as well: to a copy, where the kernel can do that.
        """
        if self.isolation.way == "none":
            return ["sh", "-c", f'echo "{COMPLAINT}$0"; exit {NOT_ISOLATED}', self.isolation.why]
        if self.isolation.way == "path":
            return argv
        admin = Path((tree / ".git").read_text().partition("gitdir: ")[2].strip()).name
        (self.box / "git").mkdir(exist_ok=True)
        (self.box / "pointer").write_text(f"gitdir: {self.box}/git/worktrees/{admin}\n")
        shutil.rmtree(self._scratch, onerror=open_and_retry)
        self._scratch.mkdir()
        self._write_mounts(repo.common, admin, tree, own_git)
        words: list[str] = []
        for number, mount in enumerate(mounts):
            own = self._scratch / str(number)
            for name in ("upper", "work"):
                (own / name).mkdir(parents=True)
            words += [str(mount.source), str(own), str(mount.path)]
        where = (self.box, repo.common, admin, tree, repo.top, repo.top / repo.prefix, self.isolation.overlay)
        enter = [*self.isolation.enter, "sh", "-c", _SCRIPT, "sh", *map(str, where)]
        return [*enter, *words, "--", *self.isolation.back, *argv]

    def _write_mounts(self, common: Path, admin: str, tree: Path, own_git: bool) -> None:
        """Write down what one mount(8) is to do: five of them take three times as long."""
        own, place = Path("worktrees") / admin, self.box / "git"
        rest = [
            _bind(common / "objects", place / "objects"),
            _bind(common / own, place / own),
            _bind(self.box / "pointer", tree / ".git"),
        ]
        first = self._copied(common, place) if own_git else _bind(common, place, "bind,ro")
        (self.box / "mounts").write_bytes(b"".join([first, *rest]))
        (self.box / "mounts.writable").write_bytes(b"".join([_bind(common, place), *rest]))

    def _copied(self, folder: Path, place: Path) -> bytes:
        """Return a line of fstab(5) by which `folder` can be written to at `place`, and stays as it is."""
        upper, work = (self._scratch / "git" / name for name in ("upper", "work"))
        for made in (upper, work):
            made.mkdir(parents=True)
        options = f"lowerdir={folder},upperdir={upper},workdir={work}{self.isolation.overlay}"
        return b"overlay %s overlay %s\n" % (_escaped(place), _escaped(Path(options)))

    def top(self, repo: git.Repo, tree: Path) -> Path:
        """Return the place of the gate tree as a check sees it."""
        return repo.top if self.isolation.way == "bind" else tree

    def here(self, repo: git.Repo, tree: Path) -> Path:
        """Return the project's folder as a check sees it."""
        return self.top(repo, tree) / repo.prefix


def _bind(source: Path, place: Path, options: str = "bind") -> bytes:
    """Return a line of fstab(5)."""
    return b"%s %s none %s\n" % (_escaped(source), _escaped(place), options.encode())


def _escaped(path: Path) -> bytes:
    return re.sub(rb"[\s\\]", lambda found: b"\\%03o" % found[0][0], os.fsencode(path))


def of(project: Project, wanted: str = "auto") -> Sandbox:
    """Return where the project's checks run on this machine, by `gate.isolation`. Raises UserError."""
    box = make_box(project.box)
    if wanted == "path":
        return Sandbox(Isolation("path", "gate.isolation is path"), box, project.scratch)
    found = probe(box, os.getuid(), os.getgid())
    if wanted == "bind" and found.way != "bind":
        found = Isolation("none", f"gate.isolation is bind, and that does not work here: {found.why}")
    return Sandbox(found, box, project.scratch)


def make_box(path: Path) -> Path:
    """Create the folder that checks and gate share. Raises UserError when its parent belongs to somebody else."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        raise UserError(f"{path.parent} belongs to another user; remove it or set TMPDIR")
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def probe(box: Path, uid: int, gid: int, as_caller: tuple[str, ...] = ()) -> Isolation:
    """Return the best isolation that this machine gives to `uid`, found by trying it.

    `as_caller` is a command that runs another one as that user; empty when we are that user.
    """
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        return Isolation("path", "unshare(1) is not installed")
    ways = [_as_user(uid, gid)] if uid else [Isolation("bind", enter=("unshare", *_NAMESPACES)), _as_user(uid, gid)]
    complaint = ""
    for way in ways:
        complaint = _canary(way, box, uid, gid, as_caller)
        if not complaint:
            return way
    return Isolation("path", complaint)


def _as_user(uid: int, gid: int) -> Isolation:
    enter = ("unshare", "--user", "--map-root-user", *_NAMESPACES)
    back = ("unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--")
    return Isolation("bind", enter=enter, back=back, overlay=",userxattr")


def _canary(isolation: Isolation, box: Path, uid: int, gid: int, as_caller: tuple[str, ...]) -> str:
    """Let a check read a file of the user's tree by its path. Returns "" when it finds the gate tree's."""
    root = Path(tempfile.mkdtemp(prefix="canary-", dir=box))  # doctor may probe while the gate is at work
    user, tree, common = root / "user", root / "user" / "gate", root / "user" / "git"
    for folder in (root / "box", tree, common / "objects", common / "worktrees" / "gate"):
        folder.mkdir(parents=True)
    (tree / ".git").write_text(f"gitdir: {common}/worktrees/gate\n")
    (user / "content").write_text("the user's\n")
    (tree / "content").write_text("the gate's\n")
    for path in (root, *root.rglob("*")):
        os.chown(path, uid, gid)
    repo = git.Repo(user, common, common, "", "", "")
    asks = ["sh", "-c", 'cat "$0" && id -u && id -g', str(user / "content")]
    argv = Sandbox(isolation, root / "box", root / "scratch").wrap(asks, repo, tree)
    done = subprocess.run([*as_caller, *argv], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    shutil.rmtree(root)
    if done.stdout == f"the gate's\n{uid}\n{gid}\n":
        return ""
    return " ".join((done.stderr + done.stdout).split()) or f"unshare: exit {done.returncode}"
