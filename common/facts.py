"""Every message of the system, one class each, the kind written out.

A fact is one line of the ledger: what happened, said once, never changed. A signal is
published through the same hub and never stored. `registry.py` has who says and hears what.

Fields named `sha`, `size` and `text` describe bytes: the body lies in `state/blobs/<sha>`,
`text` is its redacted preview of at most `PREVIEW` characters. Peers are `PeerA` and
`PeerB`; the author of a message is one of them, `User` or `System`.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Callable, Dict, List, Optional, Type, TypedDict, Union

import msgspec

from cccc.common import redaction

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

PREVIEW = 400
LONGEST_TEXT = 4096  # characters
LONGEST_FACT = 512 << 10  # bytes; what comes near it is a list of paths


class Fact(msgspec.Struct, kw_only=True, tag_field="kind", omit_defaults=True):
    """The envelope. Who says a fact sets `id` and `cause`; the ledger sets the rest."""

    seq: int = 0  # gapless from 1
    ts: str = ""  # UTC, ISO 8601, microseconds, "Z"
    by: str = ""  # the service that says it
    id: str = ""  # from the source; a second fact with the same id is dropped
    cause: Optional[int] = None  # seq of the fact that led to this one
    prev: str = ""  # SHA-256 of the line before

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)


# --- people and peers speak ------------------------------------------------------------------


class UserMessage(Fact, tag="user-message"):
    """A person said something; `route` is what the text asked for: a, b or both.

    What follows `text` is said by bridges: ids are the platform's own.
    """

    mid: str
    via: str  # cli, panel, telegram, slack, discord
    route: str
    sha: str
    size: int
    text: str
    who: str = ""  # as the platform shows the person
    user: str = ""
    chat: str = ""
    thread: str = ""
    message: str = ""
    album: str = ""  # what several files were sent as
    edit_of: str = ""  # the mid of the message of which this is a new version


class ToPeer(Fact, tag="to_peer"):
    """A peer handed in `to_peer.md`. The body is its text in UTF-8."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str
    raw: str = ""  # SHA-256 of the bytes as they were handed in, when they were not UTF-8: a diff is taken from them


class ToUser(Fact, tag="to_user"):
    """A peer handed in `to_user.md`."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class Patch(Fact, tag="patch"):
    """A peer handed in `patch.diff`."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class MailboxDiag(Fact, tag="mailbox-diag"):
    """A handed-in file was not plain UTF-8 and was read as `encoding`."""

    author: str = msgspec.field(name="from")
    mid: str
    file: str
    encoding: str
    bytes: int
    prefix_hex: str  # the first 24 bytes
    nul_ratio: float


class MailboxRefused(Fact, tag="mailbox-refused"):
    """A handed-in file was not taken as a message; its author is told `reason`."""

    author: str = msgspec.field(name="from")
    mid: str
    file: str
    reason: str
    size: int
    sha: str = ""  # empty when the bytes were too many to keep


class IntakePaused(Fact, tag="intake-paused"):
    """The disk is nearly full: what peers hand in stays where it is."""

    free_mb: int
    limit_mb: int  # `mailbox.min_free_mb`
    free_files: int = -1  # how many more can be made; -1 where that is not what is short


class IntakeResumed(Fact, tag="intake-resumed"):
    """The disk has room again, and what peers handed in is taken."""

    free_mb: int


class InboxTakenOver(Fact, tag="inbox-taken-over"):
    """A message that an older release left unread in a peer's inbox; the body is its whole file."""

    to: str
    mid: str
    sha: str
    size: int
    text: str


class Notice(Fact, tag="notice"):
    """Something the user must know or do, in one line."""

    text: str
    about: str = ""  # a peer, a service, or a mid


# --- handoffs --------------------------------------------------------------------------------


