"""Markdown as the peers write it, in Slack's mrkdwn. Pure.

What mrkdwn has no sign for stays as it is written. `&`, `<` and `>` are escaped: nobody is mentioned by accident.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^(?:```|~~~)[^\n`]*\n(.*?)(?:\n(?:```|~~~)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)([^`\n]+?)\1")
_LINK = re.compile(r"!?\[([^\]\n]+)\]\((https?://[^\s()]+)\)")
_BOLD = "\1"  # until the single stars are read
_RULES = (
    (re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE), rf"{_BOLD}\1{_BOLD}"),
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), rf"{_BOLD}\1{_BOLD}"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])"), r"_\1_"),
    (re.compile(r"~~(?=\S)(.+?)(?<=\S)~~"), r"~\1~"),
    (re.compile(r"^(\s*)[-*]\s+", re.MULTILINE), r"\1• "),
    (re.compile(rf"{_BOLD}+"), "*"),
)
_SECTION = 3000  # characters of one block


def mrkdwn(text: str) -> str:
    """Return the text in mrkdwn."""
    kept: list[str] = []

    def keep(finished: str) -> str:
        """Put finished text aside, so that no later rule changes it."""
        kept.append(finished)
        return f"\0{len(kept) - 1}\0"

    text = re.sub("[\0\1]", "", text)
    text = _BLOCK.sub(lambda found: keep(f"```\n{_escaped(found[1])}\n```"), text)
    text = _CODE.sub(lambda found: keep(f"`{_escaped(found[2])}`"), text)
    text = _LINK.sub(lambda found: keep(f"<{_address(found[2])}|{_escaped(found[1])}>"), text)
    text = _escaped(text)
    for rule, sign in _RULES:
        text = rule.sub(sign, text)
    while "\0" in text:
        text = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
    return text


def sections(text: str) -> list[str]:
    """Split mrkdwn into what one block of a message takes, at ends of lines where there are any."""
    found = []
    while len(text) > _SECTION:
        at = text.rfind("\n", 1, _SECTION)
        at = at if at > 0 else _SECTION
        found.append(text[:at])
        text = text[at:].lstrip("\n")
    return [*found, text] if text else found


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _address(url: str) -> str:
    return _escaped(url).replace("|", "%7C")
