"""The two CLIs: started in their panes, adopted when they live, said to have ended and started again."""

from __future__ import annotations

import sys
import time

from cccc.common import facts as f
from cccc.common import terminal
from cccc.common.machine import tmux
from cccc.common.machine.faults import fault
from cccc.common.machine.waits import left
from cccc.common.paths import PEERS, folder
from cccc.common.worker import Worker
from cccc.services.delivery.memory import LIVED_LONG, Memory
from cccc.services.delivery.panes import pane
from cccc.services.delivery.panes.hands import Hands
from cccc.services.delivery.panes.window import Window
from cccc.services.delivery.running import peers
from cccc.services.delivery.running.login_shell import LOOK_EVERY, Way, is_over, mark

_SHOWN = 60  # characters of a command line
_COMMANDS = {"PeerA": "CLAUDE_I_CMD", "PeerB": "CODEX_I_CMD"}


class Clis:
    """Keeps both running. `hands` has a pair for each peer whose CLI lives."""

    def __init__(self, service: Worker, memory: Memory) -> None:
        self.hands: dict[str, Hands] = {}
        self.ways: dict[str, Way] = {}  # of those that are not at their CLI yet
        self._service = service
        self._memory = memory
        self._profiles = service.settings.cli_profiles
        self._project = service.project
        self._window = Window(service.project, service, not self._profiles.tmux.alternate_screen_off)
        self._just_opened = True

    def tend(self) -> None:
        """Start, adopt, or say what ended. Raises Gone when tmux ends meanwhile; call again then."""
        self._window.tend()
        self._window.fill_lower_half(time.monotonic())
        for peer in PEERS:
            self._live(peer)
        self._just_opened = False

    def look_again(self) -> None:
        """Let the next `tend` read all panes."""
        self._window.look_again()

    def close(self) -> None:
        for at in self.hands.values():
            at.let_go()
        self._window.close()

    def kind(self, peer: str) -> peers.Kind:
        """Return which kind of CLI a peer is."""
        return peers.of(self.command(peer), getattr(self._profiles, folder(peer)).kind)

    def _live(self, peer: str) -> None:
        life = self._memory.peers[peer].life
        there = self._window.panes[peer]
        if life.running and there.run == str(life.starts) and not there.dead:
            self._follow(peer, there)
        elif life.running:
            self._say_exit(peer, there)
        elif there.run == str(life.starts + 1):  # started, and not said or not heard yet
            self._say_start(peer, there.id)
        else:
            self._start(peer, there.id)

    def _start(self, peer: str, pane_id: str) -> None:
        life = self._memory.peers[peer].life
        wait = left(life.ended_at, life.again_s, time.time())
        if wait > 0:
            self._service.wake_in(wait)
            return
        launch = (sys.executable, "-I", "-m", "cccc.services.delivery.running.launch", str(self._project.home), peer)
        words = ("no" if life.plain else "yes", self.command(peer), *self._added(peer))
        Way.begin(self._project, peer)
        tmux.respawn(self._project, pane_id, str(life.starts + 1), *launch, *words)
        fault("delivery.started")
        self._window.look_again()
        self._say_start(peer, pane_id)

    def _follow(self, peer: str, there: tmux.Pane) -> None:
        """Wait until the login shell has become the CLI; what became something else is started without its profile."""
        if peer in self.hands:
            return
        life = self._memory.peers[peer].life
        on_the_way = self.ways.setdefault(peer, Way(self._project, peer, life.started_at))
        if life.plain or on_the_way.look(there.pid):
            del self.ways[peer]
            self._take_over(peer, there.id)
        elif on_the_way.instead:
            self._say_exit(peer, there, f"{f.PROFILE} started `{on_the_way.instead[:_SHOWN]}` instead of the CLI")
        else:
            self._service.wake_in(LOOK_EVERY / 5)

    def _take_over(self, peer: str, pane_id: str) -> None:
        life, quiet = self._memory.peers[peer].life, self._profiles.delivery.human_quiet_seconds
        appearance = self.kind(peer).appearance(self._profiles.of(folder(peer)))
        self.hands[peer] = Hands(self._project, pane_id, appearance, quiet, life.started_at)
        if self._just_opened:
            adopted = f.PeerAdopted(peer=peer, pane=pane_id)
            self._service.say(adopted, id_=f"{folder(peer)}.{life.starts}.adopted.{time.time_ns()}")

    def _say_start(self, peer: str, pane_id: str) -> None:
        life = self._memory.peers[peer].life
        id_ = f"{folder(peer)}.{life.starts + 1}.started"
        if not self._service.pending(id_):
            start = f.PeerStarted(
                peer=peer,
                command=self.command(peer),
                pane=pane_id,
                attempt=life.attempt + 1,
                session=self._session(peer),
            )
            self._service.say(start, id_=id_)

    def _say_exit(self, peer: str, there: tmux.Pane, became: str = "") -> None:
        life, token = self._memory.peers[peer].life, self._memory.peers[peer].flight.token
        id_ = f"{folder(peer)}.{life.starts}.exited"
        if self._service.pending(id_):
            return
        at = self.hands.pop(peer, None)
        self.ways.pop(peer, None)
        if at:
            at.let_go()
        exit_ = self._exit(peer, there)
        if became:
            exit_.status = became
        elif exit_.status.startswith("exit") and not life.plain and not is_over(mark(self._project, peer)):
            exit_.status = f"{f.PROFILE} ended the shell ({exit_.status})"
        if not exit_.planned:
            words = pane.last_words(self._project, there.id)
            self._service.log.warning("%s ended after %.1f s, %s: %s", peer, exit_.lived_s, exit_.status, words)
        said: list[f.Fact] = [exit_]
        if token:
            said.append(f.NudgeLost(to=peer, token=token, reason="the CLI ended"))
        self._service.say(*said, id_=id_)

    def _exit(self, peer: str, there: tmux.Pane) -> f.PeerExited:
        life = self._memory.peers[peer].life
        lived = max(0.0, time.time() - life.started_at)
        status = there.ended if there.run == str(life.starts) else self._window.ended
        exit_ = f.PeerExited(peer=peer, status=status, lived_s=round(lived, 3), again_s=0.0)
        if not self._just_opened or there.run:
            exit_.again_s = self._pause(lived, life.attempt)
        elif self._stopped_since(life.started_at):
            exit_.planned, exit_.status = True, "everything was stopped"
        return exit_

    def _stopped_since(self, at: float) -> bool:
        mark = self._project.stopped
        return mark.exists() and mark.stat().st_mtime > at

    def _pause(self, lived: float, attempt: int) -> float:
        """Return the seconds until the next start: doubled after each that failed early."""
        if lived >= LIVED_LONG:
            return 1.0
        return min(self._profiles.delivery.restart_backoff_max_s, 2.0 ** min(attempt - 1, 20))

    def _added(self, peer: str) -> list[str]:
        """Return what is added to a peer's command: its hooks, and the session that it goes on with."""
        kind, session = self.kind(peer), self._session(peer)
        root, spool = self._project.root, self._project.hooks(peer)
        start = peers.Start(root, spool, terminal.environment(self._project), self.command(peer))
        return [*kind.hooks(start), *(kind.resume(session) if session else [])]

    def _session(self, peer: str) -> str:
        """Return the session that the next start goes on with, or ""."""
        life, kind = self._memory.peers[peer].life, self.kind(peer)
        going_on = self._profiles.delivery.resume and life.attempt <= 1 and life.session
        return life.session if going_on and kind.resume(life.session) else ""

    def command(self, peer: str) -> str:
        """Return what starts a peer's CLI."""
        given = terminal.environment(self._project).get(_COMMANDS[peer], "").strip()
        return given or str(getattr(self._profiles.commands, folder(peer)))
