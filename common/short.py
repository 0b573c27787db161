"""A fact in one line, for a person, and its colour."""

from __future__ import annotations

import json
import re
from typing import Any, Callable

from cccc.common import facts as f
from cccc.common import ledger, lockfiles
from cccc.common.facts import Fact
from cccc.common.plural import plural
from cccc.common.status import FactLine

LONGEST = 160

# Of the fact `{0}`; kinds that are not here show their text or their reason.
_FORM: dict[type[Fact], str | Callable[[Any], str]] = {
    f.MailboxDiag: "{0.file} was read as {0.encoding}",
    f.MailboxRefused: "{0.file}: {0.reason}",
    f.IntakePaused: lambda fact: (
        f"{fact.free_mb} MB free, less than {fact.limit_mb} MB"
        if fact.free_files < 0
        else f"room for {fact.free_files} more files"
    ),
    f.IntakeResumed: "{0.free_mb} MB free",
    f.HandoffDelivered: "inbox {0.inbox_seq:06d}",
    f.AckFile: lambda fact: f"{'put away' if fact.unread else 'read'} {fact.inbox_seq:06d}",
    f.StartupInboxResume: lambda fact: f"{plural(fact.count, 'message')} of the last session",
    f.StartupInboxDiscard: lambda fact: (
        f"{plural(fact.count, 'message')} of the last session, {'archived' if fact.kept else 'discarded'} unread"
    ),
    f.NudgeTyping: "token {0.token}",
    f.Nudge: "attempt {0.attempt}, {0.waiting} waiting",
    f.NudgeBeside: "token {0.token}, by its {0.route}",
    f.NudgeAccepted: "token {0.token}, by its own hook",
    f.HandoffAccepted: "{0.inbox_seq:06d}, by its own hook ({0.tool})",
    f.NudgeUnanswered: lambda fact: f"{plural(fact.attempts, 'nudge')} without an answer",
    f.PeerStarted: "{0.command}",
    f.PeerAdopted: "in pane {0.pane}",
    f.PeerExited: lambda fact: fact.status if fact.planned else f"{fact.status}, again in {fact.again_s:.0f} s",
    f.PeerSession: "{0.source} {0.session}",
    f.LazyPreambleSent: "SYSTEM goes first",
    f.SelfCheck: "number {0.count}, after {0.every} more handoffs",
    f.Keepalive: "number {0.count}, after {0.minutes} min",
    f.ContextCompactTry: "with self-check {0.self_check_index}",
    f.ContextCompact: "{0.outcome}",
    f.ContextSystemReinject: "SYSTEM again, {0.chars} characters",
    f.Refresh: "SYSTEM again, by {0.who} ({0.via})",
    f.RawInput: "{0.text}, by {0.who} ({0.via})",
    f.RawTyping: "in pane {0.pane}",
    f.RawTyped: "{0.outcome}",
    f.PeerStop: "interrupt, by {0.who} ({0.via})",
    f.PeerStopped: "{0.outcome}",
    f.TurnEnd: "{0.outcome} {0.reason}",
    f.PatchBranch: "for {0.branch}",
    f.PatchPrecheckFail: "{0.stderr}",
    f.Lint: "{0.verdict} {0.command} ({0.seconds:.1f} s) {0.isolated}",
    f.Test: "{0.verdict} {0.command} ({0.seconds:.1f} s) {0.isolated}",
    f.PatchLanding: "{0.new:.10} on {0.branch}",
    f.PatchCommit: lambda fact: (
        f"{fact.commit:.10}, {plural(fact.lines, 'line')} in {fact.seconds:.1f} s"
        + "".join(f"; {note}" for note in (lockfiles.note(fact.paths),) if note)
    ),
    f.PatchRetry: "again, as {0.mid}, what {0.of} was",
    f.EvidenceCard: "{0.text}",
    f.EvidenceValidate: "{0.verdict} {0.title} ({0.log_ref})",
    f.EvidenceInvalid: "{0.reason}",
    f.PatchRevert: lambda fact: f"revert {fact.commit:.10} of {fact.of}" + because(fact),
    f.PatchReverted: lambda fact: f"reverted by {fact.revert} as {fact.commit:.10}" + because(fact),
    f.PatchDrop: "dropped by the user",
    f.BaseRun: "{0.command} on {0.base:.10}",
    f.BaseTest: "{0.verdict} {0.command} on {0.base:.10} ({0.seconds:.1f} s) {0.reason}",
    f.BaseDrop: lambda fact: fact.reason or "dropped by the user",
    f.GateChecks: "lint: {0.linted_by}; tests: {0.tested_by}",
    f.BaseAgain: "the tests of what is checked out",
    f.BaseNeedsDecision: "{0.question}",
    f.BaseAccepted: lambda fact: f"{_accepted(fact)}, by {fact.rfd_id}",
    f.BaseForgotten: lambda fact: f"{_accepted(fact)} no more: {fact.reason or 'taken back by the user'}",
    f.BranchMoved: "{0.branch} {0.old:.10} → {0.new:.10}",
    f.LeftoverEdits: lambda fact: f"{plural(fact.count, 'path')} changed that no patch handed in",
    f.LeftoverRemind: lambda fact: f"{plural(fact.count, 'path')} changed that no patch handed in",
    f.PatchNeedsDecision: "{0.why}: {0.question}",
    f.Rfd: "{0.rfd_id}: {0.title}",
    f.Decision: "{0.rfd_id}: {0.decision} by {0.who} ({0.via}) {0.text}",
    f.DecisionCounted: "{0.rfd_id}: {0.decision} by {0.who}, {0.missing} more needed",
    f.DecisionRefused: "{0.rfd_id}: {0.decision} by {0.who} ({0.via}): {0.reason}",
    f.RfdQuestion: "{0.rfd_id}: {0.who} asks: {0.text}",
    f.RfdExpired: "{0.rfd_id}",
    f.RfdSettled: "{0.rfd_id}: {0.outcome} {0.choice}",
    f.RfdCheck: "{0.rfd_id}: {0.choice}?",
    f.SettingsApplying: "{0.paths}",
    f.SettingsApplied: "{0.paths}",
    f.BridgeStarted: "{0.via}, {0.reset}",
    f.ChatSubscribed: "{0.via} {0.chat} {0.title} ({0.how})",
    f.ChatUnsubscribed: "{0.via} {0.chat}: {0.reason}",
    f.ChatMoved: "{0.via} {0.chat} is {0.to} now",
    f.ChatCommand: "{0.text}, by {0.who} ({0.via})",
    f.ChatTold: "{0.who} ({0.via} {0.chat}): {0.text}",
    f.ChatPosting: "facts {0.about} to {0.via} {0.chat}",
    f.ChatPosted: "facts {0.about} are in {0.via} {0.chat} as {0.message}",
    f.ChatFailed: "facts {0.about} to {0.via} {0.chat}: {0.reason}",
    f.ChatMarked: "{0.mark} {0.reason}",
    f.FilterSwitched: lambda fact: f"{'on' if fact.on else 'off'}, by {fact.who} ({fact.via})",
    f.ShowPeers: lambda fact: f"{'on' if fact.on else 'off'}, by {fact.who} ({fact.via})",
    f.FileOut: "{0.name}, {0.size} bytes ({0.mime})",
    f.FileSent: "{0.name} is in {0.chats}",
    f.FileRefused: "{0.name}: {0.reason}",
    f.LedgerRepaired: lambda fact: f"{plural(fact.bytes, 'torn byte')} kept in {fact.kept}",
    f.LedgerArchived: "facts {0.first} to {0.last}",
    f.LedgerRestored: lambda fact: f"kept what stood there: {fact.kept}" if fact.kept else "",
    f.LedgerDiffers: "{0.reason}",
    f.LedgerAccepted: "the one that ended at {0.old_seq}, by {0.who}: {0.because}",
    f.BodyForgotten: "{0.sha:.12}, by {0.who}: {0.why}",
    f.FactSkipped: "fact {0.fact}: {0.error}",
    f.SkipsCleared: "the skipped facts were seen",
}
_COLOURS: dict[str, tuple[type[Fact], ...]] = {
    "red": (
        *(
            f.PatchReject,
            f.PatchPrecheckFail,
            f.MailboxRefused,
            f.HandoffDrop,
            f.DecisionRefused,
            f.NudgeLost,
            f.NudgeUnanswered,
        ),
        *(f.PeerExited, f.PeerLimit, f.PeerLogin, f.PeerBlocked, f.FactSkipped, f.LedgerRepaired, f.LedgerDiffers),
    ),
    "green": (f.PatchCommit, f.SettingsApplied, f.AckFile, f.NudgeAccepted, f.HandoffAccepted),
    "yellow": (
        f.PatchReverted,
        f.Rfd,
        f.RfdExpired,
        *(f.PatchNeedsDecision, f.BaseNeedsDecision),
        f.PatchHeld,
        f.NudgeHeld,
        f.Notice,
        f.MailboxDiag,
    ),
    "cyan": (f.Decision, f.RfdQuestion, f.RfdSettled, f.UserMessage, f.ToPeer, f.ToUser, f.Patch, f.Handoff),
}
_ENVELOPE = re.compile(r"</?(?:FROM|TO)_\w+>|\[MID: [^\]]*\]")


