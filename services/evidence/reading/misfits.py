"""What the author of a diff is told of a hunk: why it does not fit, with the real lines, or how it was read. Pure."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from typing import Callable

from cccc.common.text.plural import plural
from cccc.services.evidence.reading import diff
from cccc.services.evidence.reading.diff import Hunk

_AROUND = 3  # lines before and behind the place that are shown
_MOST_SHOWN = 14
_LONGEST = 160  # characters of a line that are shown
_QUOTES = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2013\u2014", "''''" + '""""--')
_WORDS = re.compile(rb"\[-.*-\]|\{\+.*\+\}")  # as `git diff --word-diff` marks them
_REST_OF_ENTITY = re.compile(r"(?:lt|gt|amp|quot|apos|nbsp|#\d+);")
_NUMBERED = re.compile(r"\s*\d+\s*(?:[|:│]|\t)\s?")
# What was done to a line, if that makes it equal to the file's.
_DONE: Mapping[str, Callable[[str], str]] = {
    "HTML entities instead of characters; write the characters themselves": html.unescape,
    "typographic quotes or dashes instead of plain ones; write the plain ones": lambda line: line.translate(_QUOTES),
    "non-breaking spaces instead of spaces; write spaces": lambda line: line.replace("\xa0", " "),
    "line numbers before the text; leave them out": lambda line: _NUMBERED.sub("", line, count=1),
    "the line ends differ (CRLF and LF); send what `git diff` prints": lambda line: re.sub(r"\\r$", "", line),
}


def no_place(name: str, hunk: Hunk, old: list[bytes], new: list[bytes], lines: list[bytes]) -> str:
    """The lines of the hunk are nowhere in the file."""
    where = f"{name}: the hunk at line {hunk.at} of the diff does not fit"
    if not lines:
        return f"{where}: the file is new or empty, so `-` and context lines cannot match"
    if new != old and (found := _starts(lines, new)):
        return f"{name}: already applied: line {found[0] + 1} is as the hunk at line {hunk.at} of the diff makes it"
    at = _best(lines, old, (hunk.start or 1) - 1)
    number = next((n for n, line in enumerate(old) if lines[at + n : at + n + 1] != [line]), 0)
    is_, wanted = (_text(one) for one in (b"".join(lines[at + number : at + number + 1]), old[number]))
    there = f"line {at + number + 1} of the file is `{is_}`" if at + number < len(lines) else "the file ends before it"
    return (
        f"{where}: it says `{wanted}`, and {there}{_why(wanted, is_)}\n"
        f"{shown(name, lines, at, len(old))}\nMake the diff against the current file."
    )


def no_context(name: str, hunk: Hunk, is_own: bool) -> str:
    """Nothing around the change says where it belongs."""
    if is_own:
        return f"{name}: the hunk at line {hunk.at} of the diff has no context, and its lines are not where it says"
    return (
        f"{name}: the hunk at line {hunk.at} of the diff has no context lines, and no `index` line names the file as "
        "it is: its place cannot be checked; send it with context (`git diff -U3`)"
    )


def many_places(name: str, hunk: Hunk, places: list[int], count: int, is_older: bool) -> str:
    """The context fits at several places, and the line that the header names is not to be trusted."""
    more = f" and {count - len(places)} more" if count > len(places) else ""
    if is_older:
        why = "the diff was made for an older version of the file, so its line numbers do not tell which"
    elif hunk.start is None:
        why = "its header does not tell which"
    else:
        why = f"its header names line {hunk.start}, which is none of them"
    return (
        f"{name}: the hunk at line {hunk.at} of the diff fits in {plural(count, 'place')}: "
        f"lines {', '.join(str(place + 1) for place in places)}{more}; {why}. "
        "Make the diff against the current file, with more context (`git diff -U10`)"
    )


