"""Long texts: cut to what a person wants in a chat, split to what the platform takes. Pure."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^\s*(```+|~~~+)(.*)$")
_BREAKS = ("\n\n", "\n", ". ", " ")  # where to split, the best first


def units(text: str) -> int:
    """Return the length in UTF-16 units, which no platform counts shorter."""
    return len(text.encode("utf-16-le")) // 2


def tidy(text: str) -> str:
    """Return the text with plain newlines, no tabs, no blank runs, no trailing blanks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "  ").replace("\0", "")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def shortened(text: str, most_chars: int, most_lines: int) -> tuple[str, int]:
    """Return the beginning of a text within the limits, and how many lines are left out (at least 1 when cut)."""
    lines = text.split("\n")
    if len(lines) <= most_lines and len(text) <= most_chars:
        return text, 0
    kept: list[str] = []
    room = most_chars
    for line in lines[:most_lines]:
        if len(line) > room:
            kept += [line[:room]] if not kept else []
            break
        kept.append(line)
        room -= len(line) + 1
    shown = "\n".join(kept)
    if _open_fence(shown):
        shown += "\n```"
    return shown, max(1, len(lines) - len(kept))


def parts(text: str, most: int) -> list[str]:
    """Split a text into parts of at most `most` UTF-16 units; a code block that is split goes on as one."""
    found = []
    while units(text) > most:
        head = _head(text, most - 8)  # room to close a fence
        rest = text[len(head) :].lstrip("\n")
        fence = _open_fence(head)
        if fence and len(fence) <= len(head) // 2:  # a longer one would be most of each part, or all of it
            head, rest = head.rstrip("\n") + "\n```", f"{fence}\n{rest}"
        found.append(head.strip("\n").rstrip())
        text = rest
    return [*found, text] if text.strip() else found


def _head(text: str, most: int) -> str:
    """Return the longest beginning that ends at a sensible place, in the second half of what fits."""
    fits = text[:most]
    while units(fits) > most:
        fits = fits[: len(fits) - max(1, (units(fits) - most) // 2)]
    for mark in _BREAKS:
        at = fits.rfind(mark)
        if at >= len(fits) // 2:
            return fits[: at + len(mark)]
    return fits


def _open_fence(text: str) -> str:
    """Return the opening line of a code block that does not end in the text, or ""."""
    fence = ""
    for line in text.split("\n"):
        if _FENCE.match(line):
            fence = "" if fence else line.strip()
    return fence
