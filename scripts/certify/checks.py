"""What is checked of a CLI, one function each. A check that misses raises Missed; it returns what it measured."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

from cccc.common import facts as f
from cccc.common.plural import plural
from cccc.scripts.certify import corpus, homes
from cccc.scripts.certify.flight import Flight, Missed
from cccc.scripts.certify.many import many, open_menu, seconds
from cccc.scripts.model_server import Fail, Rule, Say
from cccc.services.delivery import screen


def _long(word: str) -> Say:
    """Return a talk of ten seconds."""
    return Say(f"{word} " * 200, pause=0.05)


class Check(NamedTuple):
    """A name for the table, and the flight that shows it."""

    name: str
    fly: Callable[[Flight], str]


def started(flight: Flight) -> str:
    """The first message to a CLI that was just started is taken."""
    flight.until(lambda: flight.view().state == screen.IDLE, 20.0, "no empty composer")
    flight.keep("idle")
    return accepted(flight)


def accepted(flight: Flight) -> str:
    """A message is typed, taken and given to the model."""
    flight.answers(Say("Done."))
    begin = flight.last()
    mid = flight.send("hello")
    shown = flight.await_(f.HandoffAccepted, begin)
    flight.await_(f.TurnEnd, shown[0].seq)
    if [each.mid for each in flight.said(f.HandoffAccepted, begin)] != [mid]:
        raise Missed("another message was taken")
    return f"{seconds(flight.said(f.Handoff, begin)[0], shown[0]):.2f} s to the model"


def busy(flight: Flight) -> str:
    """Mail that comes while a turn runs waits for its end, and the turn is not cut off."""
    flight.answers(flight.shell("sleep 2; echo slept"), _long("blah"))
    begin = flight.last()
    flight.send("talk long")
    flight.shows("sleep 2")
    flight.keep("busy")
    flight.shows("blah blah")
    flight.keep("busy")
    time.sleep(2.0)
    flight.keep("busy")
    flight.answers(Say("Done."))
    flight.send("meanwhile")
    held = flight.await_(f.NudgeHeld, begin)[0]
    ends = flight.await_(f.TurnEnd, begin, 2)
    if flight.said(f.NudgeTyping, begin)[1].seq < ends[0].seq or ends[0].outcome != "done":
        raise Missed("typed into a running turn")
    _calm(flight, "idle")
    return held.reason


def escape(flight: Flight) -> str:
    """A person's Esc ends the turn, and the next message arrives."""
    flight.answers(_long("word"))
    begin = flight.last()
    flight.send("talk long")
    flight.shows("word word")
    flight.press("Escape")
    outcome = flight.await_(f.TurnEnd, begin)[0].outcome
    if outcome == "done":
        raise Missed("the turn went on")
    _calm(flight, "idle")
    accepted(flight)
    return outcome


def stop(flight: Flight) -> str:
    """`cccc stop` ends the turn."""
    flight.answers(_long("talk"))
    flight.send("talk long")
    flight.shows("talk talk")
    said = flight.stop().partition(": ")[2]
    if said != "interrupted":
        raise Missed(said)
    accepted(flight)
    return said


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


def error(flight: Flight) -> str:
    """A turn that fails is over, and the next message arrives."""
    flight.answers(Fail(400, "it cannot be done"))
    begin = flight.last()
    flight.send("fail")
    end = flight.await_(f.TurnEnd, begin, limit=40)[0]
    _calm(flight, "error")
    accepted(flight)
    return f"{end.outcome}: {end.reason}"


def limit(flight: Flight) -> str:
    """A usage limit is a fact, and after a while the next message arrives."""
    kind = "rate_limit_error" if flight.kind == "claude" else "usage_limit_reached"
    resets = {"resets_at": int(time.time()) + 3600}
    flight.answers(Fail(429, "You have hit your usage limit. Try again at 3pm.", kind, resets))
    begin = flight.last()
    flight.send("fail")
    told = flight.await_(f.PeerLimit, begin, limit=40)[0]
    _calm(flight, "limit")
    accepted(flight)
    return f"{told.text} (resets: {told.resets})"


def expired(flight: Flight) -> str:
    """A login that has expired is a fact, and after a while the next message arrives."""
    kind = "authentication_error" if flight.kind == "claude" else "unauthorized"
    flight.answers(Fail(401, "Your login has expired.", kind))
    begin = flight.last()
    flight.send("fail")
    told = flight.await_(f.PeerLogin, begin, limit=60)[0]
    _calm(flight, "error")
    accepted(flight)
    return told.text


