"""What the model says: rules on the last thing that a person said, each with its steps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Union


class Say(NamedTuple):
    """Text. It ends the turn."""

    text: str
    pause: float = 0.0  # seconds after each word, for a turn that lasts

    @property
    def words(self) -> list[str]:
        return re.findall(r"\S*\s*", self.text)[:-1]


class Call(NamedTuple):
    """A call of a tool; `given` is its input, a text where the tool takes one."""

    tool: str
    given: Mapping[str, Any] | str


class Fail(NamedTuple):
    """An HTTP error."""

    status: int
    message: str
    type: str = "invalid_request_error"
    more: Mapping[str, Any] = {}  # further fields of the error


class Hang(NamedTuple):
    """No answer for so many seconds, then an end of the stream."""

    seconds: float = 30.0


Step = Union[Say, Call, Fail, Hang]


@dataclass(frozen=True)
class Rule:
    """When the last human text matches `pattern`, step n answers the n-th request after it.

    `steps` gets the match and what the tools have shown since then.
    """

    pattern: str
    steps: Callable[[re.Match[str], str], Sequence[Step]]


class Asked(NamedTuple):
    """A request as far as a script can answer it."""

    text: str  # the last thing that a person said
    answered: int  # model's messages since then
    seen: str = ""  # what tools have shown since then
    side: bool = False  # the CLI's own question (a title), no turn


def answer(rules: Sequence[Rule], asked: Asked) -> Step:
    """Return the step that answers a request. Behind the last one, the model has nothing to add."""
    if asked.side:
        return Say('{"title": "a session"}')
    for rule in rules:
        found = re.search(rule.pattern, asked.text, re.DOTALL)
        if found:
            steps = rule.steps(found, asked.seen)
            return steps[asked.answered] if asked.answered < len(steps) else Say("Done.")
    return Say("Nothing to do.")
