"""Finding a patch in what a peer wrote: raw diffs, fenced blocks, mails of `git format-patch`.

The bytes stay as they are, but for repairs that never change what the patch means: a blank
context line whose one space was trimmed gets it back (only inside a hunk, whose header says
how many lines it has), so do blank context lines cut off at the very end, a missing final
newline is added, and UTF-16 with its mark becomes UTF-8. git does the reading; nothing here
knows paths.
"""

from __future__ import annotations

import codecs
import contextlib
import re

_FENCE = re.compile(rb"^(`{3,}|~{3,})[ \t]*([A-Za-z]*)[^\r\n`]*\r?$")
_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_APPLY_PATCH = re.compile(rb"^\*\*\* Begin Patch\s*$.*?(?:^\*\*\* End Patch[^\n]*\n?|\Z)", re.MULTILINE | re.DOTALL)
_GIT_DIFF = re.compile(
    rb"^diff --git [^\r\n]+\r?\n"
    rb"(?:---|index |old mode|new mode|deleted file|new file|similarity|dissimilarity|rename|copy|GIT binary|Binary)",
    re.MULTILINE,
)
_PLAIN_DIFF = re.compile(rb"^--- [^\r\n]+\r?\n\+\+\+ [^\r\n]+\r?\n@@ -", re.MULTILINE)
_STARTS_AS_DIFF = re.compile(rb"\s*^(?:diff --git |--- |Index: |From [0-9a-f]{40} )", re.MULTILINE)
_LABELS = (b"", b"diff", b"patch")


def find(text: bytes) -> bytes | None:
    """Return the patch in `text`, ready for `git apply`, or None when there is none.

    Several diffs, fenced or not, are one patch. A `*** Begin Patch` block comes back as it is, whatever
    else there is: the gate refuses it with the reason.
    """
    text = _without_mark(text)
    if _STARTS_AS_DIFF.match(text) and _is_diff(text):
        return _repaired(text)  # fences in it belong to a commit's message
    blocks = [block for label, block in _blocks(text.split(b"\n")) if label in _LABELS]
    for block in blocks:
        other_format = _APPLY_PATCH.search(block)
        if other_format:
            return other_format[0]
    return b"".join(_repaired(block) for block in blocks if _is_diff(block)) or None


def _without_mark(text: bytes) -> bytes:
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with contextlib.suppress(UnicodeDecodeError):
            return text.decode("utf-16").encode()
    return text[len(codecs.BOM_UTF8) :] if text.startswith(codecs.BOM_UTF8) else text


def _is_diff(text: bytes) -> bool:
    return bool(_GIT_DIFF.search(text) or _PLAIN_DIFF.search(text))


def _blocks(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Return label and content of each fenced block and of the text between them, in order.

    Only a mark in the first column counts: the lines inside a diff have a character before it. A fence that is
    never closed runs to the end.
    """
    blocks: list[tuple[bytes, bytes]] = []
    mark, label, start = b"", b"", 0
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence and (not mark or (fence[1].startswith(mark) and not fence[2])):
            blocks.append((label, b"".join(content + b"\n" for content in lines[start:number])))
            mark, label = (b"", b"") if mark else (fence[1], fence[2].lower())
            start = number + 1
    return [*blocks, (label, b"\n".join(lines[start:]))]


def _repaired(text: bytes) -> bytes:
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    old = new = 0  # lines the current hunk still lacks
    for number, line in enumerate(lines):
        if old <= 0 and new <= 0:
            hunk = _HUNK.match(line)
            if hunk:
                old, new = (1 if count is None else int(count) for count in hunk.groups())
        elif line in (b"", b"\r") and old > 0 and new > 0:
            lines[number] = b" " + line
            old, new = old - 1, new - 1
        else:
            old -= line.startswith((b" ", b"-"))
            new -= line.startswith((b" ", b"+"))
    if old == new > 0:
        lines += [b" "] * old
    return b"".join(line + b"\n" for line in lines)
