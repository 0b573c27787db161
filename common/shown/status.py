"""`state/status.json`: the state of the project, for people and tools.

The panel service alone writes it, by atomic replace, and only when something else than `ts`
has changed; while nothing happens it is not touched, and its age says nothing. So it holds
no ages: every time in it is the moment (UTC, ISO 8601) at which something began or
happened, and readers subtract. Free text is one line without control characters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional

import msgspec

from cccc.common.errors import NotRunning
from cccc.common.machine import durable
from cccc.common.paths import Project

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

FORMAT = 1
TOLD = 5  # words to the user that the status holds


class Service(msgspec.Struct):
    """One supervised process, as its beats and supervisord tell."""

    state: str = "starting"  # starting, ready, silent (no beat for 10 s), failing (started again and again)
    pid: int = 0
    version: str = ""
    since: str = ""  # start of this process
    silent_since: str = ""  # its last beat, when silent
    trouble: str = ""  # what it cannot do right now


class LastHandoff(msgspec.Struct):
    """The last message for a peer and how far it came."""

    author: str = msgspec.field(name="from")
    mid: str
    inbox_seq: int
    stage: str  # handed, inbox, nudged, read
    ts: str  # of the stage
    text: str


class Peer(msgspec.Struct):
    """One peer's pane, inbox and last handoff."""

    state: str = "unknown"  # starting, idle, busy, waiting, typing, dead; unknown until delivery tells
    reason: str = ""
    since: str = ""  # of the state
    inbox: int = 0  # files
    nudge: str = ""  # due, held: <reason>, sent 2 of 8, ...
    command: str = ""
    last: Optional[LastHandoff] = None


class PatchLine(msgspec.Struct):
    """One patch on its way through the gate, or out of it."""

    author: str = msgspec.field(name="from")
    mid: str
    stage: str  # queued, held, lint, test, landing; then landed, refused or reverted
    ts: str  # of the stage
    reason: str = ""


class Counts(msgspec.Struct):
    """How often, since the ledger's first fact."""

    handoffs: Dict[str, Dict[str, int]] = {}  # from -> to -> times
    drops: int = 0  # messages that were not forwarded
    nudges: int = 0
    landed: int = 0
    refused: int = 0
    tests: Dict[str, int] = {}  # verdict -> times: green, red, broken, skipped


class FactLine(msgspec.Struct):
    """One fact in short form."""

    seq: int
    ts: str
    kind: str
    who: str
    text: str


class NoticeLine(msgspec.Struct):
    """One thing that the user must know or do."""

    ts: str
    text: str
    about: str


class ToldLine(msgspec.Struct):
    """What a peer told the user, cut to one line."""

    seq: int
    ts: str
    author: str = msgspec.field(name="from")
    mid: str
    text: str


class RfdLine(msgspec.Struct):
    """A request that waits for people to decide."""

    rfd_id: str
    why: str
    title: str
    ts: str  # when it was opened
    expires: str


class Bridge(msgspec.Struct):
    """One chat platform, as its bridge reports."""

    connected: bool
    since: str  # of being connected, or of not being so; "" when it has not tried yet
    proof: str  # what shows that it can receive
    error: str  # the last one
    chats: int
    waiting: int  # posts


class Skip(msgspec.Struct):
    """A fact that a service could not fold."""

    service: str
    fact: int
    error: str
    ts: str


class Verified(msgspec.Struct):
    """What the last `cccc ledger verify` found; kept in `state/verified.json`."""

    seq: int  # the last fact that was looked at
    ts: str
    problems: int


class Ledger(msgspec.Struct):
    """The ledger's end and its size in bytes, closed segments included."""

    seq: int = 0
    size: int = 0
    segments: int = 1
    verified: Optional[Verified] = None  # None: never


class Status(msgspec.Struct):
    """The file. `troubles` empty means that all is well."""

    format: int
    ts: str  # when this was written
    session: str  # the project's name
    leader: str
    started: str  # `cccc up`
    troubles: List[str]  # one line each, for a person: what is red
    services: Dict[str, Service]
    peers: Dict[str, Peer]
    patches_open: int
    patches: List[PatchLine]  # the oldest open ones
    settled: List[PatchLine]  # the newest first
    counts: Counts
    mailbox_counts: Dict[str, Dict[str, int]]  # peer -> to_user, to_peer, patch -> times handed in
    notices: List[NoticeLine]  # the newest first
    rfds: List[RfdLine]  # what people have to decide, the oldest first
    skipped: List[Skip]
    facts: List[FactLine]  # the newest first
    ledger: Ledger
    paused: str = ""  # since when the handoffs between the peers wait for `cccc resume`
    bridges: Dict[str, Bridge] = {}  # by platform: those that run
    bell: int = 0  # the last fact for which a person is needed, since the panel service runs
    filter_on: Optional[bool] = None  # the handoff filter as a person switched it; None: as the settings say
    settings: List[str] = []  # what is broken in the files, or changed and not in force yet; in `troubles` too
    told: List[ToldLine] = []  # what the peers told the user, the newest first
    linted_by: str = ""  # what lints a patch, in words
    tested_by: str = ""  # what tests it
    tested: str = ""  # how its tests ended last: "1,991 tests on main, 10 s"
    leftovers: str = ""  # what is changed in the work tree and was never handed in


def verified(project: Project) -> Verified | None:
    """Return what the last verification found, or None when there was none that can be read."""
    try:
        return msgspec.json.decode(_verified(project).read_bytes(), type=Verified)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def note_verified(project: Project, found: Verified) -> None:
    """Keep what a verification found."""
    durable.show(_verified(project), msgspec.json.encode(found))


def _verified(project: Project) -> Path:
    return project.state / "verified.json"


def read(project: Project) -> Status:
    """Return the last written status. Raises NotRunning when there is none that this version can read."""
    try:
        status = msgspec.json.decode(project.status.read_bytes(), type=Status)
    except FileNotFoundError:
        raise NotRunning(f"{project.status} does not exist yet; run `cccc up`") from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotRunning(f"{project.status} is not from this version ({error}); run `cccc restart panel`") from None
    if status.format != FORMAT:
        raise NotRunning(f"{project.status} has format {status.format}, not {FORMAT}; run `cccc restart panel`")
    return status
