"""The mock peer itself: one thread, one loop over keys, signals and the script that is being played."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from cccc.common.errors import UserError
from cccc.scripts.mock_agent import dialog
from cccc.scripts.mock_agent.composer import Composer
from cccc.scripts.mock_agent.display import Terminal, View, layout
from cccc.scripts.mock_agent.keys import Decoder, Key
from cccc.scripts.mock_agent.play import Ask, Fail, Given, Player, Say, Script, pause
from cccc.scripts.mock_agent.scenario import DEFAULT, Scenario, load

ESCAPE_S = 0.05  # an escape that nothing follows this soon is the Esc key
SPIN_S = 0.125
GLYPHS = "·✢✳✶✻✽"
TRANSCRIPT = 300  # paragraphs kept
COMPACT, CLEAR = "/compact", "/clear"
COMPACTS_S = 0.3
ENDS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class Agent:
    """Composer, queue and script. Nothing here blocks but `select`."""

    def __init__(
        self, role: str, player: Player, scenario: Scenario, terminal: Terminal, log: str, hooks: Mapping[str, str]
    ) -> None:
        self._role = role
        self._player = player
        self._burst_s = scenario.paste_burst_ms / 1000
        self._terminal = terminal
        self._log = log
        self._hooks = hooks
        self._session = f"mock-{os.getpid()}"
        self._decoder = Decoder()
        self._composer = Composer()
        self._transcript = [f"✻ CCCC mock {role}: a stand-in for an AI CLI\n  {Path.cwd()}", ""]
        self._queued: list[str] = []
        self._script: Script | None = None
        self._in_turn = False
        self._compacting = False
        self._pause_busy = False
        self._resume_at = 0.0
        self._begun = 0.0
        self._dialog: dialog.Dialog | None = None
        self._answer: bool | None = None
        self._pasted_at = 0.0
        self._read_at = 0.0
        self._resized = False
        self._ended = False

    def run(self) -> None:
        """Live until the terminal or a key ends it. Raises SystemExit when the scenario says so."""
        wake, knock = os.pipe()
        os.set_blocking(knock, False)
        signal.set_wakeup_fd(knock, warn_on_full_buffer=False)
        signal.signal(signal.SIGWINCH, self._resize)
        for number in ENDS:
            signal.signal(number, self._end)
        self._hook("SessionStart", source="startup")
        self._begin(self._player.start(), in_turn=False)
        while not self._ended:
            self._advance()
            self._paint()
            ready, _, _ = select.select([self._terminal.source, wake], [], [], self._due_in())
            if wake in ready:
                os.read(wake, 4096)
            if self._terminal.source in ready:
                self._read()
            elif self._decoder.undecided and time.monotonic() >= self._read_at + ESCAPE_S:
                self._press(self._decoder.settle())

    def _resize(self, _number: int, _frame: FrameType | None) -> None:
        self._resized = True

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended = True

    # --- the script -------------------------------------------------------------------------

    def _begin(self, script: Script, in_turn: bool) -> None:
        self._script, self._in_turn, self._pause_busy = script, in_turn, in_turn
        self._begun = self._resume_at = time.monotonic()

    def _advance(self) -> None:
        """Play what is due; queued submits become one turn."""
        while not self._dialog and time.monotonic() >= self._resume_at:
            if self._script is None:
                if not self._queued:
                    return
                submitted, self._queued = "\n".join(self._queued), []
                if submitted == CLEAR:
                    self._clear()
                    return
                self._tell(f"❯ {submitted[:2000]}")
                self._turn(submitted)
                return
            self._move(self._script)

    def _clear(self) -> None:
        """Begin another session."""
        self._transcript = []
        self._session += "+"
        self._hook("SessionStart", source="clear")

    def _turn(self, submitted: str) -> None:
        self._compacting = submitted == COMPACT
        if self._compacting:
            self._hook("PreCompact", trigger="manual")
            self._begin(pause(COMPACTS_S), in_turn=True)
        else:
            self._hook("UserPromptSubmit", prompt=submitted)
            self._begin(self._player.turn(submitted), in_turn=True)

    def _move(self, script: Script) -> None:
        try:
            move = script.send(self._answer)
        except StopIteration:
            self._finish(f"✻ Worked for {time.monotonic() - self._begun:.0f}s\n")
            return
        self._answer = None
        if isinstance(move, Say):
            self._tell(move.text)
        elif isinstance(move, Given):
            self._hook("PostToolUse", tool_name="Read", tool_response=move.text)
        elif isinstance(move, Fail):
            self._tell(f"⎿  {move.text}\n")
            self._in_turn = False  # no hook tells of its end
        elif isinstance(move, Ask):
            self._dialog = dialog.KINDS[move.dialog](str(Path.cwd()))
        else:
            self._pause_busy = move.busy
            self._resume_at = time.monotonic() + move.seconds

    def _finish(self, last_words: str) -> None:
        if self._in_turn:
            self._tell("⎿  Compacted\n" if self._compacting else last_words)
            answer = self._hook("PostCompact" if self._compacting else "Stop")
            if answer:  # a hook that has more to do for it
                reason = str(json.loads(answer)["reason"])
                self._tell(f"⎿  Stop hook: {reason}")
                self._begin(self._player.turn(reason), in_turn=True)
                return
        self._script, self._in_turn, self._pause_busy, self._answer = None, False, False, None
        self._resume_at = 0.0

    def _interrupt(self) -> None:
        """End the turn; like the real ones, without a hook."""
        if self._script and self._busy:
            self._script.close()
            self._tell("⎿  Interrupted\n")
            self._in_turn = False
            self._finish("")

    @property
    def _busy(self) -> bool:
        return self._script is not None and self._pause_busy

    def _hook(self, event: str, **fields: str) -> bytes:
        """Run the command of one of the hooks, as the real ones do, and return what it answers."""
        if event not in self._hooks:
            return b""
        told = json.dumps({"hook_event_name": event, "session_id": self._session, **fields})
        command = ["sh", "-c", self._hooks[event]]
        return subprocess.run(command, input=told.encode(), stdout=subprocess.PIPE, check=False).stdout

    def _tell(self, text: str) -> None:
        self._transcript.append(text)
        del self._transcript[:-TRANSCRIPT]

    # --- keys -------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            chunk = os.read(self._terminal.source, 65536)
        except OSError:  # the terminal is gone
            chunk = b""
        self._ended = self._ended or not chunk
        self._read_at = time.monotonic()
        self._press(self._decoder.feed(chunk))

    def _press(self, keys: list[Key]) -> None:
        for key in keys:
            if key.kind == "redraw":
                self._resized = True
            elif self._dialog:
                self._settle(self._dialog, key)
            elif key.kind == "enter":
                self._enter()
            elif key.kind == "escape":
                self._interrupt()
            elif key.kind in ("cancel", "eof"):
                self._leave(key)
            else:
                self._composer.edit(key)
                if key.kind == "paste":
                    self._pasted_at = time.monotonic()

    def _settle(self, asked: dialog.Dialog, key: Key) -> None:
        self._answer = asked.press(key)
        if self._answer is None:
            return
        self._dialog = None
        if asked.exits and not self._answer:
            raise SystemExit(1)

    def _leave(self, key: Key) -> None:
        """Like the real ones: C-c clears a draft and ends an empty composer, C-d ends an empty composer."""
        if not self._composer.text:
            self._ended = True
        elif key.kind == "cancel":
            self._composer.clear()

    def _enter(self) -> None:
        text = self._composer.text
        if time.monotonic() - self._pasted_at < self._burst_s:
            self._composer.insert("\n")
        elif text.endswith("\\"):
            self._composer.edit(Key("backspace"))
            self._composer.insert("\n")
        elif text.strip() in ("exit", "quit"):
            self._ended = True
        elif text.strip():
            self._submit(text)

    def _submit(self, text: str) -> None:
        self._composer.clear()
        self._queued.append(text)
        if self._log:
            now = datetime.now(timezone.utc).isoformat()
            how = "queued" if self._script else "enter"
            line = json.dumps({"time": now, "role": self._role, "how": how, "text": text}, ensure_ascii=False)
            with Path(self._log).open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")

    # --- the screen -------------------------------------------------------------------------

    def _due_in(self) -> float | None:
        """Return the seconds until something is due by itself, or None: then only the terminal wakes the loop."""
        now = time.monotonic()
        due = []
        if self._script and not self._dialog:
            due.append(self._resume_at)
        if self._busy and not self._dialog:
            due.append(now + SPIN_S)
        if self._decoder.undecided:
            due.append(self._read_at + ESCAPE_S)
        return max(0.0, min(due) - now) if due else None

    def _paint(self) -> None:
        if self._resized:
            self._resized = False
            self._terminal.measure()
        now = time.monotonic()
        busy = self._busy and not self._dialog
        glyph = GLYPHS[int(now / SPIN_S) % len(GLYPHS)]
        view = View(
            transcript=self._transcript,
            draft=self._composer.shown,
            draft_before_cursor=self._composer.shown_before_cursor,
            queued=self._queued,
            spinner=f"{glyph} Working… ({now - self._begun:.0f}s)" if busy else "",
            footer=f"  ⏵⏵ mock {self._role}{' · esc to interrupt' if busy else ''}",
            dialog=self._dialog,
        )
        frame = layout(view, self._terminal.width, self._terminal.height)
        try:
            self._terminal.paint(frame, "◐ mock" if busy else "✳ mock")
        except OSError:  # the terminal is gone
            self._ended = True


def main(
    role: str, scenario: Path | None = None, home: Path | None = None, hooks: Mapping[str, str] | None = None
) -> int:
    """Be the peer `role` (peerA or peerB) in this terminal; return the exit code.

    `home` is the `.cccc` folder; a NUDGE line tells it too. `hooks` are shell commands by event. Raises UserError when
    there is no terminal, SettingsError when the scenario cannot be used.
    """
    loaded = load(scenario or DEFAULT)
    if not (os.isatty(0) and os.isatty(1)):
        raise UserError("mock-agent needs a terminal; start it in a tmux pane")
    terminal = Terminal(sys.stdin.fileno(), sys.stdout.fileno())
    log = os.environ.get("MOCK_AGENT_LOG") or loaded.log or ""
    agent = Agent(role, Player(role, loaded, home), loaded, terminal, log, hooks or {})
    terminal.open()
    try:
        agent.run()
    finally:
        terminal.close()
    return 0
