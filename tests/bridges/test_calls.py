"""What a bridge may still ask of its platform."""

from __future__ import annotations

from typing import cast

from cccc.common import facts as f
from cccc.common.worker import Worker
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.platform import Later, Pace

PACE = Pace(every=0.0, per_minute=2, marks=1)


class Alone:
    """As much of a service as `Calls` uses."""

    name = "bridge-telegram"

    def __init__(self) -> None:
        self.notices: dict[str, str] = {}
        self.woken = 0.0

    def wake_in(self, seconds: float) -> None:
        self.woken = seconds

    def say(self, notice: f.Notice, id_: str) -> None:
        assert id_ not in self.notices
        self.notices[id_] = notice.text


def test_a_chat_gets_no_more_calls_in_a_minute_than_it_takes_and_the_user_is_told_once() -> None:
    service = Alone()
    calls = Calls(cast(Worker, service), "telegram", lambda _: PACE)
    assert [calls.may("42", f"effect {n}") for n in range(6)] == [True] * 3 + [False] * 3
    assert calls.may("43", "effect 9")  # another chat has its own
    assert 59.0 < service.woken <= 60.0
    (text,) = service.notices.values()
    assert text == "telegram chat 42: 3 calls per minute are its limit; the rest waits"


def test_what_the_platform_has_confirmed_is_not_asked_of_it_again() -> None:
    service = Alone()
    calls = Calls(cast(Worker, service), "telegram", lambda _: PACE)
    assert calls.may("42", "post 1") and calls.may("42", "post 1")
    calls.confirm("post 1")
    assert not calls.may("42", "post 1")
    assert "post 1" in "".join(service.notices.values())


def test_a_platform_that_asks_for_no_wait_is_left_alone_for_a_second() -> None:
    assert Later(0.0).seconds == 1.0
