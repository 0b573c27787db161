"""What is checked of a kind of CLI, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

from cccc.common.text.plural import plural
from cccc.scripts.certify import dialogs, homes, turns
from cccc.scripts.certify.flight import Flight
from cccc.scripts.certify.many import many


class Check(NamedTuple):
    """A name for the table, and the flight that shows it."""

    name: str
    fly: Callable[[Flight], str]


def flights(kind: str, messages: int) -> Iterator[tuple[str, Sequence[Check]]]:
    """Return what is checked of a kind of CLI, by the manner in which it is started."""
    # Codex shows the whole talk above its composer, which stays what it is.
    talk = [Check("view of the talk", dialogs.pager)] if kind == "claude" else []
    yield (
        homes.UNATTENDED,
        (
            Check("started, message accepted", turns.started),
            Check("resume, tmux killed", turns.resume_without_tmux),  # a minute before the next: see delivery.resume
            Check("busy", turns.busy),
            Check("Esc by a person", turns.escape),
            Check("cccc stop", turns.stop),
            Check("draft", dialogs.draft),
            Check("menu", dialogs.menu),
            *talk,
            Check("error", turns.error),
            Check("limit", turns.limit),
            Check("login expired", turns.expired),
            Check("compaction", turns.compaction),
            Check("/clear", turns.cleared),
            Check("resume, CLI killed", turns.resume),
            Check("kills of delivery", turns.restarts),
            Check(plural(messages, "awkward message"), lambda flight: many(flight, messages)),
        ),
    )
    yield homes.ASKING, (Check("permission", dialogs.permission),)
    yield homes.NEW, (Check("first start", dialogs.questions),)
    if kind == "codex":  # Claude Code asks a server of its maker before it shows these
        yield homes.SIGNED_OUT, (Check("login", dialogs.waiting("login")),)
        yield homes.REVIEWING, (Check("hooks review", dialogs.waiting("hooks-review")),)
