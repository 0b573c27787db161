"""Every service: what it says, and its place in the start order.

supervisord's configuration is rendered from this list; the ledger refuses a fact from a service that does not list
it. What a service hears follows from its rules (`by_kind.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cccc.common import facts as f


@dataclass(frozen=True)
class Service:
    """One supervised process: `python -m cccc.services.<module>`."""

    name: str
    order: int  # start order; stops in reverse
    says: tuple[type[f.Fact], ...] = ()
    module: str = ""  # the name, when empty


_GATE = (
    f.PatchBranch,
    f.PatchReject,
    f.PatchPrecheckFail,
    f.PatchHeld,
    f.PatchNeedsDecision,
    f.Lint,
    f.Test,
    f.PatchLanding,
    f.PatchCommit,
    f.SettingsApplying,
    f.SettingsApplied,
    f.PatchWaiting,
    f.LeftoverEdits,
    f.LeftoverRemind,
)
_BASE = (f.BaseRun, f.BaseTest, f.BaseDrop, f.BaseNeedsDecision, f.BaseForgotten, f.GateChecks)
_STARTUP = (f.StartupInboxResume, f.StartupInboxDiscard)
_CARD = (f.EvidenceCard, f.EvidenceValidate, f.EvidenceInvalid)
_NUDGE = (
    f.NudgeTyping,
    f.NudgeBeside,
    f.Nudge,
    f.NudgeAccepted,
    f.NudgeHeld,
    f.NudgeLost,
    f.NudgeUnanswered,
)
_NEEDS_THE_USER = (f.PeerLimit, f.PeerLogin, f.PeerBlocked)
_PEER = (f.PeerStarted, f.PeerAdopted, f.PeerExited, f.PeerSession, f.PeerStopped, f.TurnEnd, *_NEEDS_THE_USER)
_RAW = (f.RawTyping, f.RawTyped, f.ContextCompact)  # what became of a line that was to be typed as it is
_UPKEEP = (f.LazyPreambleSent, f.SelfCheck, f.Keepalive, f.ContextCompactTry, f.ContextSystemReinject)
_TALK = (
    f.TeachIntercept,
    f.ReviseIntercept,
    f.ReviseRemind,
    f.HandoffHeld,
    f.HandoffRelease,
    f.HandoffDrop,
)
_MAIL = (
    *(f.ToPeer, f.ToUser, f.Patch, f.InboxTakenOver, f.MailboxDiag, f.MailboxRefused),
    *(f.IntakePaused, f.IntakeResumed),
)

_RFD = (f.Rfd, f.DecisionCounted, f.DecisionRefused, f.RfdQuestion, f.RfdExpired, f.RfdSettled)
_SUBSCRIPTIONS = (f.BridgeStarted, f.ChatSubscribed, f.ChatUnsubscribed, f.ChatMoved)
_CHAT = (f.ChatCommand, f.ChatTold, f.ChatPosting, f.ChatPosted, f.ChatFailed, f.ChatMarked)
_FILES = (f.FileOut, f.FileSent, f.FileRefused)
_WISHES = (  # of commands
    *(f.Decision, f.RfdCheck, f.Pause, f.Resume, f.PeerStop, f.ShowPeers, f.Refresh, f.RawInput),
    f.FilterSwitched,
)
_BRIDGE_SAYS = (f.UserMessage, *_SUBSCRIPTIONS, *_CHAT, *_FILES, *_WISHES, f.Notice, f.FactSkipped)

# What every project runs.
SERVICES = (
    Service("ledger", 10, says=(f.LedgerRepaired, f.LedgerArchived, f.LedgerRestored, f.LedgerDiffers)),
    Service(
        "orchestrator",
        20,
        says=(
            *_MAIL,
            *_TALK,
            *_RFD,
            *_UPKEEP,
            f.EvidenceCard,
            f.Handoff,
            f.PatchQueued,
            f.PatchReverted,
            f.BaseAccepted,
            f.Notice,
            f.FactSkipped,
        ),
    ),
    Service(
        "delivery",
        30,
        says=(f.HandoffDelivered, f.HandoffAccepted, f.AckFile, *_STARTUP, *_NUDGE, *_PEER, *_RAW, f.FactSkipped),
    ),
    Service(
        "evidence",
        40,
        says=(*_GATE, *_BASE, f.EvidenceValidate, f.EvidenceInvalid, f.BranchMoved, f.FactSkipped),
    ),
    Service("panel", 50, says=(f.FactSkipped,)),
)
# One process per chat platform; it runs where it is set up.
PLATFORMS = ("telegram", "slack", "discord")
BRIDGES = tuple(Service(f"bridge-{platform}", 60, _BRIDGE_SAYS, f"bridges.{platform}") for platform in PLATFORMS)
EVERY = (*SERVICES, *BRIDGES)
BY_NAME = {service.name: service for service in EVERY}


def is_bridge(name: str) -> bool:
    """Return whether a service is one that runs only where it is set up."""
    return any(bridge.name == name for bridge in BRIDGES)


# Who may say facts without being a service: the command line speaks for the person who types.
SAYS: dict[str, frozenset[str]] = {
    **{s.name: frozenset(map(f.tag, s.says)) for s in EVERY},
    "cli": frozenset(kind for kind, cls in f.KINDS.items() if cls.OF_A_PERSON),
}