class Handoff(Fact, tag="handoff"):
    """A message for one peer was decided; delivery owes it an inbox file.

    The body is the whole text of that file, envelope tags included.
    """

    author: str = msgspec.field(name="from")  # User, System, PeerA, PeerB
    to: str
    mid: str
    inbox_seq: int  # the receiver's own counter, from 1
    sha: str
    size: int
    text: str


class HandoffDrop(Fact, tag="handoff-drop"):
    """A message was not forwarded; its author is told `reason`."""

    author: str = msgspec.field(name="from")
    to: str
    mid: str
    reason: str


class TeachIntercept(Fact, tag="teach-intercept"):
    """A `to_peer` without an insight block is held; its author is told how to release it."""

    peer: str
    mid: str
    reason: str
    sha: str
    size: int
    text: str


class ReviseIntercept(Fact, tag="revise-intercept"):
    """A `to_peer` of a peer that owes a revise is held until it pays; its author is told `reason`."""

    peer: str
    mid: str
    reason: str
    sha: str
    size: int
    text: str


class ReviseRemind(Fact, tag="revise-remind"):
    """A peer has owed a revise for a while and is reminded, once."""

    peer: str
    since: str


class HandoffHeld(Fact, tag="handoff-held"):
    """Handoffs between the peers are paused; this one waits for `/resume`."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class HandoffRelease(Fact, tag="handoff-release"):
    """A held message, or the one that releases it and comes after it, goes on to the other peer."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class Pause(Fact, tag="pause"):
    """A person stopped the handoffs between the peers; `to_user` and patches go on."""

    who: str


class Resume(Fact, tag="resume"):
    """A person let the handoffs between the peers go on."""

    who: str


class FilterSwitched(Fact, tag="filter-switched"):
    """A person switched the handoff filter on or off, whatever `handoff_filter.enabled` says."""

    on: bool
    who: str
    via: str = "cli"


class HandoffDelivered(Fact, tag="handoff-delivered"):
    """The inbox file of a handoff is in place."""

    to: str
    mid: str
    inbox_seq: int
    path: str


class AckFile(Fact, tag="ack-file"):
    """A peer moved a message out of its inbox: it counts as read. (`unread`: it was put away at the start.)"""

    author: str = msgspec.field(name="from")
    mid: str
    inbox_seq: int
    file: str
    ok: bool  # the file is in `processed/`
    unread: bool = False


class StartupInboxResume(Fact, tag="startup-inbox-resume"):
    """Mail of the last session waits in a peer's inbox at the start, and stays there."""

    peer: str
    count: int


class StartupInboxDiscard(Fact, tag="startup-inbox-discard"):
    """Mail of the last session is put away unread at the start, as a person or the settings chose."""

    peer: str
    count: int
    upto: int  # the newest inbox_seq
    kept: bool  # in `processed/`; otherwise the files are removed


class NudgeTyping(Fact, tag="nudge-typing"):
    """Delivery is about to paste a NUDGE line that carries `token`."""

    to: str
    token: str
    pane: str


class Nudge(Fact, tag="nudge"):
    """A NUDGE line was typed, seen in the composer and submitted."""

    to: str
    token: str
    attempt: int  # 1 for the first since the last progress
    waiting: int  # files in the inbox


class NudgeBeside(Fact, tag="nudge-beside"):
    """A pane is not safe for long: the NUDGE line with `token` is given to the CLI without a key, by `route`."""

    to: str
    token: str
    route: str  # stop-hook, queue


class NudgeAccepted(Fact, tag="nudge-accepted"):
    """The CLI's own hook shows that it took the NUDGE line with `token` as a prompt."""

    to: str
    token: str


class HandoffAccepted(Fact, tag="handoff-accepted"):
    """The CLI's own hook shows that the model was given the text of this message, by `tool`."""

    author: str = msgspec.field(name="from")
    mid: str
    inbox_seq: int
    tool: str


class NudgeHeld(Fact, tag="nudge-held"):
    """A due NUDGE waits, because the pane is not safe to type into."""

    to: str
    reason: str


