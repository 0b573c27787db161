"""What a decision consists of, and what a rule needs beside the state and the fact."""

from __future__ import annotations

from typing import Callable, NamedTuple

from cccc.common.facts import Fact, Redact
from cccc.common.paths import PEERS
from cccc.common.settings.policies import Policies


class Said(NamedTuple):
    """A fact to say, and the body it names."""

    fact: Fact
    body: bytes = b""


# (author, to, mid, text) -> the handoff that puts the text into the receiver's inbox
Write = Callable[[str, str, str, str], Said]


class Around(NamedTuple):
    """What a rule needs beside the state and the fact: its body, and the diff in what a peer handed in, if any."""

    policies: Policies
    redact: Redact
    write: Write
    leader: str = PEERS[0]
    text: str = ""
    body: bytes = b""
    diff: bytes = b""
