"""The facts that say what becomes of a patch. Pure."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.text import redaction
from cccc.common.text.lines import moment
from cccc.services.evidence.queue import Open
from cccc.services.evidence.reading import change
from cccc.services.evidence.trial import Ready


def held(patch: Open, reason: str, asked: bool = False) -> f.PatchHeld:
    """Return that it waits. `asked`: for the user, who is told."""
    shown = redaction.default.redact(reason)[: f.LONGEST_TEXT]
    return f.PatchHeld(author=patch.author, mid=patch.mid, reason=shown, asked=asked)


def waiting(patch: Open) -> f.PatchWaiting:
    """Return, for the user, that it is held."""
    return f.PatchWaiting(author=patch.author, mid=patch.mid, reason=patch.held, since=patch.held_since)


def unwanted(patch: Open) -> f.PatchReject:
    """Return that people want it no more."""
    reason = patch.over[: f.LONGEST_TEXT]
    return f.PatchReject(author=patch.author, mid=patch.mid, reason=reason, lines=patch.lines)


def landing(patch: Open, ready: Ready) -> f.PatchLanding:
    """Return that it is about to land."""
    return f.PatchLanding(
        author=patch.author,
        mid=patch.mid,
        branch=ready.landing.branch,
        old=ready.landing.old,
        new=ready.landing.new,
        paths=change.shown(ready.paths),
        lines=ready.lines,
        notes=ready.notes,
        subject=ready.subject,
    )


def landed(patch: Open, now: float) -> Fact:
    """Return that it has landed as was announced. `now` is the Unix time."""
    assert patch.landing
    test = patch.test if patch.test and patch.test.base == patch.landing.old else None
    return f.PatchCommit(
        author=patch.author,
        mid=patch.mid,
        source=patch.source,
        lines=patch.lines,
        paths=patch.paths,
        notes=patch.notes,
        subject=patch.subject,
        branch=patch.landing.branch,
        commit=patch.landing.new,
        tests_ok=None if test is None or test.verdict == "skipped" else test.verdict == "green",
        seconds=round(max(0.0, now - moment(patch.ts).timestamp()), 3),
    )
