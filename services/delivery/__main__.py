"""delivery: runs the two CLIs, fills their inboxes, and types NUDGE lines where it is safe."""

from __future__ import annotations

import json
import sys
import time

from cccc.common import facts as f
from cccc.common import worker
from cccc.common.errors import NotFound
from cccc.common.machine import durable, tmux, watch
from cccc.common.machine.faults import fault
from cccc.common.paths import PEERS, Project
from cccc.services.delivery.mail import inbox
from cccc.services.delivery.mail.leftover_mail import LeftoverMail
from cccc.services.delivery.mail.receipts import Receipts
from cccc.services.delivery.memory import Letter, Memory, fold
from cccc.services.delivery.nudging.nudger import Nudger
from cccc.services.delivery.nudging.without_keys import Beside
from cccc.services.delivery.panes import screen
from cccc.services.delivery.panes.hands import Hands
from cccc.services.delivery.running.clis import Clis
from cccc.services.delivery.wishes.passthrough import Passthrough
from cccc.services.delivery.wishes.stops import Stops

_LOOK_ANYWAY = 2.0  # where a folder gives no events
_SIGNAL_AGAIN = 10.0
_MOST_AT_ONCE = 200
_STATES = {screen.DRAFT: "waiting", screen.UNKNOWN: "waiting"}


