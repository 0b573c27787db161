"""Removing a body, and finding what else holds its bytes.

The ledger service removes the body after the fact is on disk. While it is down we take its
lock and do the same through the same code.
"""

from __future__ import annotations

import getpass
import mmap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.errors import LedgerBusy, LedgerError, NotFound, UserError
from cccc.common.machine.process import hold
from cccc.common.paths import PEERS, Project
from cccc.services.ledger.store import Store

_SHORTEST = 8  # bytes; less than that is found inside of everything


def find(project: Project, start: str) -> str:
    """Return the SHA-256 of the body that begins with `start`. Raises NotFound, or UserError when it is not one."""
    if len(start) < 6 or set(start) - set("0123456789abcdef"):
        raise UserError(
            f"{start} is no SHA-256; give its first 6 or more digits, as `cccc ledger show --json` has them"
        )
    found = [path.name for path in project.blobs.glob(f"{start}*")]
    if not found:
        raise NotFound(f"no body begins with {start} in {project.blobs}; `cccc ledger show --json` has the names")
    if len(found) > 1:
        raise UserError(f"{len(found)} bodies begin with {start}; give more digits")
    return found[0]


def copies(project: Project, content: bytes) -> Iterator[Path]:
    """Yield the files that hold the bytes: other bodies, messages that peers have, logs of checks."""
    wanted = content.strip()
    folders = [folder for peer in PEERS for folder in (project.inbox(peer), project.processed(peer))]
    for folder in (project.blobs, *folders, project.check_logs):
        for path in sorted(folder.glob("*")):
            if path.is_file() and not path.is_symlink() and _holds(path, wanted):
                yield path


def _holds(path: Path, wanted: bytes) -> bool:
    size = path.stat().st_size
    if size < max(1, len(wanted)):
        return False
    if len(wanted) < _SHORTEST:
        return size < len(wanted) + _SHORTEST and path.read_bytes().strip() == wanted
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(wanted) >= 0


def forget(project: Project, sha: str, why: str) -> int:
    """Have one body removed; return the seq of the fact that says so. Raises LedgerError."""
    fact = f.BodyForgotten(id=f"forget:{sha}:{time.time_ns()}", sha=sha, who=getpass.getuser(), why=why)
    project.make_run()
    try:
        lock = hold(project.run / "ledger.lock", within=0)
    except LedgerBusy:  # the service has it: it is up, or starting
        return bus.tell(project, "cli", [fact])[0]
    with lock, closing(Store(project)) as store:
        fact.by = "cli"
        if not store.append([fact]):
            raise LedgerError("the disk is full; nothing was removed")
        return store.seq