class NudgeLost(Fact, tag="nudge-lost"):
    """A NUDGE was pasted and not submitted, or submitted and not taken by the CLI."""

    to: str
    token: str
    reason: str


class NudgeUnanswered(Fact, tag="nudge-unanswered"):
    """A peer left `attempts` nudges in a row without progress; the user is told."""

    to: str
    attempts: int
    since: str


# --- the CLIs --------------------------------------------------------------------------------


class PeerStarted(Fact, tag="peer-started"):
    """A peer's CLI was started in its pane."""

    peer: str
    command: str
    pane: str
    attempt: int = 1  # starts since it last lived long enough
    session: str = ""  # that it was started to go on with


class PeerAdopted(Fact, tag="peer-adopted"):
    """Delivery found the peer's CLI alive in its pane and went on with it."""

    peer: str
    pane: str


class PeerExited(Fact, tag="peer-exited"):
    """A peer's CLI ended; it is started again after `again_s` seconds."""

    peer: str
    status: str  # "exit 1", "signal 9", "the tmux server is gone", "everything was stopped"
    lived_s: float
    again_s: float
    planned: bool = False  # a person stopped everything


class PeerSession(Fact, tag="peer-session"):
    """A peer's CLI began or went on with a session; only a new one has forgotten what was said."""

    peer: str
    session: str
    source: str  # startup, resume, clear, compact


class LazyPreambleSent(Fact, tag="lazy-preamble-sent"):
    """A peer's session is new: SYSTEM goes into its inbox with the first message."""

    peer: str
    route: str = "mailbox"


class SelfCheck(Fact, tag="self-check"):
    """So many handoffs were made that both peers are asked the questions of `delivery.self_check_text`."""

    every: int
    count: int  # self-checks so far


class Keepalive(Fact, tag="keepalive"):
    """Both peers have been idle for so long that the leader is asked for the next step."""

    minutes: int
    count: int  # since the work moved
    claim: bool = False  # a CLAIM is open


class ContextCompactTry(Fact, tag="context-compact-try"):
    """A peer's CLI is to compact its context, as soon as that can be typed safely."""

    peer: str
    self_check_index: int


class ContextCompact(Fact, tag="context-compact"):
    """What came of the wish `of` for a compaction; 0: the CLI has compacted without one."""

    peer: str
    outcome: str  # done, or why not
    of: int = 0


class ContextSystemReinject(Fact, tag="context-system-reinject"):
    """A compaction was tried: SYSTEM goes into the peer's inbox again."""

    peer: str
    chars: int


class Refresh(Fact, tag="refresh"):
    """A person wants SYSTEM sent to a peer again."""

    peer: str
    who: str
    via: str = "cli"


class RawInput(Fact, tag="raw-input"):
    """A person wants one line typed into the pane of a peer as it is; the body is the line."""

    peer: str
    who: str
    sha: str
    size: int
    text: str
    via: str = "cli"


class RawTyping(Fact, tag="raw-typing"):
    """Delivery is about to paste the line of the wish `of` into a peer's pane."""

    peer: str
    of: int
    pane: str


class RawTyped(Fact, tag="raw-typed"):
    """What came of the line of the wish `of`."""

    peer: str
    of: int
    outcome: str  # typed, or why not


class PeerStop(Fact, tag="peer-stop"):
    """A person wants the turn of a peer interrupted."""

    peer: str
    who: str
    via: str = "cli"


class PeerStopped(Fact, tag="peer-stopped"):
    """What came of a wish to interrupt a turn: Esc was sent, once, if one was running."""

    peer: str
    outcome: str


class TurnEnd(Fact, tag="turn-end"):
    """A turn of a peer's CLI is over."""

    peer: str
    outcome: str  # done, failed, interrupted; ended: only the screen says so
    reason: str = ""