class Delivery(worker.Worker):
    name = "delivery"
    version = 5
    State = Memory
    hears = fold.kinds
    state: Memory

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._profiles = self.settings.cli_profiles
        self._unread: set[str] = set(PEERS)  # peers whose inbox has to be compared with what is known
        self._looked = 0.0
        self._signalled: dict[str, tuple[f.PaneState, float]] = {}
        self._locks = ""

    # --- hearing ---

    def fold(self, fact: f.Fact) -> None:
        fold(self.state, fact)
        if isinstance(fact, f.HandoffDelivered):
            self._unread.add(fact.to)  # it may have been moved before we heard that it is there

    def open(self) -> None:
        inbox.prepare(self.project)
        self._watch = watch.Watch()
        for peer in PEERS:
            self._watch.add(self.project.inbox(peer))
        self._events_arrive = watch.probe(self.project.inbox(PEERS[0]))
        if not self._events_arrive:
            self.log.warning("no file events in %s; looking every %.0f s", self.project.mailbox, _LOOK_ANYWAY)
        self.watch(self._watch.fileno(), self._left)
        self._leftover_mail = LeftoverMail(self, self.state)
        self._clis = Clis(self, self.state)
        beside = Beside(self.project, self.state, self._clis.kind, self._clis.command)
        self._nudger = Nudger(self, self.state, self._clis.hands, beside)
        self._receipts = Receipts(self, self.state, self._clis.hands, self._clis.kind)
        self._stops = Stops(self, self.state, self._clis.hands)
        self._passthrough = Passthrough(self, self.state, self._clis.hands, self._clis.kind)
        self.act()

    def close(self) -> None:
        self._receipts.close()
        self._clis.close()

    def _left(self) -> None:
        """Note whose inbox changed."""
        for event in self._watch.events():
            if event.what == watch.LEFT:
                self._unread |= {peer for peer in PEERS if event.folder == self.project.inbox(peer)}
            elif event.what in (watch.GONE, watch.OVERFLOW):
                inbox.prepare(self.project)
                for peer in PEERS:
                    self._watch.add(self.project.inbox(peer))
                self._unread |= set(PEERS)

    # --- doing ---

    def act(self) -> None:
        self._unread |= self._leftover_mail.step()
        for peer in PEERS:
            self._fill(peer)
            self._compare(peer)
            self._prune(peer)
        try:
            self._clis.tend()
            self._receipts.read()
            for peer in PEERS:
                if not self._passthrough.step(peer):
                    self._nudger.step(peer)
                self._receipts.end_by_screen(peer)
                self._stops.step(peer)
        except tmux.Gone as gone:
            self.log.info("%s", gone)
            self._clis.look_again()
            self.wake_in(0.1)
        for peer in PEERS:
            self._tell(peer)
        self._write_locks()

    # --- the inbox ---

    def _fill(self, peer: str) -> None:
        """Put every message that is owed into the inbox, in order."""
        owed = [(n, letter) for n, letter in sorted(self.state.peers[peer].owed.items()) if not self._awaits(letter)]
        for number, letter in owed[:_MOST_AT_ONCE]:
            try:
                if not inbox.has(self.project, peer, letter.file):
                    inbox.put(self.project, peer, letter.file, self._body(letter))
                    fault("delivery.inbox-written")
            except OSError as error:
                self.trouble = f"cannot write {self.project.inbox(peer) / letter.file}: {error.strerror}"
                self.wake_in(1.0)
                return
            self.trouble = ""
            path = str((self.project.inbox(peer) / letter.file).relative_to(self.project.root))
            delivered = f.HandoffDelivered(to=peer, mid=letter.mid, inbox_seq=number, path=path)
            self.say(delivered, id_=f"{letter.seq}.inbox", cause=letter.seq)
        if len(owed) > _MOST_AT_ONCE:
            self.wake_in(0.0)

    def _awaits(self, letter: Letter) -> bool:
        return self.pending(f"{letter.seq}.inbox")

    def _body(self, letter: Letter) -> bytes:
        try:
            return self.blobs.get(letter.sha)
        except NotFound:
            return f"[MID: {letter.mid}]\nThe text of this message is gone: removed by the user, or damaged.\n".encode()

    def _compare(self, peer: str) -> None:
        """Say what left the inbox."""
        if not self._events_arrive and time.monotonic() - self._looked > _LOOK_ANYWAY:
            self._looked = time.monotonic()
            self._unread |= set(PEERS)
        inbox.keep_processed(self.project, peer)
        if peer not in self._unread:
            return
        self._unread.discard(peer)
        known = self.state.peers[peer]
        by_file = {letter.file: (number, letter) for number, letter in sorted(known.waiting.items())}
        for file in inbox.gone(self.project, peer, by_file):
            number, letter = by_file[file]
            moved = (self.project.processed(peer) / file).exists()
            ack = f.AckFile(author=peer, mid=letter.mid, inbox_seq=number, file=file, ok=moved)
            ack.unread = number in known.put_away
            self.say(ack, id_=f"{letter.seq}.ack", cause=letter.seq)

    def _prune(self, peer: str) -> None:
        """Keep only the newest of the read messages."""
        read = self.state.peers[peer].read
        extra = len(read) - self._profiles.delivery.processed_retention
        if extra > 0:
            inbox.prune(self.project, peer, read[: min(extra, _MOST_AT_ONCE)])
            del read[: min(extra, _MOST_AT_ONCE)]
            self.wake_in(0.0)

    # --- what others see ---

    def _tell(self, peer: str) -> None:
        """Publish the pane's state when it changed, and now and then for those that came later."""
        known, at, now = self.state.peers[peer], self._clis.hands.get(peer), time.monotonic()
        told = f.PaneState(
            by=self.name,
            peer=peer,
            state="dead",
            inbox=len(known.waiting),
            nudge=self._passthrough.words(peer) or self._nudger.words(peer),
        )
        on_the_way = self._clis.ways.get(peer)
        if at is not None and known.life.running:
            told.state, told.reason = self._seen(at)
        elif on_the_way and known.life.running:
            told.state, told.reason = screen.STARTING, on_the_way.stands
        before, when = self._signalled.get(peer, (None, 0.0))
        if told != before or now - when > _SIGNAL_AGAIN:
            self._signalled[peer] = (told, now)
            self.signal(told)

    def _seen(self, at: Hands) -> tuple[str, str]:
        """Return a pane's state and its reason: what the CLI's hooks tell where the screen shows nothing."""
        seen = at.view
        if at.typing:
            return "typing", seen.reason
        if at.asks:
            return "waiting", at.asks
        if at.turn and seen.state == screen.IDLE:
            return "busy", screen.RUNS
        return _STATES.get(seen.state, seen.state), seen.reason

    def _write_locks(self) -> None:
        """Write which peers' panes a line is being typed into, for `cccc locks`."""
        locks = json.dumps({peer: token for peer in PEERS if (token := self.state.peers[peer].flight.token)})
        if locks != self._locks:
            durable.show(self.project.state / "locks.json", locks.encode())
            self._locks = locks


if __name__ == "__main__":
    sys.exit(worker.main(Delivery))
