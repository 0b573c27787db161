"""How many lines a patch changes: counted by git, from the contents before and after, never from the diff's own words.

A line ends with LF, CRLF or a lone CR, and counts once for each 1,000 bytes begun. A moved file counts what was edited
in it, a copied, new or deleted one all of its lines. In a file with NUL bytes, which are passed over, what is no UTF-8
counts as one line together.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cccc.common.machine import git

_LONGEST_LINE = 1000
_LONG = re.compile(rb"[^\n]{%d}(?=[^\n])" % _LONGEST_LINE)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_LONE_CR = re.compile(rb"\r(?!\n)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def changed_lines(ends: Iterable[tuple[bytes | None, bytes | None]], env: Mapping[str, str]) -> int:
    """Return the number of added and removed lines between what each path had and has; None is no file."""
    pairs = [tuple(None if end is None else countable(end) for end in pair) for pair in ends]
    may_move = any(old is None for old, _ in pairs) and any(new is None for _, new in pairs)
    plain = [None if may_move else _plain(old or b"", new or b"") for old, new in pairs]
    rest = [pair for pair, lines in zip(pairs, plain) if lines is None]
    return sum(lines or 0 for lines in plain) + (_by_git(rest, env) if rest else 0)


def _plain(old: bytes, new: bytes) -> int | None:
    """Return the count where all lines between the first and the last change are changed; else it takes a diff."""
    before, after = _LINE.findall(old), _LINE.findall(new)
    both = min(len(before), len(after))
    begin = next((at for at in range(both) if before[at] != after[at]), both)
    end = next((at for at in range(both - begin) if before[-1 - at] != after[-1 - at]), both - begin)
    gone, come = before[begin : len(before) - end], after[begin : len(after) - end]
    return len(gone) + len(come) if set(gone).isdisjoint(come) else None


def _by_git(pairs: list[tuple[bytes | None, ...]], env: Mapping[str, str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder).resolve()
        for name, side in zip(("old", "new"), zip(*pairs)):
            (top / name).mkdir()
            for number, content in enumerate(side):
                if content is not None:
                    (top / name / str(number)).write_bytes(content)
        # No settings and attributes but git's own: they could make text binary, or leave it out.
        alone = {
            **git.environment(env),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(top.parent),
        }
        asked = ("diff", "--no-index", "--numstat", "-z", "--find-renames", "--no-ext-diff", "--no-textconv")
        options = ("-c", f"core.attributesFile={os.devnull}", *asked, "old", "new")
        done = git.run(top, *options, env=alone, check=False)
    if done.returncode not in (0, 1):
        git.checked(done)
    counts = re.findall(rb"(?:^|\0)(\d+|-)\t(\d+|-)\t", done.stdout)
    return sum(1 if b"-" in count else int(count[0]) + int(count[1]) for count in counts)


def countable(content: bytes) -> bytes:
    """Return the lines of a content that count, each with an LF: of what may be UTF-16, in the reading with more."""
    readings = [content]
    if content.startswith(_UTF16):
        readings.insert(0, content.decode("utf-16", "replace").encode("utf-8", "replace"))
    return max(map(_countable, readings), key=lambda lines: lines.count(b"\n"))


def _countable(content: bytes) -> bytes:
    is_binary = b"\0" in content
    text = _LONE_CR.sub(b"\r\r\n", content.replace(b"\0", b""))
    if is_binary:
        lines = text.split(b"\n")
        rest = b"\n".join(line for line in lines if not _is_text(line))
        mark = [hashlib.sha256(rest).hexdigest().encode()] if rest else []
        text = b"\n".join([line for line in lines if _is_text(line)] + mark)
    return _LONG.sub(rb"\g<0>\n", text)


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
