"""Whom a line of a chat is for."""

from __future__ import annotations

import pytest

from cccc.common.settings.chat import DirectMessages, Routing, Telegram
from cccc.services.bridges.routing import Answered, Reading, Routed, Typed, Unaddressed, read

RULES = Telegram()


def group(text: str, rules: Telegram = RULES, mentioned: bool = False, plain_words: bool = False) -> Reading:
    return read(text, rules, "pair_bot", direct=False, mentioned=mentioned, plain_words=plain_words)


def direct(text: str, rules: Telegram = RULES) -> Reading:
    return read(text, rules, "pair_bot", direct=True, mentioned=False)


@pytest.mark.parametrize(
    "text",
    [
        "a: do it",
        "A\uff1a do it",
        "a:do it",
        "/a do it",
        "/a@pair_bot do it",
        "@pair_bot a: do it",
        "@Pair_Bot, /A do it",
    ],
)
def test_a_route_is_understood_in_all_its_forms(text: str) -> None:
    assert group(text) == Routed("a", "do it", True)
    assert direct(text) == Routed("a", "do it", True)


def test_talk_among_people_is_nobodys_business() -> None:
    for text in ("lunch?", "both of us: no", "abc: no", "about /a thing", "/a@other_bot do it", "http://a: b"):
        assert group(text) == Unaddressed(), text


def test_who_mentions_the_bot_without_a_route_gets_a_hint() -> None:
    reading = group("@pair_bot what now?")
    assert isinstance(reading, Unaddressed) and "a: b: or both:" in reading.hint


def test_a_prefix_that_is_no_route_is_told_where_the_line_is_for_the_bot() -> None:
    assert direct("c: foo") == Routed("both", "c: foo", False, "c:")
    assert direct("note: foo") == Routed("both", "note: foo", False)
    assert direct("a: c: foo") == Routed("a", "c: foo", True)
    assert group("c: foo") == Unaddressed()
    reading = group("@pair_bot c: foo")
    assert isinstance(reading, Unaddressed) and reading.hint.startswith("unknown recipient `c:`, not sent: start ")


def test_a_direct_chat_has_its_own_route_for_lines_without_one() -> None:
    assert direct("hello") == Routed("both", "hello", False)
    assert direct("hello", Telegram(dm=DirectMessages(route_default="b"))) == Routed("b", "hello", False)
    assert direct("/usr/lib is full") == Routed("both", "/usr/lib is full", False)


def test_a_group_can_do_without_routes() -> None:
    rules = Telegram(default_route="a", routing=Routing(require_explicit=False))
    assert group("hello", rules) == Routed("a", "hello", False)


def test_a_mention_can_be_demanded_but_not_for_commands() -> None:
    rules = Telegram(routing=Routing(require_mention=True))
    assert group("a: hello", rules) == Unaddressed()
    assert group("/a hello", rules) == Unaddressed()
    assert group("/a@pair_bot hello", rules) == Routed("a", "hello", True)
    assert group("a: hello", rules, mentioned=True) == Routed("a", "hello", True)
    assert group("/status", rules) == Typed("status", "")


def test_prefixes_can_be_turned_off_and_slashes_stay() -> None:
    rules = Telegram(routing=Routing(allow_prefix=False))
    assert group("a: hello", rules) == Unaddressed()
    assert group("/a hello", rules) == Routed("a", "hello", True)


def test_a_command_is_one_with_and_without_the_bots_name() -> None:
    for text in ("/rfd list", "/RFD@pair_bot list", "@pair_bot /rfd list"):
        assert group(text) == Typed("rfd", "list"), text
    assert group("/rfd@other_bot list") == Unaddressed()


def test_plain_words_are_commands_only_to_the_bot_and_only_as_commands() -> None:
    assert group("status", plain_words=True) == Unaddressed()
    assert group("status", plain_words=True, mentioned=True) == Typed("status", "")
    assert group("showpeers off", plain_words=True, mentioned=True) == Typed("showpeers", "off")
    sentence = group("status of the login test please", plain_words=True, mentioned=True)
    assert isinstance(sentence, Unaddressed)


def test_a_line_for_the_program_is_answered_in_a_direct_chat_and_goes_to_nobody() -> None:
    for text in ("help", "?", "cccc help", "/start"):
        assert direct(text) == Typed("help", ""), text
    assert direct("cccc status") == Typed("status", "")
    for text in ("exit", ":q", "cccc rfd approve x", "/unknown thing", "status", "/q"):
        assert isinstance(direct(text), Answered), text
    assert direct("help me fix the parser") == Routed("both", "help me fix the parser", False)
    assert direct("a: help") == Routed("a", "help", True)


def test_a_line_for_the_program_is_answered_where_it_would_reach_the_peers() -> None:
    assert group("help") == Unaddressed() == group("/unknown")
    assert group("@pair_bot help") == Typed("help", "")
    assert isinstance(group("/unknown@pair_bot"), Answered)
    free = Telegram(routing=Routing(require_explicit=False))
    assert isinstance(group("exit", free), Answered)
