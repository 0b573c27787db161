"""Checks of turns: how they begin, end and fail, and that mail is taken between them and after a crash.

A check that misses raises Missed; it returns what it saw.
"""

from __future__ import annotations

import os
import signal
import time

from cccc.common import facts as f
from cccc.common.machine import tmux
from cccc.scripts.certify.flight import Flight, Missed
from cccc.scripts.certify.many import seconds
from cccc.scripts.model_server import Fail, Rule, Say
from cccc.services.delivery.panes import screen


def _long(word: str) -> Say:
    """Return a talk of ten seconds."""
    return Say(f"{word} " * 200, pause=0.05)


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
    _type_line(flight, "/compact")
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
    _type_line(flight, "/clear")
    time.sleep(1.0)
    accepted(flight)
    after = flight.await_(f.PeerSession, begin)[-1]
    if after.session == before:
        raise Missed("the session is still the same")
    return f"a new session, by {after.source}"


def resume(flight: Flight) -> str:
    """After a crash the CLI goes on with its session."""
    return _goes_on(flight, flight.pane().pid)


def resume_without_tmux(flight: Flight) -> str:
    """After a crash of tmux the CLI goes on with its session."""
    return _goes_on(flight, tmux.server_pid(flight.project))


def _goes_on(flight: Flight, killed: int) -> str:
    before = flight.said(f.PeerSession)[-1]
    begin = flight.last()
    os.kill(killed, signal.SIGKILL)
    flight.await_(f.PeerStarted, begin)
    accepted(flight)
    after = flight.await_(f.PeerSession, begin)[-1]
    if (after.session, after.source) != (before.session, "resume"):
        raise Missed(f"{after.source} {after.session}, not {before.session}")
    return "the same session"


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


def _type_line(flight: Flight, line: str) -> None:
    """Type a command of the CLI, as a person does."""
    flight.press("-l", line)
    flight.shows(line)
    time.sleep(0.5)
    flight.press("Enter")
