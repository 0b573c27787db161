"""The mail of the last session, at the start: it stays, or is put away unread, as was chosen at `cccc up`.

A letter that is put away leaves the inbox only once that is heard; that it left is then said as of any other.
"""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common import worker
from cccc.common.commands import leftover_mail
from cccc.common.paths import PEERS
from cccc.services.delivery.mail import inbox
from cccc.services.delivery.memory import Letter, Memory


class LeftoverMail:
    """One choice, until it is done."""

    def __init__(self, service: worker.Worker, memory: Memory) -> None:
        self._service = service
        self._memory = memory
        policy, mark = leftover_mail.chosen(service.project)
        self._said = f"startup-{mark}" if policy else ""
        outcomes = [_outcome(policy, peer, known.waiting) for peer, known in memory.peers.items() if known.waiting]
        if self._said and outcomes:
            service.say(*outcomes, id_=self._said)

    def step(self) -> set[str]:
        """Do what was heard; return the peers whose inboxes have changed."""
        if self._said and not self._service.pending(self._said):
            self._said = ""
            leftover_mail.forget(self._service.project)
        return {peer for peer in PEERS if self._put_away(peer)}

    def _put_away(self, peer: str) -> bool:
        known = self._memory.peers[peer]
        moved = False
        for number, kept in known.put_away.items():
            moved |= inbox.put_away(self._service.project, peer, known.waiting[number].file, kept)
        return moved


def _outcome(policy: str, peer: str, waiting: dict[int, Letter]) -> f.StartupInboxResume | f.StartupInboxDiscard:
    if policy == "resume":
        return f.StartupInboxResume(peer=peer, count=len(waiting))
    return f.StartupInboxDiscard(peer=peer, count=len(waiting), upto=max(waiting), kept=policy == "archive")