def compaction(flight: Flight) -> str:
    """`/compact` is a running turn, and after it the next message arrives."""
    flight.model.rules = [Rule(".", lambda _found, _seen: [Say("summary " * 40, pause=0.05)] * 50)]
    type_line(flight, "/compact")
    flight.until(lambda: flight.view().state == screen.BUSY, 10.0, "no compaction")
    time.sleep(0.5)
    flight.keep("compaction")
    flight.until(lambda: flight.view().state == screen.IDLE, 30.0, "no end of it")
    _calm(flight, "compacted")
    return accepted(flight)


def cleared(flight: Flight) -> str:
    """After `/clear` the session is another one, and the next message arrives."""
    before = flight.said(f.PeerSession)[-1].session
    begin = flight.last()
    type_line(flight, "/clear")
    time.sleep(1.0)
    accepted(flight)
    after = flight.await_(f.PeerSession, begin)[-1]
    if after.session == before:
        raise Missed("the session is still the same")
    return f"a new session, by {after.source}"


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


def resume(flight: Flight) -> str:
    """After a crash the CLI goes on with its session."""
    before = flight.said(f.PeerSession)[-1]
    begin = flight.last()
    os.kill(flight.pane().pid, signal.SIGKILL)
    flight.await_(f.PeerStarted, begin)
    accepted(flight)
    after = flight.await_(f.PeerSession, begin)[-1]
    if (after.session, after.source) != (before.session, "resume"):
        raise Missed(f"{after.source} {after.session}, not {before.session}")
    return "the same session"


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


def restarts(flight: Flight) -> str:
    """A message is taken once, whatever delivery was about to do when it was killed."""
    flight.answers(Say("Done."))
    begin = flight.last()
    pauses = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    for pause in pauses:
        before = flight.last()
        mid = flight.send(f"killed after {pause} s")
        time.sleep(pause)
        flight.kill("delivery")
        shown = flight.await_(f.HandoffAccepted, before, limit=40)
        flight.await_(f.TurnEnd, shown[0].seq)
        if [each.mid for each in flight.said(f.HandoffAccepted, before)] != [mid]:
            raise Missed("it was not taken exactly once")
    return f"{len(pauses)} kills, {len(flight.said(f.NudgeAccepted, begin))} nudges taken"


def _calm(flight: Flight, shown: str) -> None:
    """Keep the screen after a turn, drawn to its end."""
    time.sleep(1.0)
    flight.keep(shown)


def type_line(flight: Flight, line: str) -> None:
    """Type a command of the CLI, as a person does."""
    flight.press("-l", line)
    flight.shows(line)
    time.sleep(0.5)
    flight.press("Enter")


_FIRST = {  # what a CLI asks at its first start in a folder, and the keys of a person who agrees
    "claude": (("trust", ("Down", "Enter")), ("bypass-warning", ("Down", "Enter"))),
    "codex": (("trust", ("Enter",)),),
}


def flights(kind: str, messages: int) -> Iterator[tuple[str, Sequence[Check]]]:
    """Return what is checked of a kind of CLI, by the manner in which it is started."""
    yield (
        homes.UNATTENDED,
        (
            Check("started, message accepted", started),
            Check("busy", busy),
            Check("Esc by a person", escape),
            Check("cccc stop", stop),
            Check("draft", draft),
            Check("menu", menu),
            *([Check("view of the talk", pager)] if kind == "claude" else []),  # Codex shows it above the composer
            Check("error", error),
            Check("limit", limit),
            Check("login expired", expired),
            Check("compaction", compaction),
            Check("/clear", cleared),
            Check("resume", resume),
            Check("kills of delivery", restarts),
            Check(plural(messages, "awkward message"), lambda flight: many(flight, messages)),
        ),
    )
    yield homes.ASKING, (Check("permission", permission),)
    yield homes.NEW, (Check("first start", questions),)
    if kind == "codex":  # Claude Code asks a server of its maker before it shows these
        yield homes.SIGNED_OUT, (Check("login", waiting("login")),)
        yield homes.REVIEWING, (Check("hooks review", waiting("hooks-review")),)
