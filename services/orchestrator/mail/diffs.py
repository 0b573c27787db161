"""Finding a patch in what a peer wrote: raw diffs, fenced blocks, mails of `git format-patch`.

The bytes stay as they are, but that a missing final newline is added and UTF-16 with its mark becomes UTF-8. The gate
reads what is found here (services/evidence/reading/diff.py); nothing here knows hunks or paths.
"""

from __future__ import annotations

import codecs
import contextlib
import re

_FENCE = re.compile(rb"^(`{3,}|~{3,})[ \t]*([A-Za-z]*)[^\r\n`]*\r?$")
_APPLY_PATCH = re.compile(rb"^\*\*\* Begin Patch\s*$.*?(?:^\*\*\* End Patch[^\n]*\n?|\Z)", re.MULTILINE | re.DOTALL)
_GIT_DIFF = re.compile(
    rb"^diff --git [^\r\n]+\r?\n"
    rb"(?:---|index |old mode|new mode|deleted file|new file|similarity|dissimilarity|rename|copy|GIT binary|Binary)",
    re.MULTILINE,
)
_PLAIN_DIFF = re.compile(rb"^--- [^\r\n]+\r?\n\+\+\+ [^\r\n]+\r?\n@@(?: |\r?$)", re.MULTILINE)
_STARTS_AS_DIFF = re.compile(rb"\s*^(?:diff --git |--- |Index: |From [0-9a-f]{40} )", re.MULTILINE)
_LABELS = (b"", b"diff", b"patch")
_WORDS = re.compile(rb"(?im)^[ \t]*(?:commit|subject):[ \t]*\S[^\r\n]*\r?\n?[ \t\r\n]*\Z")  # of the diff that follows


def find(text: bytes) -> bytes | None:
    """Return the patch in `text`, ready for `git apply`, or None when there is none.

    Several diffs, fenced or not, are one patch. A `Commit:` line directly before a fence is the patch's own words,
    and stays with it. A `*** Begin Patch` block comes back as it is, whatever
    else there is: the gate refuses it with the reason.
    """
    text = _without_mark(text)
    if _STARTS_AS_DIFF.match(text) and _is_diff(text):
        return _whole(text)  # fences in it belong to a commit's message
    blocks = [block for label, block in _blocks(text.split(b"\n")) if label in _LABELS]
    for block in blocks:
        other_format = _APPLY_PATCH.search(block)
        if other_format:
            return other_format[0]
    return (
        b"".join(_words(before) + _whole(block) for before, block in zip([b"", *blocks], blocks) if _is_diff(block))
        or None
    )


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


def _words(before: bytes) -> bytes:
    """Return the `Commit:` line that a text ends with, as a line of its own."""
    found = _WORDS.search(before)
    return found[0].strip() + b"\n\n" if found else b""


def _whole(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"
