"""A person who types at the pane all the time, and begins the moment a nudge is typed: nothing of theirs is lost.

TYPIST_NUDGES=500 makes it a long run (about 25 minutes).
"""

from __future__ import annotations

import fcntl
import os
import pty
import random
import select
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from cccc.common import facts, ledger
from cccc.common.machine import tmux
from cccc.services.delivery import nudge
from tests.services.delivery.conftest import Desk
from tests.waiting import until

NUDGES = int(os.environ.get("TYPIST_NUDGES", "8"))
LIMIT = 60 + 6 * NUDGES  # seconds
WORDS = ("the", "parser", "of", "dates", "takes", "a", "year", "for", "a", "month", "and", "nobody", "has", "seen")


class Person:
    """A person at an attached terminal, with PeerA's pane in front."""

    def __init__(self, desk: Desk) -> None:
        self._screen, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        command = ["tmux", "-S", str(desk.project.socket("tmux")), "attach", "-t", "cccc"]
        environment = {**os.environ, "TERM": "xterm"}
        self._client = subprocess.Popen(
            command, stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True
        )
        os.close(end)
        until(lambda: tmux.call(desk.project, "list-clients"), what="the client")
        tmux.call(desk.project, "select-pane", "-t", desk.pane("PeerA").id)

    def press(self, key: str) -> None:
        os.write(self._screen, key.encode())

    def look(self, seconds: float) -> None:
        """Read what the terminal shows, as every terminal does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._screen], [], [], left)[0]:
                os.read(self._screen, 65536)

    def leave(self) -> None:
        self._client.terminate()
        self._client.wait()
        os.close(self._screen)


class Typist(Person):
    """Types line after line until it is told to stop."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.lines: list[str] = []
        self.keys = self.ambushes = 0
        self._ledger, self._chance = desk.project.ledger, random.Random(7)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def leave(self) -> None:
        """Finish the line first."""
        self._stop.set()
        self._thread.join(30)
        super().leave()

    def _live(self) -> None:
        while not self._stop.is_set():
            if self._chance.random() < 0.7:
                self._wait_for_a_nudge()
            else:
                self.look(self._chance.uniform(0.0, 2.0))
            line = " ".join(self._chance.choices(WORDS, k=self._chance.randint(1, 5))) + f" ({len(self.lines)})"
            for letter in line:
                if self._chance.random() < 0.1:  # a slip
                    self._press("q")
                    self._press("\x7f")
                self._press(letter)
            self.lines.append(line)
            self._press("\r")

    def _press(self, key: str) -> None:
        self.press(key)
        self.keys += 1
        self.look(self._chance.uniform(0.01, 0.12))

    def _wait_for_a_nudge(self) -> None:
        """Begin within the moment in which a nudge is pasted, seen and entered."""
        size, end = self._ledger.stat().st_size, time.monotonic() + 3.0
        while time.monotonic() < end and not self._stop.is_set():
            with Path(self._ledger).open("rb") as file:
                file.seek(size)
                if b'"nudge-typing"' in file.read():
                    self.ambushes += 1
                    self.look(self._chance.uniform(0.0, 0.25))
                    return
            self.look(0.002)


@pytest.mark.timeout(LIMIT + 60)
def test_no_key_of_a_person_who_types_all_the_time_is_lost_or_merged_into_a_nudge(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{move: false}]}]", "PeerA")
    desk.settings(nudge_backoff_base_ms=1, nudge_backoff_max_ms=1, nudge_jitter_pct=0, human_quiet_seconds=1)
    desk.up()
    desk.idle("PeerA")
    person = Typist(desk)
    desk.hand("PeerA")
    begin = time.monotonic()
    reader = ledger.Reader(desk.project, 0)
    accepted: list[facts.Fact] = []

    def enough() -> bool:
        said = (ledger.decode(line.raw) for line in reader.read())
        accepted.extend(fact for fact in said if isinstance(fact, facts.NudgeAccepted))
        return len(accepted) >= NUDGES

    try:
        until(enough, LIMIT, lambda: f"only {len(accepted)} nudges in {desk.story()[-20:]}")
    finally:
        reader.close()
        person.leave()
    until(lambda: len([text for text in desk.submits("PeerA") if "[NUDGE]" not in text]) == len(person.lines), 10)
    theirs = [text for text in desk.submits("PeerA") if not nudge.ours("".join(text.split()))]
    print(
        f"{accepted} nudges, {person.ambushes} ambushed, {person.keys} keys in {len(person.lines)} lines,"
        f" {time.monotonic() - begin:.0f} s"
    )
    assert theirs == person.lines


def test_keys_that_a_crash_kept_back_go_on_after_it(desk: Desk) -> None:
    desk.arm("delivery.pasted")
    desk.up()
    desk.idle("PeerA")
    person = Person(desk)
    person.look(1.2)
    desk.hand("PeerA")
    desk.died()
    person.press("mine")
    person.look(0.5)
    assert "mine" not in desk.screen("PeerA")
    desk.again()
    until(lambda: "mine" in desk.screen("PeerA"), 10, "the keys")
    person.leave()