class PeerLimit(Fact, tag="peer-limit"):
    """A peer's CLI has used up what its account allows; its nudges wait."""

    peer: str
    text: str
    resets: str = ""  # as the CLI shows it, when it does


class PeerLogin(Fact, tag="peer-login"):
    """A peer's CLI has to be logged in again; its nudges wait."""

    peer: str
    text: str


class PeerBlocked(Fact, tag="peer-blocked"):
    """Mail has waited for `delivery.blocked_minutes` because the pane is not safe to type into; the user is told."""

    peer: str
    reason: str
    since: str


# --- the gate --------------------------------------------------------------------------------


class PatchQueued(Fact, tag="patch-queued"):
    """A patch entered the queue. The body is the diff, byte for byte."""

    author: str = msgspec.field(name="from")
    mid: str
    source: str  # patch.diff, inline or revert
    sha: str
    size: int
    text: str
    reverts: str = ""  # of a revert: the mid of the patch that it takes back
    commit: str = ""  # of a revert: the commit that it takes back
    because: str = ""  # of a revert: why, in one line


class PatchBranch(Fact, tag="patch-branch"):
    """The branch that was checked out when the gate first saw a patch: it lands there or waits."""

    mid: str
    branch: str  # full ref name


class PatchReject(Fact, tag="patch-reject"):
    """A patch was refused by the rules before or after the checks."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    lines: int = 0
    paths: List[str] = msgspec.field(default_factory=list)
    allow: str = ""  # the line of policies.yaml below patch_queue that would let its paths pass


class PatchPrecheckFail(Fact, tag="patch-precheck-fail"):
    """git cannot apply the patch to the base."""

    author: str = msgspec.field(name="from")
    mid: str
    base: str
    stderr: str


class Lint(Fact, tag="lint"):
    """One lint run of the gate ended."""

    mid: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int]
    seconds: float
    log: str = ""  # path below the project
    sha: str = ""  # of the log
    tail: str = ""
    base: str = ""  # the commit the patch was tried on
    isolated: str = ""  # bind: only the patched tree could be seen; path: it came first


class Test(Fact, tag="test"):
    """One test run of the gate ended."""

    mid: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int]
    seconds: float
    log: str = ""
    sha: str = ""
    tail: str = ""
    base: str = ""  # the commit the patch was tried on
    isolated: str = ""  # as in lint
    tests: Optional[int] = None  # executed; None where the runner does not tell
    failed: Optional[int] = None
    skipped: Optional[int] = None
    on_base: str = ""  # when red: the verdict of the same command on the base


class PatchHeld(Fact, tag="patch-held"):
    """A patch waits for something that is not its own fault, and goes on by itself."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    asked: bool = False  # the user, for what only they can mend


class PatchLanding(Fact, tag="patch-landing"):
    """The gate is about to move `branch` from `old` to `new`: the journal of a landing."""

    author: str = msgspec.field(name="from")
    mid: str
    branch: str  # full ref name
    old: str
    new: str
    paths: List[str]
    lines: int = 0
    notes: List[str] = msgspec.field(default_factory=list)  # how the diff was read, where that was not as written


class PatchCommit(Fact, tag="patch-commit"):
    """A patch landed as `commit` on `branch`."""

    author: str = msgspec.field(name="from")
    mid: str
    source: str
    lines: int
    paths: List[str]
    branch: str
    commit: str
    tests_ok: Optional[bool]  # None: nothing was run; False: not worse than a red base (gate.base_red)
    seconds: float
    notes: List[str] = msgspec.field(default_factory=list)  # as in patch-landing