def one_line(text: str) -> str:
    """Return the text in one line of at most `LONGEST` characters, without control characters."""
    line = " ".join(text[: 4 * LONGEST].split())
    if not line.isprintable():
        line = "".join(char if char.isprintable() else "·" for char in line)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _accepted(fact: f.BaseAccepted | f.BaseForgotten) -> str:
    return f"known to fail on {fact.machine}: {', '.join(fact.names)}" if fact.names else "patches may land untested"


def because(fact: f.PatchRevert | f.PatchReverted) -> str:
    """Return why a patch was reverted, to stand behind that it was."""
    return f": {fact.because}" if fact.because else ""


def line_of(fact: Fact) -> FactLine:
    """Return the fact's short form."""
    return FactLine(fact.seq, fact.ts, fact.kind, _who(fact), one_line(text_of(fact)))


def text_of(fact: Fact) -> str:
    """Return what the short form of a fact is cut from."""
    return _ENVELOPE.sub(" ", _text(fact))


def tell(raw: bytes) -> FactLine:
    """Return the short form of a ledger line, also of a kind that only a newer version knows."""
    fact = ledger.decode(raw)
    if fact:
        return line_of(fact)
    line = json.loads(raw)
    return FactLine(line["seq"], line["ts"], line["kind"], line["by"], "")


def colour(raw: bytes) -> str | None:
    """Return the colour of a ledger line."""
    fact = ledger.decode(raw)
    if isinstance(fact, f.EvidenceValidate):
        return "green" if fact.verdict == "pass" else "red"
    if isinstance(fact, f.PeerExited) and fact.planned:
        return None
    if isinstance(fact, (f.Lint, f.Test, f.BaseTest)):
        return {"green": "green", "skipped": None}.get(fact.verdict, "red")
    return next((name for name, kinds in _COLOURS.items() if isinstance(fact, kinds)), None)


def _text(fact: Fact) -> str:
    form = _FORM.get(type(fact))
    if form is None:
        return getattr(fact, "text", "") or getattr(fact, "reason", "")
    return form.format(fact) if isinstance(form, str) else form(fact)


def _who(fact: Fact) -> str:
    ends = [getattr(fact, name, "") for name in ("author", "to")]
    if any(ends):
        return "→".join(ends) if ends[1] else ends[0]
    if isinstance(fact, f.UserMessage):
        return "User"
    return str(getattr(fact, "peer", "") or getattr(fact, "service", "") or fact.by)
