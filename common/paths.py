"""Where everything of one project lies.

A project is the folder that holds `.cccc`; commands find it upward from any
sub-directory. `CCCC_HOME` names another `.cccc`, whose parent is the project.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import stat
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from cccc.common.errors import NoProject, UserError

PEERS = ("PeerA", "PeerB")
IGNORE = "/.cccc/**"  # the line that `cccc init` adds to the project's .gitignore

# supervisord binds `<socket>.<pid>` first and hard-links it to `<socket>`, and the kernel's limit for
# the path of a unix socket is 103 bytes on macOS (107 on Linux): 95 leaves room for a 7-digit pid.
LONGEST_SOCKET = 95


def folder(peer: str) -> str:
    """Return the folder and settings form of a peer's label: `peerA` for `PeerA`."""
    return "p" + peer[1:]


def other(peer: str) -> str:
    """Return the label of the peer that is not this one."""
    return PEERS[1 - PEERS.index(peer)]


@dataclass(frozen=True)
class Project:
    """The paths of one project. Nothing is created by looking."""

    home: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """Return the project that `start` (default: the current directory) lies in.

        Raises NoProject when there is no `.cccc` from there upward.
        """
        if os.environ.get("CCCC_HOME"):
            home = Path(os.environ["CCCC_HOME"]).resolve()
            if not home.is_dir():
                raise NoProject(f"CCCC_HOME={home} is not a folder; unset it or run `cccc init`")
            return cls(home)
        here = (start or Path.cwd()).resolve()
        for folder_ in (here, *here.parents):
            if (folder_ / ".cccc" / "settings").is_dir():
                return cls(folder_ / ".cccc")
        raise NoProject(f"no .cccc in {here} or above; run `cccc init` in your repository")

    @property
    def root(self) -> Path:
        """The user's folder: what git, checks and the peers work in."""
        return self.home.parent

    @property
    def name(self) -> str:
        """The folder's name, for people; use `key` where it must be unique."""
        return self.root.name or "root"

    @property
    def key(self) -> str:
        """12 hex digits that name this project on this machine."""
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]

    @property
    def settings(self) -> Path:
        return self.home / "settings"

    @property
    def mailbox(self) -> Path:
        return self.home / "mailbox"

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def check_logs(self) -> Path:
        """The logs of the gate's checks."""
        return self.work / "logs"

    @property
    def gate_tree(self) -> Path:
        """The worktree in which patches are applied and checked."""
        return self.work / "gate"

    @property
    def ledger(self) -> Path:
        """The open segment; closed ones are `<first seq>.jsonl` in `segments`."""
        return self.state / "ledger.jsonl"

    @property
    def segments(self) -> Path:
        return self.state / "ledger"

    @property
    def blobs(self) -> Path:
        return self.state / "blobs"

    @property
    def index(self) -> Path:
        return self.state / "index.sqlite"

    @property
    def snapshots(self) -> Path:
        return self.state / "snapshots"

    @property
    def run(self) -> Path:
        """Sockets, locks and what else lives only as long as the processes."""
        return self.state / "run"

    @property
    def terminal(self) -> Path:
        """The environment and umask of the terminal that typed `cccc up` (JSON, 0600)."""
        return self.state / "terminal.json"

    @property
    def stopped(self) -> Path:
        """Written when everything was stopped on purpose; its time says when that was last."""
        return self.state / "stopped"

    @property
    def status(self) -> Path:
        return self.state / "status.json"

    def peer(self, peer: str) -> Path:
        """Return one peer's mailbox folder."""
        return self.mailbox / folder(peer)

    def inbox(self, peer: str) -> Path:
        return self.peer(peer) / "inbox"

    def processed(self, peer: str) -> Path:
        return self.peer(peer) / "processed"

    def taken(self, peer: str) -> Path:
        """Where handed-in files wait until their fact is on disk."""
        return self.peer(peer) / "taken"

    def left_over(self, peer: str) -> Path:
        """Where `cccc upgrade` puts unread messages of an older release, until they are handed over."""
        return self.peer(peer) / "left-over"

    def hooks(self, peer: str) -> Path:
        """Return the folder in which the hooks of a peer's CLI leave what they are told."""
        return self.state / "hooks" / folder(peer)

    def service_log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def socket(self, name: str) -> Path:
        """Return the path to bind or connect `<name>.sock` at."""
        return self.sockets / f"{name}.sock"

    @property
    def sockets(self) -> Path:
        """The folder of the sockets: the run folder, or what `place_sockets` chose instead."""
        with contextlib.suppress(OSError):
            chosen = Path(os.fsdecode(self._pointer.read_bytes()))
            if chosen.name == self.key:  # else it came with a copy of another project
                return chosen
        return self.run if _short(self.run) else self._private

    @property
    def box(self) -> Path:
        """What checks see of us besides their tree; outside of the repository, which is hidden from them."""
        return self._private.with_name(f"{self.key}.box")

    @property
    def scratch(self) -> Path:
        """What a check changes in folders that are only lent to it."""
        return self.work / "scratch"

    @property
    def _private(self) -> Path:
        return Path(tempfile.gettempdir()) / f"cccc-{os.getuid()}" / self.key

    @property
    def _pointer(self) -> Path:
        return self.state / "sockets"

    def make(self, folder_: Path, mode: int = 0o700) -> None:
        """Create a folder below `.cccc`, and those above it that are missing.

        Raises NoProject without `.cccc` itself: where a project was moved away, nothing may stand in the way back.
        """
        for path in (*(above for above in reversed(folder_.parents) if self.home in above.parents), folder_):
            try:
                path.mkdir(mode=mode, exist_ok=True)
            except FileNotFoundError:
                raise NoProject(f"{self.home} was removed or moved; find it, or run `cccc init`") from None

    def make_private(self) -> None:
        """Create the folders that are for their user's eyes alone, and close to others what is there."""
        for path in (self.state, self.mailbox, self.logs):
            self.make(path)
            path.chmod(0o700)

    def make_run(self) -> None:
        """Create the run folder (0700) and that of the sockets.

        Raises UserError when the latter's parent belongs to somebody else, NoProject as `make` does.
        """
        self.make(self.run)
        if self.sockets != self.run:
            _make_owned(self.sockets.parent)
            self.sockets.mkdir(mode=0o700, exist_ok=True)

    def place_sockets(self) -> None:
        """Choose where the sockets are: in the run folder, or a private one where its path or file system will not do.

        Every command finds the choice, whatever its own TMPDIR. Raises UserError when no folder will do.
        """
        self.make_run()
        if _holds_sockets(self.run):
            self._pointer.unlink(missing_ok=True)
            return
        runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
        bases = [Path(tempfile.gettempdir()), Path(runtime), Path("/tmp"), Path("/var/tmp")]
        for folder_ in (base / self._private.parent.name / self.key for base in bases):
            with contextlib.suppress(OSError, UserError):
                _make_owned(folder_.parent)
                folder_.mkdir(mode=0o700, exist_ok=True)
                if _holds_sockets(folder_):
                    fresh = self._pointer.with_suffix(f".{os.getpid()}")
                    fresh.write_bytes(os.fsencode(folder_))
                    fresh.replace(self._pointer)
                    return
        raise UserError(
            f"{self.run} cannot hold unix sockets (its path or its file system), nor can a folder in "
            f"{', '.join(dict.fromkeys(map(str, bases)))}; set TMPDIR to a folder that can"
        )