class PatchWaiting(Fact, tag="patch-waiting"):
    """The user is told of a held patch: for `gate.wait_minutes`, or waiting for what only the user can mend."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str
    since: str


class PatchRetry(Fact, tag="patch-retry"):
    """A person has the bytes of the patch `of` queued again, as the patch `mid`."""

    author: str = msgspec.field(name="from")  # of the patch
    mid: str
    of: str
    source: str
    sha: str
    size: int
    text: str
    reverts: str = ""  # as in `patch-queued`, and so are the two below
    commit: str = ""
    because: str = ""


class PatchRevert(Fact, tag="patch-revert"):
    """A person hands in the reverse of the landed patch `of`, as the patch `mid`."""

    mid: str
    of: str
    commit: str
    sha: str
    size: int
    text: str
    because: str = ""  # in one line


class PatchReverted(Fact, tag="patch-reverted"):
    """The landed patch `mid` was taken back: its reverse, the patch `revert`, landed as `commit`."""

    mid: str
    revert: str
    commit: str
    because: str = ""


class PatchDrop(Fact, tag="patch-drop"):
    """A person wants an open patch no more; one that is about to land still lands."""

    mid: str


class BaseRun(Fact, tag="base-run"):
    """The tests are run on the commit `base` itself: nothing was known of them, and no patch has landed on `branch`."""

    mid: str  # of the tree, the settings and the environment
    branch: str  # full ref name
    base: str
    command: str
    log: str  # path below the project


class BaseTest(Fact, tag="base-test"):
    """The tests on a base ended; what they counted is what the first patch on the branch is compared with."""

    mid: str
    branch: str
    base: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int] = None
    seconds: float = 0
    log: str = ""
    sha: str = ""  # of the log
    tail: str = ""
    isolated: str = ""  # as in lint
    tests: Optional[int] = None  # executed; None where the runner does not tell
    failed: Optional[int] = None
    skipped: Optional[int] = None
    failing: List[str] = msgspec.field(default_factory=list)  # the first of them, where the runner names them all
    reason: str = ""


class BaseDrop(Fact, tag="base-drop"):
    """The tests on a base are not run to their end: a person wants that, or they may be run later, for `reason`."""

    mid: str
    reason: str = ""


class BaseAgain(Fact, tag="base-again"):
    """A person wants the tests of what is checked out run, whatever is known of them."""


class GateChecks(Fact, tag="gate-checks"):
    """What checks a patch from now on, in words for people."""

    linted_by: str
    tested_by: str
    programs: str  # where they are looked for


class BaseNeedsDecision(Fact, tag="base-needs-decision"):
    """What keeps patches from landing is not theirs, and people are asked whether that is accepted on this machine."""

    mid: str  # of the run on the base
    branch: str  # full ref name
    base: str
    why: str  # red: these tests fail there too; untested: there is nothing to run
    question: str
    machine: str
    names: List[str] = msgspec.field(default_factory=list)  # the tests, as their runner names them


class BaseAccepted(Fact, tag="base-accepted"):
    """People have accepted that these tests fail on this machine (why: red), or that nothing is tested (untested)."""

    mid: str
    why: str
    machine: str
    rfd_id: str
    names: List[str] = msgspec.field(default_factory=list)


class BaseForgotten(Fact, tag="base-forgotten"):
    """What was accepted counts no more: a person took it back, or the tests are green again, for `reason`."""

    why: str
    machine: str
    names: List[str] = msgspec.field(default_factory=list)
    reason: str = ""


class BranchMoved(Fact, tag="branch-moved"):
    """HEAD was moved, and not by the gate: a commit, a reset, another branch."""

    branch: str  # full ref name; "" when HEAD is detached
    old: str  # "" when this is the first look
    new: str


class LeftoverEdits(Fact, tag="leftover-edits"):
    """What is changed in the work tree and was never handed in; said when the set changes."""

    paths: List[str]  # the first of them
    count: int
    since: str  # when the oldest of them was first seen


class LeftoverRemind(Fact, tag="leftover-remind"):
    """The leftover edits have not changed for `gate.wait_minutes`: the peers are asked about them."""

    paths: List[str]
    count: int
    since: str


# --- decisions of people ---------------------------------------------------------------------


class PatchNeedsDecision(Fact, tag="patch-needs-decision"):
    """A patch passed the checks, and waits in the gate until people have answered `question`.

    The answer holds for exactly this patch (`sha`), this question and these settings (`policy`).
    """

    author: str = msgspec.field(name="from")
    mid: str
    why: str  # protected, large, tests
    question: str
    paths: List[str]
    lines: int
    base: str  # the commit it was checked on
    policy: str  # SHA-256 of the settings that the gate decides by
    sha: str  # of the patch


class Rfd(Fact, tag="rfd"):
    """A request for decision was opened."""

    rfd_id: str
    author: str = msgspec.field(name="from")
    mid: str
    why: str  # protected, large, tests; of messages: request, confidence, dispute; of a base: red, untested
    title: str
    question: str
    minutes: int  # how long an answer, and then an approval, may take
    expires: str  # UTC
    required: int  # how many people must give the same answer
    summary: str = ""
    options: List[str] = msgspec.field(default_factory=lambda: ["approve", "reject"])
    default: str = "reject"  # what holds when nobody answers; "" for nothing
    paths: List[str] = msgspec.field(default_factory=list)
    sha: str = ""
    base: str = ""
    policy: str = ""
    machine: str = ""  # for which the answer holds, of a base
    names: List[str] = msgspec.field(default_factory=list)  # the tests it is about, of a base


class Decision(Fact, tag="decision"):
    """Somebody answered a request; whether the answer counts is said by what follows from this fact."""

    rfd_id: str
    decision: str  # approve, reject, ask, revoke, or one of the options
    who: str  # as far as known
    via: str  # cli, panel, telegram, slack, discord
    user: str = ""  # the platform's id of the person
    text: str = ""
    chat: str = ""  # the platform's id of the chat
    press: str = ""  # by which the platform shows the person who pressed a button what came of it


class DecisionCounted(Fact, tag="decision-counted"):
    """An answer counts; `missing` more people must give the same one."""

    rfd_id: str
    decision: str
    who: str
    missing: int


class DecisionRefused(Fact, tag="decision-refused"):
    """An answer does not count, for `reason`."""

    rfd_id: str
    decision: str
    who: str
    via: str
    reason: str


class RfdQuestion(Fact, tag="rfd-question"):
    """A person wants to know more before deciding; both peers are asked."""

    rfd_id: str
    who: str
    text: str


class RfdExpired(Fact, tag="rfd-expired"):
    """The time of a request, or of an approval that was not used, is over."""

    rfd_id: str
    expires: str


class RfdSettled(Fact, tag="rfd-settled"):
    """A request came to an outcome; `approved` and `chosen` can still become `used`, `revoked` or `expired`."""

    rfd_id: str
    outcome: str  # approved, chosen, rejected, revoked, expired, used, void (its patch is gone)
    people: List[str]  # whose answer it is
    mid: str
    sha: str = ""
    choice: str = ""  # the option that holds
    expires: str = ""  # of an approval
    used_for: str = ""  # once used: "commit 1a2b3c4d5e", "settings", "the check of PeerA"


class RfdCheck(Fact, tag="rfd-check"):
    """Somebody asks whether a request was answered with `choice`; the first yes uses the answer up."""

    rfd_id: str
    choice: str
    who: str
    via: str


class SettingsApplying(Fact, tag="settings-applying"):
    """The gate is about to write an approved change of settings files: the journal of it.

    `old` and `new` hold the SHA-256 of each of `paths`, "" where there is no file; the bytes are blobs.
    """

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    old: List[str]
    new: List[str]
    lines: int = 0


class SettingsApplied(Fact, tag="settings-applied"):
    """An approved change of settings files is in place; services read it when they start."""

    author: str = msgspec.field(name="from")
    mid: str
    paths: List[str]
    kept: List[str]  # the old files


# --- the chats -------------------------------------------------------------------------------
# `via` is the platform: telegram, slack, discord. Ids of chats, threads, messages and users are the platform's own.


class BridgeStarted(Fact, tag="bridge-started"):
    """A person started a bridge; said once per `cccc up` or `cccc bridge start`, never after a crash."""

    via: str
    reset: str  # baseline: go on where it stopped; clear: what waits is thrown away


class ChatSubscribed(Fact, tag="chat-subscribed"):
    """A chat is let in: it may talk to the peers, and gets what they say."""

    via: str
    chat: str
    how: str  # settings, code, open
    who: str = ""
    title: str = ""
    thread: str = ""  # where posts go, when the chat has threads
    to_user: bool = True  # gets what is said to the user
    peers: bool = True  # gets what the peers say to each other


class ChatUnsubscribed(Fact, tag="chat-unsubscribed"):
    """A chat is left out from now on, for `reason`."""

    via: str
    chat: str
    reason: str


class ChatMoved(Fact, tag="chat-moved"):
    """The platform gave a chat another id."""

    via: str
    chat: str
    to: str


class ChatCommand(Fact, tag="chat-command"):
    """A person typed a command in a chat."""

    via: str
    chat: str
    message: str
    who: str
    user: str
    text: str
    thread: str = ""
    press: str = ""  # as in `decision`


class ChatTold(Fact, tag="chat-told"):
    """A bridge answers a person by itself: why a line went nowhere (once per cool-down), or that a chat is let in."""

    via: str
    chat: str
    message: str
    who: str
    user: str
    text: str
    thread: str = ""
    press: str = ""


class ChatPosting(Fact, tag="chat-posting"):
    """A bridge is about to post what the facts `about` hold, as one."""

    via: str
    chat: str
    about: List[int]


class ChatPosted(Fact, tag="chat-posted"):
    """A part of a post is in the chat as `message`; `left` more parts follow."""

    via: str
    chat: str
    about: List[int]
    message: str
    part: int = 0
    left: int = 0


class ChatFailed(Fact, tag="chat-failed"):
    """The platform refuses a post for good; it is given up."""

    via: str
    chat: str
    about: List[int]
    reason: str


class ChatMarked(Fact, tag="chat-marked"):
    """A person's message got its receipt mark, or the platform refused that (`reason`)."""

    via: str
    chat: str
    message: str
    mid: str
    mark: str  # stored, accepted
    reason: str = ""


