"""When a NUDGE is due, and what it says. No clock, disk or tmux: times are Unix seconds from facts and arguments.

The first goes out at once, one at a time. After that a peer that made progress lately is left
alone, and the interval between unanswered nudges grows up to a limit and never ends.
"""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import msgspec

from cccc.common.machine.waits import left
from cccc.common.settings.cli_profiles import Delivery

LONGEST = 700  # more would be folded into `[Pasted text]` by the CLIs
_LOST_AGAIN = 1.0  # seconds until the first try after a loss, doubled each time
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_OURS = re.compile(r"\[NUDGE\]inbox=.*\[n:([0-9a-f]{6})\]")


class Flight(msgspec.Struct):
    """What became of one peer's nudges: the fold of their facts."""

    typed: int = 0  # nudge-typing facts ever; numbers the next
    token: str = ""  # said to be typed, with no outcome yet
    sent: str = ""  # the token of the last that was sent
    beside: str = ""  # the token of the last, when it went without a key
    armed: bool = False  # that one is not taken yet
    accepted: str = ""  # the token of the last that the CLI was seen to take
    answered: bool = False  # progress was made since the last was typed
    attempt: int = 0  # nudges sent since the last progress
    last: int = 0  # seq of the last nudge
    sent_at: float = 0.0
    first_at: str = ""  # when the first of the `attempt` was sent
    progress_at: float = 0.0
    losses: int = 0  # in a row
    lost_at: float = 0.0
    held: str = ""  # why the due nudge waits
    held_since: str = ""
    held_at: float = 0.0
    blocked: bool = False  # the user was told that it waits for long
    holds: int = 0  # nudge-held facts ever
    escalated: int = 0  # the attempt of which the user was told


def token(project_key: str, peer: str, number: int) -> str:
    """Return the mark of a peer's nudge: six hex digits that are the same when it is worked out again."""
    return hashlib.sha256(f"{project_key} {peer} {number}".encode()).hexdigest()[:6]


def line(inbox: Path, suffix: str, token_: str) -> str:
    """Return the one line to type; it ends with the token, and a long suffix is cut."""
    end = f" [n:{token_}]"
    text = (
        f"[NUDGE] inbox={inbox} Read the file with the lowest number, act on it, move it to ../processed/, "
        f"and repeat until inbox/ is empty. {suffix}"
    )
    return _CONTROL.sub(" ", text).strip()[: LONGEST - len(end)] + end


def ours(draft: str) -> str:
    """Return the token when a composer's text (without blanks) is one whole line of ours, else ""."""
    found = _OURS.fullmatch(draft)
    return found.group(1) if found else ""


def unproved(flight: Flight) -> str:
    """Return the token of a nudge that was sent and is not seen to be taken, or ""."""
    proved = flight.sent in (flight.accepted, flight.beside) or flight.answered
    return "" if proved else flight.sent


def mark(token_: str) -> str:
    """Return the token as the screen shows it, without blanks."""
    return f"[n:{token_}]"


def due(flight: Flight, waiting: int, settings: Delivery, now: float) -> float:
    """Return how many seconds from `now` a nudge is due: 0 at once, infinity when nothing waits."""
    told = flight.escalated and flight.escalated == flight.attempt
    if not waiting or (told and not settings.nudge_keepalive):
        return math.inf
    waits = [left(flight.progress_at, settings.nudge_debounce_ms / 1000, now)]
    if flight.attempt:
        waits.append(left(flight.progress_at, settings.nudge_progress_timeout_s, now))
        waits.append(left(flight.sent_at, interval(flight, settings), now))
    if flight.losses:
        pause = min(_LOST_AGAIN * 2.0 ** min(flight.losses - 1, 20), settings.nudge_resend_seconds)
        waits.append(left(flight.lost_at, pause, now))
    return max(waits)


def interval(flight: Flight, settings: Delivery) -> float:
    """Return the seconds between the last unanswered nudge and the next: floor <= growth <= limit, then jitter."""
    floor = max(1.0, settings.nudge_resend_seconds)
    growth = settings.nudge_backoff_base_ms / 1000 * 2.0 ** min(flight.attempt - 1, 30)
    limit = max(floor, settings.nudge_backoff_max_ms / 1000)
    digest = hashlib.sha256(f"{flight.last} {flight.attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**31 - 1  # -1 to 1, the same when worked out again
    return min(limit, max(floor, growth)) * (1 + settings.nudge_jitter_pct * share)


def unanswered(flight: Flight, settings: Delivery) -> bool:
    """Return whether the user is to be told, now that another nudge is due."""
    return flight.attempt > flight.escalated and flight.attempt % settings.nudge_escalate_after == 0
