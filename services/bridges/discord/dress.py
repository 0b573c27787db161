"""Markdown as the peers write it, where Discord shows it differently. Pure."""

from __future__ import annotations

import re

_FENCED = re.compile(r"(^[ \t]*(```|~~~).*?(?:^[ \t]*\2[ \t]*$|\Z))", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|[ \t]*$\n?){2,}", re.MULTILINE)
_LOW_HEADING = re.compile(r"^#{4,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)  # Discord knows three levels


def markdown(text: str, most: int) -> str:
    """Return the text with its tables as code blocks, and low headings in bold; as it is where that is too long."""
    parts = _FENCED.split(text)
    # Every third part is text; between them a code block and the sign that opens it.
    shown = "".join(_dressed(part) if at % 3 == 0 else part for at, part in enumerate(parts) if at % 3 != 2)
    return shown if len(shown) <= most else text


def _dressed(text: str) -> str:
    text = _TABLE.sub(lambda table: f"```\n{table[0].rstrip()}\n```\n", text)
    return _LOW_HEADING.sub(r"**\1**", text)
