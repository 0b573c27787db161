"""What a bridge may still ask of its platform."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.platform import Later, Pace

PACE = Pace(every=0.0, per_minute=2, marks=1)


class Alone:
    """As much of a bridge as `Calls` uses."""

    name, via = "bridge-telegram", "telegram"

    def __init__(self) -> None:
        self.platform = self
        self.notices: dict[str, str] = {}
        self.woken = 0.0

    def pace(self, chat: str) -> Pace:
        return PACE

    def wake_in(self, seconds: float) -> None:
        self.woken = seconds

    def say(self, notice: f.Notice, id_: str) -> None:
        assert id_ not in self.notices
        self.notices[id_] = notice.text


def test_a_chat_gets_no_more_calls_in_a_minute_than_it_takes_and_the_user_is_told_once() -> None:
    bridge = Alone()
    calls = Calls(bridge)  # type: ignore[arg-type]  # as much of it as is used
    assert [calls.may("42", f"effect {n}") for n in range(6)] == [True] * 3 + [False] * 3
    assert calls.may("43", "effect 9")  # another chat has its own
    assert 59.0 < bridge.woken <= 60.0
    (text,) = bridge.notices.values()
    assert text == "telegram chat 42: 3 calls within a minute are the most it takes; the rest waits"


def test_what_the_platform_has_confirmed_is_not_asked_of_it_again() -> None:
    bridge = Alone()
    calls = Calls(bridge)  # type: ignore[arg-type]  # as much of it as is used
    assert calls.may("42", "post 1") and calls.may("42", "post 1")
    calls.confirm("post 1")
    assert not calls.may("42", "post 1")
    assert "post 1" in "".join(bridge.notices.values())


def test_a_platform_that_asks_for_no_wait_is_left_alone_for_a_second() -> None:
    assert Later(0.0).seconds == 1.0
