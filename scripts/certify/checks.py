"""What is checked of a CLI, one function each. A check that misses raises Missed; it returns what it measured."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime
from typing import Callable, NamedTuple

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.plural import plural
from cccc.scripts.certify.flight import Flight, Missed
from cccc.scripts.model_server import Fail, Say


def _long(word: str) -> Say:
    """Return a talk of ten seconds."""
    return Say(f"{word} " * 200, pause=0.05)


class Check(NamedTuple):
    """A name for the table, and the flight that shows it."""

    name: str
    fly: Callable[[Flight], str]


def accepted(flight: Flight) -> str:
    """A message is typed, taken and given to the model."""
    flight.answers(Say("Done."))
    begin = flight.last()
    mid = flight.send("hello")
    shown = flight.await_(f.HandoffAccepted, begin)
    flight.await_(f.TurnEnd, shown[0].seq)
    if [each.mid for each in flight.said(f.HandoffAccepted, begin)] != [mid]:
        raise Missed("another message was taken")
    return f"{_seconds(flight.said(f.Handoff, begin)[0], shown[0]):.2f} s to the model"


def busy(flight: Flight) -> str:
    """Mail that comes while a turn runs waits for its end, and the turn is not cut off."""
    flight.answers(_long("blah"))
    begin = flight.last()
    flight.send("talk long")
    flight.shows("blah blah")
    flight.answers(Say("Done."))
    flight.send("meanwhile")
    held = flight.await_(f.NudgeHeld, begin)[0]
    ends = flight.await_(f.TurnEnd, begin, 2)
    if flight.said(f.NudgeTyping, begin)[1].seq < ends[0].seq or ends[0].outcome != "done":
        raise Missed("typed into a running turn")
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
    accepted(flight)
    return f"{end.outcome}: {end.reason}"


def limit(flight: Flight) -> str:
    """A usage limit is a fact."""
    kind = "rate_limit_error" if flight.kind == "claude" else "usage_limit_reached"
    flight.answers(Fail(429, "You have hit your usage limit. Try again at 3pm.", kind))
    begin = flight.last()
    flight.send("fail")
    return flight.await_(f.PeerLimit, begin, limit=40)[0].text


def compaction(flight: Flight) -> str:
    """After `/compact` the pane is idle again, and the next message arrives."""
    flight.press("-l", "/compact")
    flight.shows("/compact")
    time.sleep(0.5)
    flight.press("Enter")
    time.sleep(3.0)
    return accepted(flight)


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
    time.sleep(3.0)
    if marker.exists() or len(flight.said(f.NudgeTyping, begin)) > 1:
        raise Missed("the question was answered")
    flight.answers(Say("Done."))
    flight.press("Escape")
    flight.await_(f.NudgeAccepted, begin, 2, limit=30)
    return reason


def many(flight: Flight, count: int) -> str:
    """Each of many messages is taken, once."""
    flight.answers(Say("Done."))
    begin = flight.last()
    times = []
    for number in range(count):
        before = flight.last()
        mid = flight.send(f"message {number}\n/compact\n!rm -rf x\n@README.md exit \\")
        flight.await_(f.TurnEnd, before, limit=40)
        taken, handoff = flight.said(f.NudgeAccepted, before), flight.said(f.Handoff, before)[0]
        if [each.mid for each in flight.said(f.HandoffAccepted, before)] != [mid] or len(taken) != 1:
            raise Missed(f"message {number} was not taken exactly once")
        times.append(_seconds(handoff, taken[0]))
    times.sort()
    lost = len(flight.said(f.NudgeLost, begin))
    half, most = times[count // 2], times[int(count * 0.99)]
    return f"{count}, p50 {half:.2f} s, p99 {most:.2f} s, {plural(lost, 'nudge')} again"


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


def _seconds(one: Fact, two: Fact) -> float:
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    return (datetime.strptime(two.ts, form) - datetime.strptime(one.ts, form)).total_seconds()


ORDINARY = (
    Check("started, message accepted", accepted),
    Check("busy", busy),
    Check("Esc by a person", escape),
    Check("cccc stop", stop),
    Check("draft", draft),
    Check("error", error),
    Check("compaction", compaction),
    Check("resume", resume),
    Check("kills of delivery", restarts),
)
ASKING = (Check("permission", permission),)
LAST = (Check("limit", limit),)  # nothing is typed for a while after it
