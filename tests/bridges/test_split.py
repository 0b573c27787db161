"""Long texts in short messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cccc.services.bridges.split import parts, shortened, tidy, units


@given(st.text(alphabet=st.sampled_from("ab \n.`~😀"), max_size=600), st.integers(20, 80))
def test_no_part_is_too_long_and_nothing_but_blanks_is_lost(text: str, most: int) -> None:
    found = parts(text, most)
    assert all(units(part) <= most for part in found)
    if "`" not in text and "~" not in text:
        assert "".join("".join(found).split()) == "".join(text.split())


def test_a_text_is_split_between_paragraphs_then_lines_then_words() -> None:
    assert parts("one two three\n\nfour five\nsix seven", 28) == ["one two three", "four five\nsix seven"]
    assert parts("one two three\nfour five six seven", 28) == ["one two three", "four five six seven"]
    assert parts("It works. But slowly, as ever.", 28) == ["It works. But", "slowly, as ever."]
    assert parts("x" * 30, 20) == ["x" * 12, "x" * 18]


def test_signs_that_count_double_are_counted_so() -> None:
    assert [units(part) <= 20 for part in parts("😀" * 30, 20)] and len(parts("😀" * 30, 20)) > 2


def test_a_code_block_goes_on_in_the_next_message() -> None:
    text = "see:\n```python\n" + "\n".join(f"line_{n} = {n}" for n in range(20)) + "\n```\ndone"
    found = parts(text, 120)
    assert len(found) > 2
    for part in found:
        assert part.count("```") % 2 == 0, part
    assert found[1].startswith("```python\n")


def test_what_is_left_out_is_counted_and_a_block_is_closed() -> None:
    text = "```\n" + "\n".join(str(n) for n in range(50)) + "\n```"
    shown, left_out = shortened(text, 4096, 10)
    assert left_out == 42 and shown.endswith("8\n```")
    assert shortened("short", 10, 1) == ("short", 0)
    assert shortened("x" * 100, 10, 5) == ("x" * 10, 1)


def test_text_is_tidied_without_losing_words() -> None:
    assert tidy("a\tb  \r\n\r\n\r\n\r\nc\0\n") == "a  b\n\nc"
