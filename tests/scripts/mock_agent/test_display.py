from __future__ import annotations

import itertools

import pytest

from cccc.scripts.mock_agent.dialog import Dialog, permission, trust
from cccc.scripts.mock_agent.display import PROMPT, View, cells, fold, layout
from cccc.scripts.mock_agent.keys import Key


def test_an_empty_composer_has_its_cursor_in_column_2_of_the_prompt_row() -> None:
    frame = layout(View(footer="foot"), 40, 10)
    assert [row.text for row in frame.rows[-4:]] == ["─" * 40, PROMPT, "─" * 40, "foot"]
    assert (frame.x, frame.y) == (2, 7)


def test_the_composer_grows_with_its_lines() -> None:
    frame = layout(View(draft="one\ntwo\nthree", draft_before_cursor="one\ntw"), 40, 10)
    assert [row.text for row in frame.rows[-5:-2]] == [f"{PROMPT}one", "  two", "  three"]
    assert (frame.x, frame.y) == (4, 6)


def test_the_cursor_goes_to_the_next_row_when_one_is_full() -> None:
    frame = layout(View(draft="a" * 18, draft_before_cursor="a" * 18), 20, 10)
    assert (frame.x, frame.y) == (2, 7)
    assert [row.text for row in frame.rows[-4:-2]] == [PROMPT + "a" * 18, "  "]


def test_wide_characters_take_two_columns() -> None:
    assert fold("漢字漢字", 5) == ["漢字", "漢字"]
    frame = layout(View(draft="漢e\u0301", draft_before_cursor="漢e\u0301"), 40, 10)
    assert frame.x == 5


def test_text_folds_at_blanks() -> None:
    assert fold("one two three", 8, at_blanks=True) == ["one two", "three"]
    assert fold("  indented_and_long", 8, at_blanks=True) == ["  indent", "ed_and_l", "ong"]


@pytest.mark.parametrize("dialog", [None, trust("/a"), permission("/a")])
@pytest.mark.parametrize("draft", ["", "x" * 300, "漢\n" * 50])
def test_every_size_gives_a_whole_frame(draft: str, dialog: Dialog | None) -> None:
    view = View(["said 漢字 " * 9], draft, draft, ["queued"], "spinner", "footer", dialog)
    for width, height in itertools.product([1, 2, 3, 20, 200], range(1, 9)):
        frame = layout(view, width, height)
        assert len(frame.rows) == height
        assert 0 <= frame.y < height
        if width > 6:
            assert all(cells(row.text) <= width for row in frame.rows)
            assert frame.x < width


def test_a_dialog_never_has_the_cursor_where_the_composer_has_it() -> None:
    asked = permission("/a")
    asked.press(Key("down"))
    frame = layout(View(dialog=asked), 60, 12)
    assert frame.x == 1
    assert frame.rows[frame.y].text.startswith(" ❯ 2. Yes, and")


def test_enter_gives_the_highlighted_answer() -> None:
    assert permission("/a").press(Key("enter")) is True
    assert trust("/a").press(Key("enter")) is False
    assert trust("/a").press(Key("text", "2")) is True
    assert permission("/a").press(Key("escape")) is False
    assert permission("/a").press(Key("paste", "1")) is None
