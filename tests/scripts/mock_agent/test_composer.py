from __future__ import annotations

from cccc.scripts.mock_agent.composer import Composer
from cccc.scripts.mock_agent.keys import Key


def composer(*keys: Key) -> Composer:
    made = Composer()
    for key in keys:
        made.edit(key)
    return made


def test_a_short_paste_is_shown_as_it_is() -> None:
    assert composer(Key("paste", "a\nb\nc\nd")).shown == "a\nb\nc\nd"


def test_a_long_paste_is_folded_and_sent_whole() -> None:
    text = "1\n2\n3\n4\n5"
    made = composer(Key("text", "see "), Key("paste", text), Key("paste", "x" * 801))
    assert made.shown == "see [Pasted text #1 +4 lines][Pasted text #2]"
    assert made.text == f"see {text}{'x' * 801}"


def test_backspace_takes_a_folded_paste_at_once() -> None:
    assert composer(Key("text", "a"), Key("paste", "x" * 900), Key("backspace")).text == "a"


def test_kill_takes_the_line_then_the_line_break() -> None:
    made = composer(Key("text", "one"), Key("newline"), Key("text", "two"), Key("kill"))
    assert made.text == "one\n"
    made.edit(Key("kill"))
    assert made.text == "one"
    made.edit(Key("kill"))
    assert made.text == ""
    made.edit(Key("kill"))
    assert made.text == ""


def test_the_cursor_moves_within_the_line() -> None:
    made = composer(Key("text", "one"), Key("newline"), Key("text", "two"), Key("home"), Key("text", "<"))
    assert made.shown_before_cursor == "one\n<"
    made.edit(Key("end"))
    made.edit(Key("left"))
    made.edit(Key("backspace"))
    assert made.text == "one\n<to"
    assert made.shown_before_cursor == "one\n<t"
