"""Finding a patch in what a peer wrote: raw diffs, fenced blocks, mails of `git format-patch`.

The bytes stay as they are, but for three repairs that never change what the patch means: a
blank context line whose one space was trimmed gets it back (only inside a hunk, whose header
says how many lines it has), so do blank context lines cut off at the very end, and a missing
final newline is added. git does the reading; nothing here knows paths.
"""

from __future__ import annotations

import re

_FENCE = re.compile(rb"^(`{3,}|~{3,})[ \t]*([A-Za-z]*)[^\r\n`]*\r?$")
_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_BEGIN_PATCH = re.compile(rb"^\*\*\* Begin Patch\s*$", re.MULTILINE)
_GIT_DIFF = re.compile(
    rb"^diff --git [^\r\n]+\r?\n"
    rb"(?:---|index |old mode|new mode|deleted file|new file|similarity|dissimilarity|rename|copy|GIT binary|Binary)",
    re.MULTILINE,
)
_PLAIN_DIFF = re.compile(rb"^--- [^\r\n]+\r?\n\+\+\+ [^\r\n]+\r?\n@@ -", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"


def find(text: bytes) -> bytes | None:
    """Return the patch in `text`, ready for `git apply`, or None when there is none.

    Several fenced blocks are one patch. A `*** Begin Patch` block comes back as it is: the gate
    refuses it with the reason.
    """
    text = text[len(_BOM) :] if text.startswith(_BOM) else text
    lines = text.split(b"\n")
    fenced = _fenced(lines)
    labelled = [block for label, block in fenced if label in (b"diff", b"patch") and _is_diff(block)]
    unlabelled = [block for label, block in fenced if not label and _is_diff(block)]
    blocks = labelled or unlabelled or ([text] if _is_diff(text) else [])
    if not blocks:
        return text if _BEGIN_PATCH.search(text) else None
    return b"".join(_repaired(block) for block in blocks)


def _is_diff(text: bytes) -> bool:
    return bool(_GIT_DIFF.search(text) or _PLAIN_DIFF.search(text))


def _fenced(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Return label and content of each fenced block; a fence that is never closed runs to the end.

    Only a mark in the first column counts: the lines inside a diff have a character before it.
    """
    blocks: list[tuple[bytes, bytes]] = []
    mark, label, start = b"", b"", 0
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if not mark and fence:
            mark, label, start = fence[1], fence[2].lower(), number + 1
        elif mark and fence and fence[1].startswith(mark) and not fence[2]:
            blocks.append((label, b"".join(content + b"\n" for content in lines[start:number])))
            mark = b""
    if mark:
        blocks.append((label, b"\n".join(lines[start:])))
    return blocks


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
