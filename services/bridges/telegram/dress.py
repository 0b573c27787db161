"""Markdown as the peers write it, in the HTML that Telegram shows. Pure.

What Telegram has no tag for stays as it is written. Nothing is added that people see, so that a text that fits
into a message still fits.
"""

from __future__ import annotations

import re
from html import escape

_BLOCK = re.compile(r"^(?:```|~~~)([\w+#.-]*)[^\n]*\n(.*?)(?:\n(?:```|~~~)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)([^`\n]+?)\1")
_LINK = re.compile(r"\[([^\]\n]+)\]\((https?://[^\s()]+)\)")
_RULES = (
    (re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE), r"<b>\1</b>"),
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<i>\1</i>"),
    (re.compile(r"(?<!\w)_(?=[^\s_])([^_\n]+?)(?<=\S)_(?!\w)"), r"<i>\1</i>"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"<s>\1</s>"),
    (re.compile(r"^(\s*)[-*]\s+", re.MULTILINE), r"\1• "),
)


def html(text: str) -> str:
    """Return the text in Telegram's HTML."""
    kept: list[str] = []

    def keep(tagged: str) -> str:
        """Put finished HTML aside, so that no later rule changes it."""
        kept.append(tagged)
        return f"\0{len(kept) - 1}\0"

    def block(found: re.Match[str]) -> str:
        language = f' class="language-{escape(found[1])}"' if found[1] else ""
        return keep(f"<pre><code{language}>{escape(found[2], quote=False)}</code></pre>")

    text = _BLOCK.sub(block, text.replace("\0", ""))
    text = _CODE.sub(lambda found: keep(f"<code>{escape(found[2], quote=False)}</code>"), text)
    text = _LINK.sub(lambda found: keep(f'<a href="{escape(found[2])}">{escape(found[1], quote=False)}</a>'), text)
    text = escape(text, quote=False)
    for rule, tag in _RULES:
        text = rule.sub(tag, text)
    while "\0" in text:
        text = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
    return text
