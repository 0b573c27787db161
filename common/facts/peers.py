"""The CLIs in their panes: they start, end, take turns, need the user, are reminded of the rules."""

from __future__ import annotations

from cccc.common.facts.envelope import BAD, PLAIN, Fact

PROFILE = "the login profile"  # begins the status of a start that came to nothing because of it
_KEEPS_ENDING = 4.0  # seconds until the next start: it has ended early three times


class PeerStarted(Fact, tag="peer-started"):
    """A peer's CLI was started in its pane."""

    SAID_BY = ("delivery",)

    peer: str
    command: str
    pane: str
    attempt: int = 1  # starts since it last lived long enough
    session: str = ""  # that it was started to go on with

    def line(self) -> str:
        return self.command


class PeerAdopted(Fact, tag="peer-adopted"):
    """Delivery found the peer's CLI alive in its pane and went on with it."""

    SAID_BY = ("delivery",)

    peer: str
    pane: str

    def line(self) -> str:
        return f"in pane {self.pane}"


class PeerExited(Fact, tag="peer-exited"):
    """A peer's CLI ended; it is started again after `again_s` seconds."""

    SAID_BY = ("delivery",)

    peer: str
    status: str  # "exit 1", "signal 9", "the tmux server is gone", "everything was stopped"
    lived_s: float
    again_s: float
    planned: bool = False  # a person stopped everything

    @property
    def tone(self) -> str:
        return PLAIN if self.planned else BAD

    def line(self) -> str:
        return self.status if self.planned else f"{self.status}, again in {self.again_s:.0f} s"

    def call(self) -> str:
        if self.status.startswith(PROFILE):
            return f"{self.peer} is started without it: {self.status}"
        return f"{self.peer} keeps exiting ({self.status})" if self.again_s >= _KEEPS_ENDING else ""


class PeerSession(Fact, tag="peer-session"):
    """A peer's CLI began or went on with a session; only a new one has forgotten what was said."""

    SAID_BY = ("delivery",)

    peer: str
    session: str
    source: str  # startup, resume, clear, compact

    def line(self) -> str:
        return f"{self.source} {self.session}"


class PeerStop(Fact, tag="peer-stop"):
    """A person wants the turn of a peer interrupted."""

    SAID_BY = ("bridge", "cli")

    peer: str
    who: str
    via: str = "cli"

    def line(self) -> str:
        return f"interrupt, by {self.who} ({self.via})"


class PeerStopped(Fact, tag="peer-stopped"):
    """What came of a wish to interrupt a turn: Esc was sent, once, if one was running."""

    SAID_BY = ("delivery",)

    peer: str
    outcome: str

    def line(self) -> str:
        return self.outcome


class TurnEnd(Fact, tag="turn-end"):
    """A turn of a peer's CLI has ended."""

    SAID_BY = ("delivery",)

    peer: str
    outcome: str  # done, failed, interrupted; ended: only the screen says so
    reason: str = ""

    def line(self) -> str:
        return f"{self.outcome} {self.reason}"


class PeerLimit(Fact, tag="peer-limit"):
    """A peer's CLI has used up what its account allows; its nudges wait."""

    SAID_BY = ("delivery",)
    TONE = BAD

    peer: str
    text: str
    resets: str = ""  # as the CLI shows it, when it does

    def call(self) -> str:
        return f"{self.peer} has reached its usage limit" + (f", resets {self.resets}" if self.resets else "")

    def advice(self) -> str:
        return f"its mail is held: {self.text}"


class PeerLogin(Fact, tag="peer-login"):
    """A peer's CLI needs to log in again; its nudges wait."""

    SAID_BY = ("delivery",)
    TONE = BAD

    peer: str
    text: str

    def call(self) -> str:
        return f"{self.peer} needs to log in again"

    def advice(self) -> str:
        return f"`cccc attach` and log in there; its mail is held: {self.text}"


class PeerBlocked(Fact, tag="peer-blocked"):
    """Mail has waited for `delivery.blocked_minutes` because the pane is not safe to type into; the user is told."""

    SAID_BY = ("delivery",)
    TONE = BAD

    peer: str
    reason: str
    since: str

    def call(self) -> str:
        return f"{self.peer} cannot be nudged: {self.reason}"

    def advice(self) -> str:
        return f"mail waiting since {self.since}; see `cccc attach`"


class RawInput(Fact, tag="raw-input"):
    """A person wants one line typed into the pane of a peer as it is; the body is the line."""

    SAID_BY = ("bridge", "cli")

    peer: str
    who: str
    sha: str
    size: int
    text: str
    via: str = "cli"

    def line(self) -> str:
        return f"{self.text}, by {self.who} ({self.via})"


class RawTyping(Fact, tag="raw-typing"):
    """Delivery is about to paste the line of the wish `of` into a peer's pane."""

    SAID_BY = ("delivery",)

    peer: str
    of: int
    pane: str

    def line(self) -> str:
        return f"in pane {self.pane}"


class RawTyped(Fact, tag="raw-typed"):
    """What came of the line of the wish `of`."""

    SAID_BY = ("delivery",)

    peer: str
    of: int
    outcome: str  # typed, or why not

    def line(self) -> str:
        return self.outcome


class LazyPreambleSent(Fact, tag="lazy-preamble-sent"):
    """A peer's session is new: SYSTEM goes into its inbox with the first message."""

    SAID_BY = ("orchestrator",)

    peer: str
    route: str = "mailbox"

    def line(self) -> str:
        return "SYSTEM goes first"


class SelfCheck(Fact, tag="self-check"):
    """So many handoffs were made that both peers are asked the questions of `delivery.self_check_text`."""

    SAID_BY = ("orchestrator",)

    every: int
    count: int  # self-checks so far

    def line(self) -> str:
        return f"number {self.count}, after {self.every} more handoffs"


class Keepalive(Fact, tag="keepalive"):
    """Both peers have been idle for so long that the leader is asked for the next step."""

    SAID_BY = ("orchestrator",)

    minutes: int
    count: int  # since the work moved
    claim: bool = False  # a CLAIM is open

    def line(self) -> str:
        return f"number {self.count}, after {self.minutes} min"


class ContextCompactTry(Fact, tag="context-compact-try"):
    """A peer's CLI is to compact its context, as soon as that can be typed safely."""

    SAID_BY = ("orchestrator",)

    peer: str
    self_check_index: int

    def line(self) -> str:
        return f"with self-check {self.self_check_index}"


class ContextCompact(Fact, tag="context-compact"):
    """What came of the wish `of` for a compaction; 0: the CLI has compacted without one."""

    SAID_BY = ("delivery",)

    peer: str
    outcome: str  # done, or why not
    of: int = 0

    def line(self) -> str:
        return self.outcome


class ContextSystemReinject(Fact, tag="context-system-reinject"):
    """A compaction was tried: SYSTEM goes into the peer's inbox again."""

    SAID_BY = ("orchestrator",)

    peer: str
    chars: int

    def line(self) -> str:
        return f"SYSTEM again, {self.chars} characters"


class Refresh(Fact, tag="refresh"):
    """A person wants SYSTEM sent to a peer again."""

    SAID_BY = ("bridge", "cli")

    peer: str
    who: str
    via: str = "cli"

    def line(self) -> str:
        return f"SYSTEM again, by {self.who} ({self.via})"
