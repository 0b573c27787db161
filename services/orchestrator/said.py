"""What a decision consists of: facts to say, and the bodies they name."""

from __future__ import annotations

from typing import Callable, NamedTuple

from cccc.common.facts import Fact


class Said(NamedTuple):
    """A fact to say, and the body it names."""

    fact: Fact
    body: bytes = b""


# (author, to, mid, text) -> the handoff that puts the text into the receiver's inbox
Write = Callable[[str, str, str, str], Said]
