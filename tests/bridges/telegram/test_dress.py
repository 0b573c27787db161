"""Markdown in Telegram's HTML."""

from __future__ import annotations

import html as library
import re

from hypothesis import given
from hypothesis import strategies as st

from cccc.services.bridges.split import units
from cccc.services.bridges.telegram.dress import html


def test_what_peers_write_most_is_shown_as_they_mean_it() -> None:
    assert (
        html("# Plan\n**bold** and *it* and `x < y`")
        == "<b>Plan</b>\n<b>bold</b> and <i>it</i> and <code>x &lt; y</code>"
    )
    assert html("- one\n* two") == "• one\n• two"
    assert html("[docs](https://example.org/a?b=1&c=2)") == '<a href="https://example.org/a?b=1&amp;c=2">docs</a>'
    assert html("~~no~~ _yes_") == "<s>no</s> <i>yes</i>"


def test_a_heading_ends_with_its_line() -> None:
    assert html("# Plan\n\nText") == "<b>Plan</b>\n\nText"
    assert html("## Plan ## \nText") == "<b>Plan</b>\nText"
    assert html("#\nText") == "#\nText"


def test_code_is_left_alone() -> None:
    assert html("```python\na = b ** c ** d\n# not a title\n```") == (
        '<pre><code class="language-python">a = b ** c ** d\n# not a title</code></pre>'
    )
    assert html("```\nopen") == "<pre><code>open</code></pre>"


def test_names_with_underscores_and_stars_in_formulas_stay() -> None:
    for text in ("my_long_name", "2 * 3 * 4", "a_b and c_d", "**", "* * *"):
        assert re.sub(r"<[^>]+>", "", html(text)).replace("•", "*") == text, text


def test_tags_in_a_text_are_text() -> None:
    assert html("<b>&</b>") == "&lt;b&gt;&amp;&lt;/b&gt;"


@given(st.text(alphabet=st.sampled_from("ab*_`~#[]()<>&- \n😀\0"), max_size=200))
def test_tags_are_balanced_and_nothing_gets_longer(text: str) -> None:
    dressed = html(text)
    open_tags: list[str] = []
    for slash, name in re.findall(r"<(/?)(\w+)[^>]*>", dressed):
        if slash:
            assert open_tags.pop() == name, dressed
        else:
            open_tags.append(name)
    assert open_tags == []
    assert units(library.unescape(re.sub(r"<[^>]+>", "", dressed))) <= units(text)
