"""What the parts of a bridge are given: its end at the ledger, and its end at the platform."""

from __future__ import annotations

from dataclasses import dataclass

from cccc.common.facts import Redact
from cccc.common.settings.chat import Chat
from cccc.common.worker import Worker
from cccc.services.bridges.loop import Loop
from cccc.services.bridges.platform import Platform
from cccc.services.bridges.state import State


@dataclass(frozen=True)
class Ends:
    """The two ends of one bridge, and what it works by."""

    service: Worker
    state: State
    via: str
    platform: Platform
    loop: Loop
    rules: Chat
    redact: Redact