def check_path(root: Path) -> None:
    """Raise UserError for a path that neither facts nor git's lines can carry."""
    try:
        str(root).encode()
    except UnicodeEncodeError:
        raise UserError(f"the path {str(root)!a} is not UTF-8; rename the folder") from None
    if any(unicodedata.category(sign) == "Cc" for sign in str(root)):
        raise UserError(f"the path {str(root)!a} contains a line break or control character; rename the folder")


def of_others(home: Path, uid: int) -> list[Path]:
    """Return what in `.cccc`, three levels deep, belongs to somebody else, as after one `sudo`. Root may do all."""
    if uid == 0:
        return []
    found = [path for pattern in ("*", "*/*", "*/*/*") for path in home.glob(pattern)]
    return [path for path in (home, *found) if path.lstat().st_uid != uid]


def same_file(fd: int, path: Path) -> bool:
    """Return whether an open file is the one that stands at `path` now."""
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(fd), path.stat())
    return False


def _make_owned(folder_: Path) -> None:
    folder_.mkdir(mode=0o700, exist_ok=True)
    status = folder_.lstat()
    if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode):
        raise UserError(f"{folder_} belongs to another user; remove it or set TMPDIR")


def _short(folder_: Path) -> bool:
    return len(os.fsencode(folder_ / "supervisor.sock")) <= LONGEST_SOCKET


def _holds_sockets(folder_: Path) -> bool:
    """Return whether a socket can be bound and hard-linked there, as supervisord does."""
    if not _short(folder_):
        return False
    bound, linked = folder_ / f".{os.getpid()}.a", folder_ / f".{os.getpid()}.b"
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(bound))
            os.link(bound, linked)
        return True
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False
    finally:
        for path in (bound, linked):
            path.unlink(missing_ok=True)
