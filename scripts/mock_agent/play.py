"""Play a scenario against a mailbox: what to show and how long to pause, as a generator of moves.

The terminal performs the moves and sends the answer of a dialog back in. Closing the
generator is the Esc key: whatever step comes next is not played.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Optional, Union

from cccc.common.errors import NotFound
from cccc.common.paths import Project
from cccc.scripts.mock_agent import mailbox
from cccc.scripts.mock_agent.mailbox import Message
from cccc.scripts.mock_agent.scenario import SLOT, Rule, Scenario, Step

_NUDGE = re.compile(r"\[NUDGE\] inbox=(/.*?/mailbox/peer[AB]/inbox)\b")


class Say(NamedTuple):
    """A paragraph of the transcript."""

    text: str


class Pause(NamedTuple):
    """Nothing happens for `seconds`; the spinner turns when `busy`."""

    seconds: float
    busy: bool


class Ask(NamedTuple):
    """A dialog; the answer, True for yes, is sent back."""

    dialog: str


class Fail(NamedTuple):
    """The turn failed, and no hook tells so."""

    text: str


class Given(NamedTuple):
    """The model was given this text by its tool for reading files."""

    text: str


Move = Union[Say, Pause, Ask, Given, Fail]
Script = Generator[Move, Optional[bool], None]


def pause(seconds: float) -> Script:
    """Work for a while."""
    yield Pause(seconds, busy=True)


class _End(Enum):
    READ = "the message is dealt with"
    LEFT = "it stays in the inbox"
    STOPPED = "the turn is over"


_Steps = Generator[Move, Optional[bool], _End]


class Player:
    """Remembers which rules are used up and where the mailbox is."""

    def __init__(self, role: str, scenario: Scenario, home: Path | None = None) -> None:
        self._role = role
        self._scenario = scenario
        self._used = [0] * len(scenario.rules)
        self._folder = home / "mailbox" / role if home else None

    def start(self) -> Script:
        """Play the steps before the first turn."""
        yield from self._play(self._scenario.start, Message("", "", ""), None, in_turn=False)

    def turn(self, submitted: str) -> Script:
        """Play one turn: a NUDGE line empties the inbox, any other text is a person's prompt."""
        nudge = _NUDGE.search(submitted)
        if nudge:
            yield from self._empty(Path(nudge[1]))
        else:
            yield from self._answer(mailbox.parse(submitted, "")._replace(author="User"))

    def _empty(self, inbox: Path) -> Script:
        if not inbox.is_dir():
            yield Say(f"⎿  there is no {inbox}")
            return
        self._folder = inbox.parent
        left: set[str] = set()
        while True:
            path = next((p for p in mailbox.waiting(inbox) if p.name not in left), None)
            if path is None:
                yield Say("● The inbox is empty.")
                return
            try:
                message = mailbox.read(path)
            except FileNotFoundError:
                continue
            yield Say(f"● Read({path.name})\n  ⎿  {message.author}: {_glimpse(message.text)}")
            yield Given(f"[MID: {message.mid}]\n{message.text}")
            end = yield from self._answer(message)
            if end is _End.STOPPED:
                return
            if end is _End.LEFT:
                left.add(path.name)
            else:
                mailbox.move(path)

    def _answer(self, message: Message) -> _Steps:
        for number, rule in enumerate(self._scenario.rules):
            found = rule.pattern.search(message.text)
            if found and rule.author in (None, message.author) and self._left(number, rule):
                self._used[number] += 1
                return (yield from self._play(rule.steps, message, found, in_turn=True))
        yield Say("● No rule of the scenario fits this message.")
        return _End.READ

    def _left(self, number: int, rule: Rule) -> bool:
        return rule.times is None or self._used[number] < rule.times

    def _play(self, steps: list[Step], message: Message, found: re.Match[str] | None, in_turn: bool) -> _Steps:
        end = _End.READ
        for step in steps:
            if step.say is not None:
                yield Say(f"● {_filled(step.say, message, found)}")
            elif step.write is not None:
                yield from self._write(step, _filled(step.write.text, message, found))
            elif step.wait is not None:
                yield Pause(step.wait, busy=in_turn)
            elif step.busy is not None:
                yield Pause(step.busy, busy=True)
            elif step.dialog is not None:
                if not (yield Ask(step.dialog)):
                    yield Say("⎿  Denied")
                    return _End.STOPPED
            elif step.limit is not None:
                yield Say(f"⎿  {_filled(step.limit, message, found)}")
                return _End.STOPPED
            elif step.fail is not None:
                yield Fail(_filled(step.fail, message, found))
                return _End.STOPPED
            elif step.crash is not None:
                raise SystemExit(step.crash)
            else:
                end = _End.READ if step.move else _End.LEFT
        return end

    def _write(self, step: Step, text: str) -> Script:
        assert step.write is not None
        file = mailbox.FILES[step.write.file]
        try:
            folder = self._folder or Project.find().mailbox / self._role
            for seconds in mailbox.hand_in(folder, step.write.file, text, step.write.how):
                yield Pause(seconds, busy=True)
        except (NotFound, OSError) as error:
            yield Say(f"⎿  {file} was not written: {error}")
            return
        yield Say(f"● Write({file})\n  ⎿  {_glimpse(text)}")


def _filled(template: str, message: Message, found: re.Match[str] | None) -> str:
    def value(slot: re.Match[str]) -> str:
        if slot[1] == "mid":
            return message.mid
        if slot[1] == "text":
            return message.text
        return (found[int(slot[1])] or "") if found else ""

    return SLOT.sub(value, template)


def _glimpse(text: str) -> str:
    lines = text.split("\n", 3)
    more = "\n     …" if len(lines) > 3 else ""
    return "\n     ".join(line[:200] for line in lines[:3]) + more
