"""delivery: runs the two CLIs, fills their inboxes, and types NUDGE lines where it is safe."""

from __future__ import annotations

import json
import sys
import time

from cccc.common import facts as f
from cccc.common import terminal, tmux, watch, worker
from cccc.common.errors import NotFound
from cccc.common.faults import fault
from cccc.common.paths import PEERS, Project, folder
from cccc.services.delivery import hands, inbox, nudge, screen
from cccc.services.delivery.hands import Hands
from cccc.services.delivery.memory import LIVED_LONG, Letter, Memory, fold
from cccc.services.delivery.pane import last_words
from cccc.services.delivery.window import Window

_COMMANDS = {"PeerA": "CLAUDE_I_CMD", "PeerB": "CODEX_I_CMD"}
_LOOK_ANYWAY = 2.0  # where a folder gives no events
_SIGNAL_AGAIN = 10.0
_MOST_AT_ONCE = 200
_STATES = {screen.DRAFT: "waiting", screen.UNKNOWN: "waiting"}


class Delivery(worker.Worker):
    name = "delivery"
    version = 1
    State = Memory
    state: Memory

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._profiles = self.settings.cli_profiles
        self._hands: dict[str, Hands] = {}
        self._unread: set[str] = set(PEERS)  # peers whose inbox has to be compared with what is known
        self._looked = 0.0
        self._just_opened = True
        self._signalled: dict[str, tuple[f.PaneState, float]] = {}
        self._locks = ""
        self._intended: dict[str, str] = {}  # the token that this process means to type
        self._due: set[str] = set()

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
        self._window = Window(self.project, self, not self._profiles.tmux.alternate_screen_off)
        self._window.tend()

    def close(self) -> None:
        self._window.close()

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
        for peer in PEERS:
            self._fill(peer)
            self._compare(peer)
            self._prune(peer)
        try:
            self._tend()
            for peer in PEERS:
                self._nudge(peer)
        except tmux.Gone as gone:
            self.log.info("%s", gone)
            self._window.look_again()
            self.wake_in(0.1)
        for peer in PEERS:
            self._tell(peer)
        self._write_locks()

    # --- the inbox ---

    def _fill(self, peer: str) -> None:
        """Put every message that is owed into the inbox, in order."""
        for number, letter in sorted(self.state.peers[peer].owed.items()):
            id_ = f"{letter.seq}.inbox"
            if self.pending(id_):
                continue
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
            self.say(delivered, id_=id_, cause=letter.seq)

    def _body(self, letter: Letter) -> bytes:
        try:
            return self.blobs.get(letter.sha)
        except NotFound:
            return f"[MID: {letter.mid}]\nThe text of this message was removed by the user.\n".encode()

    def _compare(self, peer: str) -> None:
        """Say what left the inbox."""
        if not self._events_arrive and time.monotonic() - self._looked > _LOOK_ANYWAY:
            self._looked = time.monotonic()
            self._unread |= set(PEERS)
        if peer not in self._unread:
            return
        self._unread.discard(peer)
        known = self.state.peers[peer]
        by_file = {letter.file: (number, letter) for number, letter in sorted(known.waiting.items())}
        for file in inbox.gone(self.project, peer, by_file):
            number, letter = by_file[file]
            moved = (self.project.processed(peer) / file).exists()
            ack = f.AckFile(author=peer, mid=letter.mid, inbox_seq=number, file=file, ok=moved)
            self.say(ack, id_=f"{letter.seq}.ack", cause=letter.seq)

    def _prune(self, peer: str) -> None:
        """Keep only the newest of the read messages."""
        read = self.state.peers[peer].read
        extra = len(read) - self._profiles.delivery.processed_retention
        if extra > 0:
            inbox.prune(self.project, peer, read[: min(extra, _MOST_AT_ONCE)])
            del read[: min(extra, _MOST_AT_ONCE)]
            self.wake_in(0.0)

    # --- the CLIs ---

    def _tend(self) -> None:
        self._window.tend()
        self._window.fill_lower_half(time.monotonic())
        for peer in PEERS:
            self._live(peer)
        self._just_opened = False

    def _live(self, peer: str) -> None:
        """Start the peer's CLI, adopt it, or say that it ended."""
        life = self.state.peers[peer].life
        pane = self._window.panes[peer]
        alive = bool(pane.run) and not pane.dead
        if life.running and alive and pane.run == str(life.starts):
            self._take_over(peer, pane.id)
        elif life.running:
            self._say_exit(peer, pane)
        elif pane.run == str(life.starts + 1):  # started, and not said or not heard yet
            self._say_start(peer, pane.id)
        else:
            wait = life.ended_at + life.again_s - time.time()
            if wait > 0:
                self.wake_in(wait)
                return
            argv = (sys.executable, "-I", "-m", "cccc.services.delivery.launch", str(self.project.home))
            tmux.respawn(self.project, pane.id, str(life.starts + 1), *argv, self._command(peer))
            fault("delivery.started")
            self._window.look_again()
            self._say_start(peer, pane.id)

    def _take_over(self, peer: str, pane: str) -> None:
        if peer in self._hands:
            return
        known, profile = self.state.peers[peer], getattr(self._profiles, folder(peer))
        kind = screen.kind(self._command(peer))
        rules = screen.rules(kind, profile.prompt_regex, profile.busy_regexes, profile.idle_quiet_seconds)
        quiet = self._profiles.delivery.human_quiet_seconds
        self._hands[peer] = Hands(self.project, pane, rules, quiet, known.life.started_at)
        if self._just_opened:
            id_ = f"{folder(peer)}.{known.life.starts}.adopted.{time.time_ns()}"
            self.say(f.PeerAdopted(peer=peer, pane=pane), id_=id_)

    def _say_start(self, peer: str, pane: str) -> None:
        life = self.state.peers[peer].life
        start = f.PeerStarted(peer=peer, command=self._command(peer), pane=pane, attempt=life.attempt + 1)
        self.say(start, id_=f"{folder(peer)}.{life.starts + 1}.started")

    def _say_exit(self, peer: str, pane: tmux.Pane) -> None:
        known, life = self.state.peers[peer], self.state.peers[peer].life
        self._hands.pop(peer, None)
        lived = max(0.0, time.time() - life.started_at)
        again = min(self._profiles.delivery.restart_backoff_max_s, 2.0 ** min(life.attempt - 1, 20))
        if lived >= LIVED_LONG:
            again = 1.0
        ended = pane.ended if pane.run == str(life.starts) else self._window.ended
        self.log.warning("%s ended after %.1f s, %s: %s", peer, lived, ended, last_words(self.project, pane.id))
        if self._just_opened and not pane.run:  # it did not fail: the system was down
            again = 0.0
        said: list[f.Fact] = [f.PeerExited(peer=peer, status=ended, lived_s=round(lived, 3), again_s=again)]
        if known.flight.token:
            said.append(f.NudgeLost(to=peer, token=known.flight.token, reason="the CLI ended"))
        self.say(*said, id_=f"{folder(peer)}.{life.starts}.exited")

    def _command(self, peer: str) -> str:
        given = terminal.environment(self.project).get(_COMMANDS[peer], "").strip()
        return given or getattr(self._profiles.commands, folder(peer))

    # --- the nudge ---

    def _nudge(self, peer: str) -> None:
        known, at = self.state.peers[peer], self._hands.get(peer)
        if at is None or not known.life.running or self._awaits(peer):
            return
        flight = known.flight
        if flight.token and at.typing is None:
            adopted = flight.token != self._intended.get(peer)
            at.type(flight.token, self._line(peer, flight.token), adopted)
        wait = nudge.due(flight, len(known.waiting), self._profiles.delivery, time.time())
        if wait <= 0 and peer not in self._due:
            at.look_at = 0.0
        (self._due.add if wait <= 0 else self._due.discard)(peer)
        now = time.monotonic()
        if not at.typing and wait > 0 and at.view.state in (screen.IDLE, screen.DEAD):
            self.wake_in(wait)
            return
        if now >= at.look_at:
            if at.typing:
                self._say_outcome(peer, at, at.step(now))
            elif wait <= 0:
                self._escalate(peer)
                self._say_outcome(peer, at, at.offer(now))
            else:
                at.watch(now)
        self.wake_in(max(0.0, at.look_at - time.monotonic()))

    def _awaits(self, peer: str) -> bool:
        """Return whether something said about the peer's nudge is not heard yet."""
        typed = self.state.peers[peer].flight.typed
        ids = (_id(peer, typed + 1), f"{_id(peer, typed)}.sent", f"{_id(peer, typed)}.lost")
        return any(self.pending(id_) for id_ in ids)

    def _say_outcome(self, peer: str, at: Hands, outcome: hands.Outcome | None) -> None:
        if outcome is None:
            return
        known = self.state.peers[peer]
        flight, oldest = known.flight, min(known.waiting.values(), key=lambda letter: letter.seq, default=None)
        cause = oldest.seq if oldest else None
        if outcome.what == hands.READY:
            token = outcome.token or nudge.token(self.project.key, peer, flight.typed + 1)
            self._intended[peer] = token
            self.say(f.NudgeTyping(to=peer, token=token, pane=at.pane), id_=_id(peer, flight.typed + 1), cause=cause)
        elif outcome.what == hands.SENT:
            sent = f.Nudge(to=peer, token=flight.token, attempt=flight.attempt + 1, waiting=len(known.waiting))
            self.say(sent, id_=f"{_id(peer, flight.typed)}.sent", cause=cause)
        elif outcome.what == hands.LOST:
            lost = f.NudgeLost(to=peer, token=flight.token, reason=outcome.reason)
            self.say(lost, id_=f"{_id(peer, flight.typed)}.lost", cause=cause)
        elif outcome.reason != flight.held:
            held = f.NudgeHeld(to=peer, reason=outcome.reason)
            self.say(held, id_=f"{folder(peer)}.held.{flight.holds + 1}", cause=cause)

    def _escalate(self, peer: str) -> None:
        flight = self.state.peers[peer].flight
        if nudge.unanswered(flight, self._profiles.delivery):
            fact = f.NudgeUnanswered(to=peer, attempts=flight.attempt, since=flight.first_at)
            self.say(fact, id_=f"{flight.last}.unanswered", cause=flight.last)

    def _line(self, peer: str, token: str) -> str:
        profile = getattr(self._profiles, folder(peer))
        return nudge.line(self.project.inbox(peer), profile.nudge_suffix, token)

    # --- what others see ---

    def _tell(self, peer: str) -> None:
        """Publish the pane's state when it changed, and now and then for those that came later."""
        known, at, now = self.state.peers[peer], self._hands.get(peer), time.monotonic()
        told = f.PaneState(peer=peer, state="dead", inbox=len(known.waiting), nudge=self._words(peer))
        if at is not None and known.life.running:
            seen = at.view
            told.state = "typing" if at.typing else _STATES.get(seen.state, seen.state)
            told.reason = seen.reason
        before, when = self._signalled.get(peer, (None, 0.0))
        if told != before or now - when > _SIGNAL_AGAIN:
            self._signalled[peer] = (told, now)
            self.signal(told)

    def _words(self, peer: str) -> str:
        known = self.state.peers[peer]
        if not known.waiting:
            return ""
        if known.flight.held:
            return f"held: {known.flight.held}"
        if known.flight.attempt:
            return f"sent {known.flight.attempt} of {self._profiles.delivery.nudge_escalate_after}"
        return "due"

    def _write_locks(self) -> None:
        """Write which peers' panes a line is being typed into, for `cccc locks`."""
        locks = json.dumps({peer: token for peer in PEERS if (token := self.state.peers[peer].flight.token)})
        if locks != self._locks:
            fresh = self.project.state / "locks.json.new"
            fresh.write_text(locks)
            fresh.replace(self.project.state / "locks.json")
            self._locks = locks


def _id(peer: str, number: int) -> str:
    """Return the id of a peer's nudge."""
    return f"{folder(peer)}.nudge.{number}"


if __name__ == "__main__":
    sys.exit(worker.main(Delivery))
