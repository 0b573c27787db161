"""YAML is refused in the same words whichever PyYAML reads it."""

from __future__ import annotations

import pytest

from cccc.common.text import strict_yaml
from cccc.common.text.strict_yaml import BadYAML, NotYAML


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 1000, "- " * 20_000, "a:\n  b: " + "[" * 17 + "]" * 17])
def test_what_is_nested_too_deep_is_told_by_its_line(text: str) -> None:
    with pytest.raises(BadYAML, match="is nested more than 16 deep") as raised:
        strict_yaml.check(text)
    assert not isinstance(raised.value, NotYAML)
    assert raised.value.line == 1 + ("\n" in text)


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a: 1\nb: c: d\n", "unexpected `: `; quote the text, or close", 2),
        ("a: [1, 2\nb: 3\n", "unexpected `: `; quote the text, or close", 2),
        ("a:\n\tb: c\n", "a tab where only spaces are allowed", 2),
        ("a: @b", "a text that begins with @ needs quotes", 1),
        ("a: `b`", "a text that begins with ` needs quotes", 1),
        ("a: 'b\n\nc", "something is not closed, or a value is missing", 3),
        ("a: b\nc: [\n\n", "something is not closed, or a value is missing", 2),
        ('a: "b" c', "it cannot be read from column 8 on", 1),
        ("a: {}\n---\nb: {}\n", "a second document begins (---)", 2),
        ("a: \x07", "it contains a character that YAML does not allow", 0),
        ("\ud800", "it contains a character that YAML does not allow", 0),
    ],
)
def test_what_is_no_yaml_is_told_in_our_words(text: str, why: str, line: int) -> None:
    with pytest.raises(NotYAML) as raised:
        strict_yaml.check(text)
    assert str(raised.value).startswith(why) and raised.value.line == line


@pytest.mark.parametrize("text", ['a: "\\ud800"', "? [a]\n: b", "? {a: b}\n: c"])
def test_what_would_build_nothing_that_can_be_used_is_refused(text: str) -> None:
    with pytest.raises(NotYAML):
        strict_yaml.as_written(text)


def test_what_is_written_stays_a_string() -> None:
    assert strict_yaml.as_written("a: no\nb: 1.0\nc: !x [2020-01-01]") == {"a": "no", "b": "1.0", "c": ["2020-01-01"]}
