"""Fenced blocks of a text, found in one pass however the text is made.

A regular expression that spans a block looks again from every fence that is never closed: a megabyte of
those is hours.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*(\w*)")


def apart(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what stands outside of fences, and the label and content of each fenced block.

    Only a fence in the first column counts. One that is never closed runs to the end.
    """
    outside: list[str] = []
    fenced: list[tuple[str, list[str]]] = []
    mark = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if not mark and fence:
            mark = fence[1]
            fenced.append((fence[2].lower(), []))
        elif mark and line.rstrip() == mark:
            mark = ""
        else:
            (fenced[-1][1] if mark else outside).append(line)
    return "\n".join(outside), [(label, "".join(f"{line}\n" for line in lines)) for label, lines in fenced]
