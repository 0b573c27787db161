"""Checks of what a nudge must not touch: drafts, menus, dialogs, other views. What waits arrives once they are gone.

A check that misses raises Missed; it returns what it saw.
"""

from __future__ import annotations

import time
from typing import Callable

from cccc.common import facts as f
from cccc.scripts.certify import corpus
from cccc.scripts.certify.flight import Flight, Missed
from cccc.scripts.certify.many import open_menu
from cccc.scripts.model_server import Say
from cccc.services.delivery.panes import screen

_FIRST = {  # what a CLI asks at its first start in a folder, and the keys of a person who agrees
    "claude": (("trust", ("Down", "Enter")), ("bypass-warning", ("Down", "Enter"))),
    "codex": (("trust", ("Enter",)),),
}


def draft(flight: Flight) -> str:
    """What a person has typed stays theirs, and the nudge follows it."""
    flight.answers(Say("Done."))
    flight.press("-l", "half a thought")
    flight.shows("half a thought")
    flight.keep("draft")
    flight.press("M-Enter")
    flight.press("-l", "and more of it")
    flight.shows("and more of it")
    flight.keep("draft")
    flight.press(*["BSpace"] * (1 + len("and more of it")))
    flight.until(lambda: "and more of it" not in flight.screen(), 10.0, "the second line stays")
    begin = flight.last()
    flight.send("hello")
    held = flight.await_(f.NudgeHeld, begin)[0]
    time.sleep(1.0)
    if "half a thought" not in flight.screen() or flight.said(f.NudgeTyping, begin):
        raise Missed("the draft was touched")
    flight.press(*["BSpace"] * len("half a thought"))
    flight.await_(f.NudgeAccepted, begin)
    flight.await_(f.TurnEnd, begin)
    return held.reason


def menu(flight: Flight) -> str:
    """A menu that a person has opened is not answered by a nudge, nor a screen that is scrolled back."""
    flight.answers(Say("Done."))
    begin = flight.last()
    open_menu(flight)
    flight.keep("menu")
    flight.send("hello")
    held = flight.await_(f.NudgeHeld, begin)[0].reason
    time.sleep(2.0)
    if flight.view().state != screen.DIALOG or flight.said(f.NudgeTyping, begin):
        raise Missed("the menu was answered")
    flight.command("copy-mode")
    flight.keep("copy-mode")
    flight.command("send-keys", "-X", "cancel")
    flight.press("Escape")
    flight.await_(f.NudgeAccepted, begin)
    flight.await_(f.TurnEnd, begin)
    return held


def pager(flight: Flight) -> str:
    """The view of the whole talk, which a person has opened, is not typed into."""
    flight.answers(Say("Done."))
    begin = flight.last()
    flight.press("C-o")
    time.sleep(1.0)
    flight.keep("pager")
    flight.send("hello")
    held = flight.await_(f.NudgeHeld, begin)[0].reason
    time.sleep(2.0)
    if flight.said(f.NudgeTyping, begin):
        raise Missed("it was typed into")
    flight.press("C-o")
    flight.await_(f.NudgeAccepted, begin)
    flight.await_(f.TurnEnd, begin)
    return held


def permission(flight: Flight) -> str:
    """A question of the CLI is not answered by a nudge."""
    marker = flight.root / "answered"
    flight.answers(flight.shell(f"touch {marker} && curl -s http://127.0.0.1:9/"), Say("Done."))
    begin = flight.last()
    flight.send("ask me")
    flight.shows("Do you want to proceed", "Would you like to run")
    flight.send("meanwhile")
    flight.until(lambda: any("dialog" in held.reason for held in flight.said(f.NudgeHeld, begin)), 20.0, "not held")
    reason = flight.said(f.NudgeHeld, begin)[-1].reason
    flight.keep("permission")
    time.sleep(3.0)
    if marker.exists() or len(flight.said(f.NudgeTyping, begin)) > 1:
        raise Missed("the question was answered")
    flight.answers(Say("Done."))
    flight.press("Escape")
    flight.await_(f.NudgeAccepted, begin, 2, limit=30)
    return reason


def questions(flight: Flight) -> str:
    """What a CLI asks at its first start is not answered by a nudge, and what waits arrives once a person has."""
    flight.answers(Say("Done."))
    begin = flight.last()
    flight.send("hello")
    asked = []
    for shown, keys in _FIRST[flight.kind]:
        reason = corpus.SHOWN[shown].reason
        flight.until(lambda: flight.view().reason == reason, 20.0, f"no {shown}")  # noqa: B023
        time.sleep(1.0)
        flight.keep(shown)
        flight.until(lambda: reason in _held(flight, begin), 10.0, f"not held because of {shown}")  # noqa: B023
        flight.press(*keys)
        asked.append(shown)
    flight.await_(f.HandoffAccepted, begin, limit=30)
    return ", ".join(asked)


def waiting(shown: str) -> Callable[[Flight], str]:
    """Return the check that mail waits while a CLI shows a dialog from its start on."""

    def check(flight: Flight) -> str:
        reason = corpus.SHOWN[shown].reason
        begin = flight.last()
        flight.send("hello")
        flight.until(lambda: reason in _held(flight, begin), 20.0, f"not held because of {shown}")
        time.sleep(2.0)
        flight.keep(shown)
        if flight.view().reason != reason or flight.said(f.NudgeTyping, begin):
            raise Missed("it was answered")
        return reason

    return check


def _held(flight: Flight, begin: int) -> list[str]:
    return [held.reason for held in flight.said(f.NudgeHeld, begin)]