class ShowPeers(Fact, tag="show-peers"):
    """A person wants what the peers say to each other shown in the chats, or not."""

    on: bool
    who: str
    via: str


class FileOut(Fact, tag="file-out"):
    """A file of the outbound folder was taken; every chat that is let in gets it."""

    mid: str
    name: str
    path: str  # below the project, until every chat has it
    sha: str
    size: int
    mime: str
    text: str = ""  # the caption, redacted
    route: str = ""
    send_as: str = "document"  # or photo


class FileSent(Fact, tag="file-sent"):
    """Every chat has the file, or refused it for good; it is gone from the outbound folder."""

    mid: str
    name: str
    chats: List[str]


class FileRefused(Fact, tag="file-refused"):
    """A file is not sent for `reason`; it stays where it is."""

    name: str
    size: int
    reason: str


# --- evidence cards --------------------------------------------------------------------------


class EvidenceCard(Fact, tag="evidence-card"):
    """A card was handed in: a claim with the commands that prove it. The body is its YAML or JSON."""

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str


class EvidenceCheck(msgspec.Struct, omit_defaults=True):
    """One command of a card that was run."""

    name: str
    exit: int
    ok: bool
    seconds: float
    allow_failure: bool = False  # not ok, and the card may pass all the same
    over: str = ""  # the limit that it was killed for


