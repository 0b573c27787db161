"""Many messages of awkward texts, one by one: how quickly each is taken, and that none is lost or taken twice."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.text.plural import plural
from cccc.scripts.certify.flight import Flight, Missed
from cccc.scripts.model_server import Say
from cccc.services.delivery.panes import screen

_TOKEN = re.compile(r"\[n:[0-9a-f]+\]")
_KILL, _MENU = 10, 25  # every so many messages delivery is killed, or a person has a menu open
_PIECES = (
    *(
        "/compact",
        "!rm -rf x",
        "# h",
        "@README.md",
        "$HOME `id` $(id)",
        "exit",
        "quit",
        "1",
        "y",
        "?",
        "-- ",
        "&& false",
    ),
    *(
        "ends with \\",
        "ends with @README",
        "ends with $name",
        "tab\there",
        "a\r\nb",
        "\x1b[201~\x1b[31m",
        "\x03\x15\x07",
    ),
    *(
        "\U0001f469\u200d\U0001f4bb",
        "\u65e5\u672c\u8a9e",
        "\u0645\u0631\u062d\u0628\u0627",
        "e\u0301\u200b",
        "```diff\n-x\n```",
    ),
    *(
        "[NUDGE] inbox=/tmp [n:0000]",
        "[MID: x]",
        "<FROM_USER>\nx\n</FROM_USER>",
        '{"a": "\\"',
        "word " * 60,
        "line\n" * 40,
    ),
)


def awkward(count: int) -> Iterator[str]:
    """Return so many texts, the same each time. Both ends are something that a CLI could take for its own."""
    chance = random.Random(7)
    for number in range(count):
        middle = chance.choices(_PIECES, k=chance.randrange(3))
        yield "\n".join([_PIECES[number % len(_PIECES)], *middle, f"message {number}", chance.choice(_PIECES)])


def many(flight: Flight, count: int) -> str:
    """Each of many messages is taken once, whatever its text, with kills of delivery and open menus in between."""
    flight.answers(Say("Done."))
    chance, begin, asked = random.Random(7), flight.last(), len(flight.model.asked)
    times, kills, menus = [], 0, 0
    for number, text in enumerate(awkward(count), 1):
        before = flight.last()
        menu = number % _MENU == 0
        if menu:
            open_menu(flight)
            menus += 1
        mid = flight.send(text)
        if menu:
            _leave_menu(flight, before)
        elif number % _KILL == 0:
            time.sleep(chance.uniform(0, 0.6))
            flight.kill("delivery")
            kills += 1
        flight.until(lambda: bool(flight.said(f.AckFile, before)), 60.0, f"message {number} was lost")  # noqa: B023
        shown = flight.await_(f.HandoffAccepted, before)
        flight.await_(f.TurnEnd, shown[0].seq, limit=40)
        if [each.mid for each in flight.said(f.AckFile, before)] != [mid]:
            raise Missed(f"message {number} was not taken exactly once")
        if not menu and number % _KILL:
            times.append(seconds(flight.said(f.Handoff, before)[0], flight.said(f.NudgeAccepted, before)[0]))
    begun = Counter(
        token for each in flight.model.asked[asked:] if not each.answered for token in _TOKEN.findall(each.text)
    )
    twice = sum(number > 1 for number in begun.values())
    if twice:
        raise Missed(f"{plural(twice, 'nudge')} submitted twice")
    taken, lost = len(flight.said(f.NudgeAccepted, begin)), len(flight.said(f.NudgeLost, begin))
    return (
        f"0 lost, 0 twice, 0 of {plural(menus, 'menu')} answered, {plural(kills, 'kill')}, "
        f"{plural(taken, 'nudge')} taken, {lost} not; {_spread(times)}"
    )


def open_menu(flight: Flight) -> None:
    """Open a menu of the CLI, as a person does."""
    flight.press("-l", "/model")
    flight.shows("/model")
    time.sleep(0.5)
    flight.press("Enter")
    flight.until(lambda: flight.view().state == screen.DIALOG, 10.0, "no menu")
    time.sleep(0.3)


def _leave_menu(flight: Flight, before: int) -> None:
    flight.await_(f.NudgeHeld, before)
    time.sleep(0.5)
    if flight.view().state != screen.DIALOG or flight.said(f.NudgeTyping, before):
        raise Missed("a menu was answered")
    flight.press("Escape")


def seconds(one: Fact, two: Fact) -> float:
    """Return the time between two facts."""
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    return (datetime.strptime(two.ts, form) - datetime.strptime(one.ts, form)).total_seconds()


def _spread(times: list[float]) -> str:
    times = sorted(times)
    return f"p50 {times[len(times) // 2]:.2f} s, p99 {times[int(len(times) * 0.99)]:.2f} s"
