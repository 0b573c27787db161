"""The one who moves the anchor: behind the ledger, at most each second, and never from a ledger that differs."""

from __future__ import annotations

import time

from cccc.common.ledger import anchor
from cccc.common.ledger.anchor import Head, Loss
from cccc.common.paths import Project

_EVERY = 1.0


class Keeper:
    """The anchor of one ledger. Raises LedgerBroken when the ledger cannot be read."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = anchor.place(project)
        self._closed = anchor.closed(project)
        self._edited = False
        self.loss: Loss | None = anchor.loss(project, self._path, restarted=True)
        self.trouble = ""
        self._kept = Head(0, "")
        self._moved = 0.0

    def follow(self, seq: int, hash_: str) -> None:
        """Move the anchor to the last line that is on disk, when it is time to."""
        now = time.monotonic()
        if seq != self._kept.seq and now - self._moved >= _EVERY:
            self._moved = now
            self.move(Head(seq, hash_))

    def look(self, edited: bool) -> None:
        """Note whether others changed the open segment (`edited`) or a closed one: the next start reads all."""
        self._edited |= edited or anchor.closed(self._project) != self._closed

    def archived(self) -> None:
        """Take note of the segment that we have just closed."""
        self._closed = anchor.closed(self._project)

    def stop(self, seq: int, hash_: str) -> None:
        """Move the anchor for the last time, with what the files look like."""
        if seq:
            self.move(Head(seq, hash_, "edited" if self._edited else anchor.files(self._project)))

    def move(self, head: Head) -> None:
        """Move the anchor now. What cannot be written is `trouble`, and tried again."""
        if self._path is None or self.loss:
            return
        try:
            anchor.write(self._path, head)
        except OSError as error:
            self.trouble = f"{self._path}, where the ledger's end is kept, cannot be written: {error.strerror}"
            return
        self.trouble, self._kept = "", head