class EvidenceValidate(Fact, tag="evidence-validate"):
    """The checks of a card ended, on the commit `base`."""

    author: str = msgspec.field(name="from")
    mid: str
    verdict: str  # pass, fail
    title: str
    evidence_kind: str
    log_ref: str  # LOG:<path below the project>#L1-L<lines>
    checks: List[EvidenceCheck]
    meta: Dict[str, Any]
    base: str
    isolated: str
    sha: str = ""  # of the log
    reason: str = ""  # why not all checks ran


class EvidenceInvalid(Fact, tag="evidence-invalid"):
    """A card cannot be run; its author is told `reason`."""

    author: str = msgspec.field(name="from")
    mid: str
    reason: str


# --- the system ------------------------------------------------------------------------------


class LedgerRepaired(Fact, tag="ledger-repaired"):
    """The last line was torn; its bytes were cut off and kept in `kept`."""

    bytes: int
    kept: str


class LedgerArchived(Fact, tag="ledger-archived"):
    """The segment with the facts `first` to `last` was closed."""

    first: int
    last: int


class LedgerRestored(Fact, tag="ledger-restored"):
    """The ledger's file was removed or replaced while up and was put back whole; `kept` is what stood there."""

    kept: str = ""


class LedgerDiffers(Fact, tag="ledger-differs"):
    """The ledger is not the one that was acknowledged up to `old_seq`: the gate and the nudges wait for a person."""

    old_seq: int  # 0: not known
    old_hash: str  # of that line
    reason: str


