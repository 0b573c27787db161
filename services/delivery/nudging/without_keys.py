"""Giving a CLI its nudge without a key, where its pane has not been safe for long.

Claude Code goes on with a line that its Stop hook answers with, at the end of a turn; Codex takes
one into its queue. What a person has in the composer stays as it is.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Callable

from cccc.common import terminal
from cccc.common.paths import PEERS, Project
from cccc.services.delivery.memory import Memory
from cccc.services.delivery.panes import hands
from cccc.services.delivery.running import launch, peers

_STOP_HOOK, _QUEUE = "stop-hook", "queue"
_WITHIN = 10.0


class Beside:
    """The ways of both peers around their panes."""

    def __init__(
        self,
        project: Project,
        memory: Memory,
        kind: Callable[[str], peers.Kind],
        command: Callable[[str], str],
    ) -> None:
        self._project = project
        self._memory = memory
        self._kind = kind
        self._command = command
        self._left = set(PEERS)  # for whose Stop hook a line may lie there

    def route(self, peer: str) -> str:
        """Return the way that a CLI has now, or ""."""
        kind, life = self._kind(peer), self._memory.peers[peer].life
        if kind.at_stop and life.hooked:
            return _STOP_HOOK
        return _QUEUE if life.session and kind.queue("", "") else ""

    def give(self, peer: str, line: str) -> hands.Outcome | None:
        """Give a CLI a line; None: it takes it at the end of its next turn."""
        if self.route(peer) == _STOP_HOOK:
            part = self._file(peer).with_suffix(".part")
            part.write_text(json.dumps({"decision": "block", "reason": line}))
            part.replace(self._file(peer))
            self._left.add(peer)
            return None
        wrong = self._queue(peer, line)
        return hands.Outcome(hands.LOST, wrong) if wrong else hands.Outcome(hands.SENT)

    def withdraw(self, peer: str) -> bool:
        """Take a line away from the Stop hook; return whether it was still there."""
        self._left.discard(peer)
        try:
            self._file(peer).unlink()
        except FileNotFoundError:
            return False
        return True

    def tidy(self, peer: str) -> None:
        """Take away what the Stop hook must not give any more."""
        if peer in self._left:
            self.withdraw(peer)

    def _queue(self, peer: str, line: str) -> str:
        """Run a peer's CLI to give its session a line; return what was wrong, or ""."""
        arguments = self._kind(peer).queue(self._memory.peers[peer].life.session, line)
        environment = launch.environment(terminal.environment(self._project), {})
        command = launch.as_one_process(peers.bare(self._command(peer)), *arguments)
        argv = [launch.shell(environment), "-l", "-c", command]
        root = self._project.root
        try:
            done = subprocess.run(
                argv, cwd=root, env=environment, capture_output=True, text=True, timeout=_WITHIN, check=False
            )
        except subprocess.TimeoutExpired:
            return f"its queue did not answer within {_WITHIN:.0f} s"
        words = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        return f"its queue: {words[-1]}" if done.returncode else ""

    def _file(self, peer: str) -> Path:
        return self._project.hooks(peer) / ".nudge"
