from __future__ import annotations

from wordcount.counter import count, words


def test_the_order_is_kept() -> None:
    assert words("two one two") == ["two", "one", "two"]


def test_case_is_ignored() -> None:
    assert count("Two two TWO") == {"two": 3}


def test_an_apostrophe_belongs_to_its_word() -> None:
    assert count("don't panic") == {"don't": 1, "panic": 1}


def test_nothing_has_no_words() -> None:
    assert count(" \n ") == {}