class LedgerAccepted(Fact, tag="ledger-accepted"):
    """A person said what became of the ledger that ended at `old_seq`: what is there now is the ledger."""

    old_seq: int
    old_hash: str
    because: str
    who: str
    first: int = 1  # the oldest line that is there
    breaks: List[int] = []  # lines that do not follow from the line before


class BodyForgotten(Fact, tag="body-forgotten"):
    """A person had a body removed. The facts that name it stay, with their redacted previews."""

    sha: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]  # nothing else: it becomes the path of what is removed
    who: str
    why: str = ""


class FactSkipped(Fact, tag="fact-skipped"):
    """A service died twice on one fact and goes on without it."""

    service: str
    fact: int
    error: str


class SkipsCleared(Fact, tag="skips-cleared"):
    """A person saw the skipped facts; status is green again."""


# --- signals ---------------------------------------------------------------------------------


class Signal(msgspec.Struct, kw_only=True, tag_field="signal"):
    """Published through the ledger's hub and never stored."""

    by: str = ""


class Beat(Signal, tag="beat"):
    """A service is alive and has heard everything up to `seq`."""

    pid: int
    version: str
    ready: bool
    seq: int
    trouble: str = ""  # what it cannot do right now, in one line


class PaneState(Signal, tag="pane"):
    """What delivery knows of one peer's pane."""

    peer: str
    state: str  # starting, idle, busy, waiting, typing, dead
    reason: str = ""
    inbox: int = 0  # files in the inbox
    nudge: str = ""  # due, held: <reason>, sent 2 of 8, next in 90 s


AnySignal = Union[Beat, PaneState]

KINDS: Dict[str, Type[Fact]] = {str(cls.__struct_config__.tag): cls for cls in Fact.__subclasses__()}
AnyFact = Union[tuple(KINDS.values())]  # type: ignore[valid-type]  # built from the list above


class Body(TypedDict):
    """The three fields by which a fact names its body."""

    sha: str
    size: int
    text: str


Redact = Callable[[str], str]


def body(content: bytes, redact: Redact) -> Body:
    """Return the fields that describe `content`, whose bytes belong in `state/blobs`."""
    begin = content[: 4 * PREVIEW].decode("utf-8", "replace")
    whole = len(content) <= 4 * PREVIEW
    text = redact(begin if whole else redaction.without_part(begin))
    preview = text if whole and len(text) <= PREVIEW else text[: PREVIEW - 1] + "…"
    return Body(sha=hashlib.sha256(content).hexdigest(), size=len(content), text=preview)