def wrong_counts(name: str, hunk: Hunk) -> str:
    """The header promises other lines than are there, and it is not clear which were meant."""
    old, new = diff.tally(hunk.lines)
    if any(_WORDS.search(line) for line in hunk.lines):
        return f"{name}: this is a word diff (`[-old-]{{+new+}}`), which cannot be applied; send what `git diff` prints"
    if hunk.counts is None or hunk.counts == (old, new):
        odd = next((_text(line) for line in hunk.lines if line[:1] not in (b" ", b"+", b"-", b"\\")), "")
        return f"{name}: a line of the hunk at line {hunk.at} of the diff begins with none of ` `, `+` and `-`: `{odd}`"
    said = f"its header says {hunk.counts[0]} old and {hunk.counts[1]} new lines (counts), but it has {old} and {new}"
    at = f"{name}: the hunk at line {hunk.at} of the diff"
    if hunk.last and (old < hunk.counts[0] or new < hunk.counts[1]):
        start = hunk.start or 1
        whole = f"if it is whole, its header is `@@ -{start},{old} +{start},{new} @@`"
        return f"{at} ends early: {said}; it may have been cut short. Send all of it; {whole}"
    return f"{at}: {said}, and not every line begins with ` `, `+` or `-`; send what `git diff` prints"


def left_out(name: str, hunk: Hunk) -> str:
    """`...` stands for lines."""
    return (
        f"{name}: lines were left out (`...`) in or behind the hunk at line {hunk.at} of the diff; "
        "send every line, or a separate hunk for each place"
    )


def deletes_less(name: str, count: int) -> str:
    return (
        f"{name}: the diff deletes the file, but its hunk does not remove all {plural(count, 'line')} and nothing else"
    )


def counted(hunk: Hunk, lines: list[bytes]) -> str:
    """The header's counts were wrong, and the lines were read as they are."""
    old, new = diff.tally(lines)
    says = "nothing" if hunk.counts is None else f"{hunk.counts[0]} old and {hunk.counts[1]} new"
    return f"the hunk at line {hunk.at} of the diff says {says}, and was read as the {old} and {new} lines it has"


def moved(hunk: Hunk, named: int | None, at: int) -> str:
    """The context fits at one place, which is not the header's."""
    if named is None:
        return f"the hunk at line {hunk.at} of the diff has no line number; its context fits only at line {at + 1}"
    offset = f"{at - named:+d}"
    return (
        f"the hunk at line {hunk.at} of the diff landed at line {at + 1}, {offset} from where its header says (offset)"
    )


def several(hunk: Hunk, places: list[int], at: int) -> str:
    """The context fits at several places, and the header names one of them."""
    return (
        f"the hunk at line {hunk.at} of the diff fits in {len(places)} places; it landed at line {at + 1}, as it says"
    )


def shown(name: str, lines: list[bytes], at: int, count: int) -> str:
    """Return the lines of the file around a place, with their numbers."""
    begin = max(0, at - _AROUND)
    end = min(len(lines), at + count + _AROUND, begin + _MOST_SHOWN)
    rows = (f"{number + 1:6} | {_text(lines[number])}" for number in range(begin, end))
    return f"{name} has:\n" + "\n".join(rows)


def _why(wanted: str, is_: str) -> str:
    if diff.is_ellipsis(wanted.encode("utf-8", "replace")):
        return "; lines were left out (`...`): send every line"
    for words, undone in _DONE.items():
        if wanted != is_ and undone(wanted) == undone(is_):
            return f"; {words}"
    if _REST_OF_ENTITY.search(wanted) and not _REST_OF_ENTITY.search(is_):
        return "; it looks HTML-escaped: write the characters themselves"
    if wanted.split() == is_.split():
        tab = ": the file has a tab there" if "\t" in is_ and "\t" not in wanted else ""
        return f"; they differ in white space only{tab}"
    return ""


def _best(lines: list[bytes], old: list[bytes], named: int) -> int:
    """Return where most of the hunk's lines stand in the same order; near the header's line, if that is no guide."""
    where: dict[bytes, list[int]] = {}
    for number, line in enumerate(lines):
        where.setdefault(_loose(line), []).append(number)
    votes = Counter(at - number for number, line in enumerate(old) for at in where.get(_loose(line), [])[:50])
    last = max(0, len(lines) - 1)
    best = min(votes, key=lambda at: (-votes[at], abs(at - named)), default=named)
    return min(max(0, best), last)


def _loose(line: bytes) -> bytes:
    return b"".join(line.split())


def _starts(lines: list[bytes], wanted: list[bytes]) -> list[int]:
    first = wanted[0] if wanted else None
    return [at for at, line in enumerate(lines) if line == first and lines[at : at + len(wanted)] == wanted]


def _text(line: bytes) -> str:
    """Return a line as people read it: its end is left out, unless it is odd."""
    text = line[:-1] if line.endswith(b"\n") else line
    plain = text.decode("utf-8", "backslashreplace").replace("\r", "\\r").replace("\x1b", "\\x1b")
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
