"""Every message of the system, one class each, the kind written out.

A fact is one line of the ledger: what happened, said once, never changed. A signal is published through the same hub
and never stored. `registry.py` has who says and hears what. The families:

- `messages`: what people and peers say, and what becomes of it before it is a handoff
- `handoffs`: a message on its way into the inbox of a peer, until it counts as read
- `nudges`: NUDGE lines, which tell a CLI that mail waits
- `peers`: the CLIs in their panes: they start, end, take turns, need the user, are reminded of the rules
- `patches`: a patch on its way through the gate, and what else changes in the work tree
- `checks`: lint and tests, of patches and of what they are based on, and evidence cards
- `decisions`: what is asked of people, and what they answer
- `chats`: chats, and the files that go there
- `system`: the ledger itself, and the services

Fields named `sha`, `size` and `text` describe bytes: the body lies in `state/blobs/<sha>`, `text` is its redacted
preview of at most `PREVIEW` characters. Peers are `PeerA` and `PeerB`; the author of a message is one of them, `User`
or `System`.
"""

from __future__ import annotations

from typing import Union

from cccc.common.facts.chats import (
    BridgeStarted,
    ChatCommand,
    ChatFailed,
    ChatMarked,
    ChatMoved,
    ChatPosted,
    ChatPosting,
    ChatSubscribed,
    ChatTold,
    ChatUnsubscribed,
    FileOut,
    FileRefused,
    FileSent,
    ShowPeers,
)
from cccc.common.facts.checks import (
    BaseAccepted,
    BaseAgain,
    BaseDrop,
    BaseForgotten,
    BaseRun,
    BaseTest,
    EvidenceCard,
    EvidenceCheck,
    EvidenceInvalid,
    EvidenceValidate,
    GateChecks,
    Lint,
    Test,
)
from cccc.common.facts.decisions import (
    BaseNeedsDecision,
    Decision,
    DecisionCounted,
    DecisionRefused,
    PatchNeedsDecision,
    Rfd,
    RfdCheck,
    RfdExpired,
    RfdQuestion,
    RfdSettled,
)
from cccc.common.facts.envelope import (
    ASKS,
    BAD,
    GOOD,
    LONGEST_FACT,
    LONGEST_TEXT,
    PLAIN,
    PREVIEW,
    TALK,
    Body,
    Fact,
    Redact,
    Signal,
    body,
    family,
    tag,
)
from cccc.common.facts.handoffs import (
    AckFile,
    Handoff,
    HandoffAccepted,
    HandoffDelivered,
    StartupInboxDiscard,
    StartupInboxResume,
)
from cccc.common.facts.messages import (
    FilterSwitched,
    HandoffDrop,
    HandoffHeld,
    HandoffRelease,
    InboxTakenOver,
    IntakePaused,
    IntakeResumed,
    MailboxDiag,
    MailboxRefused,
    Notice,
    Patch,
    Pause,
    Resume,
    ReviseIntercept,
    ReviseRemind,
    TeachIntercept,
    ToPeer,
    ToUser,
    UserMessage,
)
from cccc.common.facts.nudges import (
    Nudge,
    NudgeAccepted,
    NudgeBeside,
    NudgeHeld,
    NudgeLost,
    NudgeTyping,
    NudgeUnanswered,
)
from cccc.common.facts.patches import (
    BranchMoved,
    LeftoverEdits,
    LeftoverRemind,
    PatchBranch,
    PatchCommit,
    PatchDrop,
    PatchHeld,
    PatchLanding,
    PatchPrecheckFail,
    PatchQueued,
    PatchReject,
    PatchRetry,
    PatchRevert,
    PatchReverted,
    PatchWaiting,
    SettingsApplied,
    SettingsApplying,
)
from cccc.common.facts.peers import (
    PROFILE,
    ContextCompact,
    ContextCompactTry,
    ContextSystemReinject,
    Keepalive,
    LazyPreambleSent,
    PeerAdopted,
    PeerBlocked,
    PeerExited,
    PeerLimit,
    PeerLogin,
    PeerSession,
    PeerStarted,
    PeerStop,
    PeerStopped,
    RawInput,
    RawTyped,
    RawTyping,
    Refresh,
    SelfCheck,
    TurnEnd,
)
from cccc.common.facts.signals import (
    Beat,
    PaneState,
)
from cccc.common.facts.system import (
    BodyForgotten,
    FactSkipped,
    LedgerAccepted,
    LedgerArchived,
    LedgerDiffers,
    LedgerRepaired,
    LedgerRestored,
    SkipsCleared,
)

AnySignal = Union[Beat, PaneState]

FAMILIES = ("messages", "handoffs", "nudges", "peers", "patches", "checks", "decisions", "chats", "system")
KINDS: dict[str, type[Fact]] = {
    tag(cls): cls for name in FAMILIES for cls in Fact.__subclasses__() if family(cls) == name
}
AnyFact = Union[tuple(KINDS.values())]  # type: ignore[valid-type]  # built from the list above
