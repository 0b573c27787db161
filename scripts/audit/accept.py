"""A person says what became of a ledger that is not the one that was acknowledged.

While the services are up they write the fact. While they are down we take the ledger's lock and do it through the
same code; then also what cannot be read is put aside, whole, so that the ledger goes on after the lines before it.
"""

from __future__ import annotations

import getpass
import shutil
import time
from contextlib import closing
from pathlib import Path

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import LedgerBroken, LedgerBusy, LedgerError, UserError
from cccc.common.ledger import anchor
from cccc.common.machine.durable import sync_folder
from cccc.common.machine.process import hold
from cccc.common.paths import Project
from cccc.services.ledger.store import Store


def accept(project: Project, because: str) -> tuple[f.LedgerAccepted, list[Path]]:
    """Have the ledger accepted as it is; return the fact, and what was put aside.

    Raises UserError when there is nothing to accept, LedgerError when the fact cannot be written.
    """
    project.make_run()
    try:
        lock = hold(project.run / "ledger.lock", within=0)
    except LedgerBusy:  # the service has it, so the ledger can be read
        fact = _fact(project, because)
        bus.tell(project, "cli", [fact])
        return fact, []
    with lock:
        aside = _put_aside(project)
        fact = _fact(project, because)
        with closing(Store(project)) as store:
            fact.by = "cli"
            if not store.append([fact]):
                raise LedgerError("the disk is full; nothing was accepted")
    return fact, aside


def _fact(project: Project, because: str) -> f.LedgerAccepted:
    loss = anchor.loss(project, anchor.place(project))
    told = _open(project)
    if loss is None and told is None:
        raise UserError("nothing to accept: the ledger has every line that was acknowledged")
    seq, hash_ = (loss.seq, loss.hash) if loss else (told.old_seq, told.old_hash) if told else (0, "")
    return f.LedgerAccepted(
        id=f"accept:{time.time_ns()}",
        old_seq=seq,
        old_hash=hash_,
        because=because[: f.LONGEST_TEXT],
        who=getpass.getuser(),
        first=max(1, ledger.oldest(project)),
        breaks=ledger.breaks(project),
    )


def _open(project: Project) -> f.LedgerDiffers | None:
    """Return the last loss that nobody accepted, as the facts tell."""
    told = None
    for fact in ledger.read(project):
        if isinstance(fact, (f.LedgerDiffers, f.LedgerAccepted)):
            told = fact if isinstance(fact, f.LedgerDiffers) else None
    return told


def _put_aside(project: Project) -> list[Path]:
    """Take the lines from the first that cannot be read on out of the ledger; return where they are."""
    with closing(ledger.Reader(project)) as reader:
        try:
            for _ in ledger.checked(reader):
                pass
            return []
        except LedgerBroken:
            last = reader.seq if reader.seq == 0 or ledger.line_at(project, reader.seq) else reader.seq - 1
    aside = []
    for path in [*(path for _, path in ledger.segments(project)), project.ledger]:
        end = _end_of(path, last) if path.exists() else None
        if end is None or end == path.stat().st_size:
            continue
        kept = project.segments / f"unreadable-{path.stem}-{time.time_ns()}.bin"
        shutil.copy2(path, kept)
        aside.append(kept)
        if end or path == project.ledger:
            with path.open("r+b") as file:
                file.truncate(end)
        else:
            path.unlink()
    sync_folder(project.segments)
    return aside


def _end_of(path: Path, last: int) -> int:
    """Return how many bytes of a segment are the lines up to `last`."""
    end = 0
    with path.open("rb") as file:
        for line in file:
            try:
                if not line.endswith(b"\n") or ledger.envelope(line).seq > last:
                    return end
                ledger.decode(line[:-1])
            except LedgerBroken:
                return end
            end += len(line)
    return end
