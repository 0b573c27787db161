"""Following each patch through the gate, and telling its author what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Dict, List

import msgspec

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.paths import PEERS, other
from cccc.common.text import lockfiles
from cccc.common.text.plural import plural
from cccc.services.orchestrator.decision import Around, Said, Write

# ruff: noqa: UP006, UP035  # msgspec evaluates the annotations of State, on Python 3.9 too

_NOT_RUN = ("checks could not run", "lint could not run", "tests could not run")
_UNWANTED = ("dropped by the user", "rfd-")  # reasons of people; another patch would not help

_AGAIN = """ The patch itself is not judged yet.
Fix the command or what it needs, or tell the user; then `cccc patch retry {mid}` checks the same patch again.
Only if the patch is the cause, hand in a corrected one."""


class Queued(msgspec.Struct):
    """A patch that the gate has not settled yet: an entry of `queue.json`."""

    author: str = msgspec.field(name="from")
    mid: str
    source: str
    since: str
    stage: str = "queued"  # then checking, held, decision, approved, landing
    reason: str = ""
    reverts: str = ""  # the mid of the patch that it takes back
    because: str = ""


class State(msgspec.Struct):
    queue: List[Queued] = msgspec.field(default_factory=list)
    lines_told: List[str] = msgspec.field(default_factory=list)  # of the settings, that would allow what was refused
    tails: Dict[str, str] = msgspec.field(default_factory=dict)  # mid -> end of its last failed check
    skipped: Dict[str, List[str]] = msgspec.field(default_factory=dict)  # mid -> what did not check it, and why


# What the author, and after a landing both peers, are told.
decide: ByKind[Sequence[Said]] = ByKind(())


@decide.rule
def _inline(state: State, fact: f.ToPeer, around: Around) -> Sequence[Said]:
    return [_queue(fact, "inline", around.diff, around)] if around.diff else ()


@decide.rule
def _handed_in(state: State, fact: f.Patch, around: Around) -> Sequence[Said]:
    return [_queue(fact, "patch.diff", around.diff or around.body, around)]


def _queue(fact: f.ToPeer | f.Patch, source: str, patch: bytes, around: Around) -> Said:
    body = f.body(patch, around.redact)
    return Said(f.PatchQueued(author=fact.author, mid=fact.mid, source=source, **body), patch)


@decide.rule
def _queued(state: State, fact: f.PatchQueued, around: Around) -> Sequence[Said]:
    entry = Queued(fact.author, fact.mid, fact.source, fact.ts, reverts=fact.reverts, because=fact.because)
    entry.reason = f"reverts {fact.commit[:10]} ({fact.reverts})" if fact.reverts else ""
    state.queue.append(entry)
    return ()


@decide.rule
def _checked(state: State, fact: f.Lint | f.Test, around: Around) -> Sequence[Said]:
    _stage(state, fact.mid, "checking", f"{fact.kind} {fact.verdict}")
    if fact.verdict == "skipped":
        word, setting = ("not linted", "lint") if isinstance(fact, f.Lint) else ("untested", "tests")
        why = f"{word}: {fact.tail}; gate.{setting} in .cccc/settings/policies.yaml names a command"
        state.skipped[fact.mid] = [*(old for old in state.skipped.get(fact.mid, []) if old != why), why]
    elif fact.verdict != "green":
        state.tails[fact.mid] = f"$ {fact.command}\n{fact.tail}"
    return ()


@decide.rule
def _held(state: State, fact: f.PatchHeld, around: Around) -> Sequence[Said]:
    _stage(state, fact.mid, "held", fact.reason)
    whose = "This is not your patch; the user was asked. " if fact.asked else ""
    text = f"PATCH HELD {fact.mid}: {fact.reason}\n{whose}It stays queued and continues automatically."
    return [_tell(fact.author, fact, text, around.write)]


@decide.rule
def _waiting(state: State, fact: f.PatchWaiting, around: Around) -> Sequence[Said]:
    text = f"patch {fact.mid} of {fact.author} has been held since {fact.since}: {fact.reason}"
    return [Said(f.Notice(text=text, about=fact.mid))]


@decide.rule
def _needs_decision(state: State, fact: f.PatchNeedsDecision, around: Around) -> Sequence[Said]:
    _stage(state, fact.mid, "decision", fact.question)
    return ()


@decide.rule
def _answered(state: State, fact: f.RfdSettled, around: Around) -> Sequence[Said]:
    if fact.outcome == "approved":
        _stage(state, fact.mid, "approved", f"by {', '.join(fact.people)} ({fact.rfd_id})")
    return ()


@decide.rule
def _landing(state: State, fact: f.PatchLanding, around: Around) -> Sequence[Said]:
    _stage(state, fact.mid, "landing", "")
    return ()


@decide.rule
def _refused(state: State, fact: f.PatchReject, around: Around) -> Sequence[Said]:
    told = [_rejected(state, fact, fact.reason, state.tails.get(fact.mid, ""), around.write)]
    return [*told, *_of_the_setting(state, fact)]


@decide.rule
def _does_not_fit(state: State, fact: f.PatchPrecheckFail, around: Around) -> Sequence[Said]:
    return [_rejected(state, fact, f"it does not apply to commit {fact.base[:9]}", fact.stderr, around.write)]


@decide.rule
def _applied(state: State, fact: f.SettingsApplied, around: Around) -> Sequence[Said]:
    _settled(state, fact.mid)
    text = f"SETTINGS CHANGED {fact.mid}: {', '.join(fact.paths)}; services read them after `cccc restart`"
    told = [_tell(fact.author, fact, text, around.write)] if fact.author in PEERS else []
    return [*told, Said(f.Notice(text=text, about=fact.mid))]


@decide.rule
def _again(state: State, fact: f.PatchRetry | f.PatchRevert, around: Around) -> Sequence[Said]:
    queued = f.PatchQueued(
        author=fact.author if isinstance(fact, f.PatchRetry) else "User",
        mid=fact.mid,
        source=fact.source if isinstance(fact, f.PatchRetry) else "revert",
        sha=fact.sha,
        size=fact.size,
        text=fact.text,
        reverts=fact.reverts if isinstance(fact, f.PatchRetry) else fact.of,
        commit=fact.commit,
        because=fact.because,
    )
    return [Said(queued)]


@decide.rule
def _leftover(state: State, fact: f.LeftoverRemind, around: Around) -> Sequence[Said]:
    text = _leftovers(fact)
    return [around.write("System", peer, f"sys-{fact.seq}", text) for peer in PEERS]


@decide.rule
def _base_run(state: State, fact: f.BaseRun, around: Around) -> Sequence[Said]:
    reason = f"{fact.command} on {fact.base[:10]}, before its first patch; log: {fact.log}"
    state.queue.append(Queued("System", fact.mid, "base", fact.ts, "checking", reason))
    return ()


@decide.rule
def _base_drop(state: State, fact: f.BaseDrop, around: Around) -> Sequence[Said]:
    _settled(state, fact.mid)
    return ()


@decide.rule
def _base_test(state: State, fact: f.BaseTest, around: Around) -> Sequence[Said]:
    """Tell the user of tests that do not pass before any patch."""
    _settled(state, fact.mid)
    if fact.verdict not in ("red", "broken"):
        return ()
    where = f"{fact.base[:9]} on {fact.branch.removeprefix('refs/heads/')}, before any patch"
    word = "are red" if fact.verdict == "red" else "could not run"
    text = f"the tests {word} on {where} (`{fact.command}`): {fact.reason}"
    more = "" if len(fact.failing) >= (fact.failed or 0) else f" and {(fact.failed or 0) - len(fact.failing)} more"
    text += f"; failing: {', '.join(fact.failing)}{more}" if fact.failing else ""
    return [Said(f.Notice(text=text[: f.LONGEST_TEXT], about=fact.mid))]


def _rejected(state: State, fact: f.PatchReject | f.PatchPrecheckFail, reason: str, output: str, write: Write) -> Said:
    _settled(state, fact.mid)
    text = f"PATCH REJECTED {fact.mid}: {reason}\n"
    if output:
        text += f"\n```\n{output.strip()}\n```\n"
    text += "\nNothing in the repository was changed."
    if reason.startswith(_NOT_RUN):
        text += _AGAIN.format(mid=fact.mid)
    elif not reason.startswith(_UNWANTED):
        text += " Hand in a corrected patch."
    return _tell(fact.author, fact, text, write)


def _of_the_setting(state: State, fact: f.PatchReject) -> list[Said]:
    """Tell the user, once for each line, what the settings refuse and which line would allow it."""
    if not fact.allow or fact.allow in state.lines_told or fact.author not in PEERS:
        return []
    state.lines_told.append(fact.allow)
    text = f"a patch of {fact.author} was refused: {fact.reason}"
    return [Said(f.Notice(text=text[: f.LONGEST_TEXT], about=fact.mid))]


@decide.rule
def _landed(state: State, fact: f.PatchCommit, around: Around) -> Sequence[Said]:
    entry = next((entry for entry in state.queue if entry.mid == fact.mid and entry.reverts), None)
    skipped = state.skipped.get(fact.mid, [])
    _settled(state, fact.mid)
    tests = {None: "untested", True: "tests green", False: "tests red, not worse than before"}[fact.tests_ok]
    branch = fact.branch.removeprefix("refs/heads/")
    text = f"PATCH LANDED {fact.mid}: {fact.commit[:9]} on {branch}, {plural(fact.lines, 'line')}, {tests}\n"
    text += f"{fact.subject}\n" if fact.subject else ""
    if entry:
        text += f"It reverts {entry.reverts}{f': {entry.because}' if entry.because else ''}\n"
    text += "".join(f"{why}\n" for why in skipped)
    noted = lockfiles.note(fact.paths)
    text += f"Note: {noted}\n" if noted else ""
    text += "\n".join([*fact.paths[:20], *(f"note: {note}" for note in fact.notes)])
    peers = (fact.author, other(fact.author)) if fact.author in PEERS else (*PEERS, fact.author)
    told = [_tell(to, fact, text, around.write) for to in peers]
    if entry:
        told.append(
            Said(f.PatchReverted(mid=entry.reverts, revert=fact.mid, commit=fact.commit, because=entry.because))
        )
    return told


def _tell(
    to: str,
    fact: f.PatchHeld | f.PatchReject | f.PatchPrecheckFail | f.PatchCommit | f.SettingsApplied,
    text: str,
    write: Write,
) -> Said:
    """Tell a peer, or the user, what became of a patch."""
    if to in PEERS:
        return write("System", to, f"sys-{fact.seq}", text)
    return Said(f.Notice(text=text[: f.LONGEST_TEXT], about=fact.mid))


def _leftovers(fact: f.LeftoverRemind) -> str:
    more = f"\nand {fact.count - len(fact.paths)} more" if fact.count > len(fact.paths) else ""
    return (
        f"LEFTOVER EDITS since {fact.since}: these paths are changed in the work tree, outside any patch:\n"
        + "\n".join(fact.paths)
        + f"{more}\n\nIf you made them, hand them in as a patch or revert them. "
        "If the user made them, leave them as they are. They are never part of a commit of the gate."
    )


def _stage(state: State, mid: str, stage: str, reason: str) -> None:
    for entry in state.queue:
        if entry.mid == mid:
            entry.stage, entry.reason = stage, reason


def _settled(state: State, mid: str) -> None:
    state.queue = [entry for entry in state.queue if entry.mid != mid]
    state.tails.pop(mid, None)
    state.skipped.pop(mid, None)
