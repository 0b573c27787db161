"""Markdown in mrkdwn."""

from __future__ import annotations

import pytest

from cccc.services.bridges.slack.dress import mrkdwn, sections


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold**, *slanted*, _too_, ~~gone~~", "*bold*, _slanted_, _too_, ~gone~"),
        ("# A heading\ntext", "*A heading*\ntext"),
        ("# A heading\n\ntext", "*A heading*\n\ntext"),
        ("## A heading ## \ntext", "*A heading*\ntext"),
        ("- one\n  - two", "• one\n  • two"),
        ("[the page](https://x.example/?a=1&b=2)", "<https://x.example/?a=1&amp;b=2|the page>"),
        ("see https://x.example", "see https://x.example"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("<!channel> and <@U123>", "&lt;!channel&gt; and &lt;@U123&gt;"),
        ("`**not bold** <b>`", "`**not bold** &lt;b&gt;`"),
        ("```python\nif a < b:\n    **x**\n```\nafter", "```\nif a &lt; b:\n    **x**\n```\nafter"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ],
)
def test_markdown_is_shown_in_slacks_own_signs(markdown: str, shown: str) -> None:
    assert mrkdwn(markdown) == shown


def test_blocks_are_split_at_ends_of_lines_and_lose_nothing() -> None:
    text = "\n".join(f"line {number}" for number in range(1000))
    parts = sections(text)
    assert all(len(part) <= 3000 for part in parts)
    assert "\n".join(parts) == text
    assert [len(part) for part in sections("x" * 6001)] == [3000, 3000, 1]
