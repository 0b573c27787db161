"""Where each hunk of a diff lands: decided here, from the hunk and the text of the base, and told to git exactly. Pure.

Context that fits at one place lands there. Where it fits at several, only the line that the header names counts, and
not even that when the diff was made for another version of the file. Without context the line counts only when the
diff names the base's own blob. A diff whose form is wrong is read when it can be read in exactly one way. All else is
refused.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Callable, NamedTuple

from cccc.services.evidence.reading import diff, misfits
from cccc.services.evidence.reading.diff import NO_NEWLINE, Hunk, Section

_MOST_PLACES = 10  # that are named
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_NBSP = b"\xc2\xa0"
_MARKS = (b" ", b"+", b"-", b"\\")


class Misfit(Exception):
    """Why a diff can not be applied to the base, and what to do: words for its author."""


class File(NamedTuple):
    """The file that a section changes, as the base has it."""

    name: str  # as people read it
    text: bytes
    blob: str  # the hash of the text
    is_older: bool = False  # whether the section names another version of it, which the repository knows


class Edit(NamedTuple):
    """Lines of the base, from an index counted from 0, and what comes in their stead."""

    at: int
    old: list[bytes]
    new: list[bytes]


@dataclass(frozen=True)
class Placed:
    """A diff that git puts exactly where it was decided; it has no context, and needs `--unidiff-zero`."""

    patch: bytes
    notes: list[str]  # what its author should know of how it was read


# How the lines of a diff may have been turned round on their way; seen by the text of the base alone.
_Turn = Callable[[bytes], bytes]
_WHOLE: Mapping[str, _Turn] = {
    "HTML entities were read as the characters they stand for": lambda line: html.unescape(
        line.decode("utf-8", "surrogateescape")
    ).encode("utf-8", "surrogateescape"),
    "non-breaking spaces were read as spaces": lambda line: line.replace(_NBSP, b" "),
}
_ENDS: Mapping[str, _Turn] = {
    "the diff's line ends were CRLF, and the file's are LF": lambda line: line[:-1] if line.endswith(b"\r") else line,
    "the diff's line ends were LF, and the file's are CRLF": lambda line: line if line[:1] == b"\\" else line + b"\r",
}


def place(sections: list[Section], files: list[File | None]) -> Placed:
    """Return the diff with the exact line of each change. Raises Misfit.

    A section whose file is None is handed on to git as it is.
    """
    try:
        return _as(sections, files, "", lambda line: line)
    except Misfit as misfit:
        found = [placed for note, turn in _WHOLE.items() for placed in _tried(sections, files, note, turn)]
        if len({placed.patch for placed in found}) != 1:
            raise misfit from None
        return found[0]


def _tried(sections: list[Section], files: list[File | None], note: str, turn: _Turn) -> Iterator[Placed]:
    try:
        yield _as(sections, files, note, turn)
    except Misfit:
        return


def _as(sections: list[Section], files: list[File | None], note: str, turn: _Turn) -> Placed:
    patch, notes = b"", [note] if note else []
    for section, file in zip(sections, files):
        if file is None:
            patch += section.text
            continue
        edits, told = _section(section, file, turn)
        patch += _exact(section, edits)
        notes += told
    return Placed(patch, notes)


def _section(section: Section, file: File, turn: _Turn) -> tuple[list[Edit], list[str]]:
    """Return where the hunks of one file land, and what is to be told of it."""
    try:
        return _hunks(section, file, turn)
    except Misfit as first:
        misfit = first
        for note, end in _ENDS.items():
            if not _could_be(note, file):
                continue
            try:
                edits, told = _hunks(section, file, lambda line, end=end: end(turn(line)))  # type: ignore[misc]
            except Misfit as turned:
                misfit = turned if _is_all_of_it(note, section) else misfit  # its line ends are not what is wrong
                continue
            return edits, [f"{file.name}: {note}", *told]
        raise misfit from None


def _could_be(note: str, file: File) -> bool:
    crlf, lines = file.text.count(b"\r\n"), file.text.count(b"\n")
    return crlf == 0 if "file's are LF" in note else crlf == lines > 0


def _is_all_of_it(note: str, section: Section) -> bool:
    """Whether every line of the diff has the line end that the note says."""
    ends = {line.endswith(b"\r") for hunk in section.hunks for line in hunk.lines if line[:1] != b"\\"}
    return ends == {"file's are LF" in note}


def _hunks(section: Section, file: File, turn: _Turn) -> tuple[list[Edit], list[str]]:
    lines = _LINE.findall(file.text)
    edits: list[Edit] = []
    notes: list[str] = []
    marks = [line[:1] for hunk in section.hunks for line in hunk.lines]
    if section.deletes and (marks.count(b"-") != len(lines) or b"+" in marks):
        raise Misfit(misfits.deletes_less(file.name, len(lines)))
    for hunk in section.hunks:
        edit, told = _hunk(hunk, section, file, lines, turn)
        edits.append(edit)
        notes += told
    edits.sort(key=lambda edit: edit.at)
    for one, two in zip(edits, edits[1:]):
        if two.at < one.at + len(one.old):
            raise Misfit(f"{file.name}: two hunks change line {two.at + 1}; send one diff against the current file")
    return [edit for edit in edits if edit.old or edit.new], notes


def _hunk(hunk: Hunk, section: Section, file: File, lines: list[bytes], turn: _Turn) -> tuple[Edit, list[str]]:
    """Return where a hunk lands: in the one reading of it that fits."""
    if hunk.ellipsis or any(diff.is_ellipsis(line) for line in hunk.lines if line[:1] not in _MARKS):
        raise Misfit(misfits.left_out(file.name, hunk))
    first: Misfit | None = None
    for note, read, is_sure in _readings(replace(hunk, lines=tuple(turn(line) for line in hunk.lines))):
        try:
            edit, notes = _land(read, hunk, section, file, lines)
        except Misfit as misfit:
            first = first or (misfit if is_sure else None)
        else:
            return edit, [f"{file.name}: {told}" for told in (note, *notes) if told]
    raise first or Misfit(misfits.wrong_counts(file.name, hunk))


def _readings(hunk: Hunk) -> Iterator[tuple[str, list[bytes], bool]]:
    """Yield the ways in which the lines of a hunk can be read; none drops a change.

    Each has its note, and whether its lines are all that may have been meant: if they do not fit, that is the trouble.
    """
    lines = list(hunk.lines)
    bad = next((number for number, line in enumerate(lines) if line[:1] not in _MARKS), None)
    if bad is None and hunk.counts == diff.tally(lines):
        yield "", lines, True
        return
    if bad is not None:
        if hunk.counts == diff.tally(lines):
            yield "context lines without their leading space were read", [_marked(line) for line in lines], False
            return
        if any(line[:1] in (b"+", b"-") for line in lines[bad:]):
            return
        lines = lines[:bad]
    while lines and not lines[-1].strip():
        lines.pop()
    if hunk.counts is None:
        yield "", lines, True
        return
    old, new = (promised - there for promised, there in zip(hunk.counts, diff.tally(lines)))
    if old == new > 0:
        yield "", lines + [b" "] * old, False  # blank context that was cut off
    if not (hunk.last and bad is None and (old > 0 or new > 0)):  # else what was cut off may have been a change
        yield misfits.counted(hunk, lines), lines, True


def _marked(line: bytes) -> bytes:
    return line if line[:1] in _MARKS[1:] else b" " + line


def _land(read: list[bytes], hunk: Hunk, section: Section, file: File, lines: list[bytes]) -> tuple[Edit, list[str]]:
    """Return where these lines of a hunk land. Raises Misfit."""
    old, new = diff.ends(read)
    places, bare = _places(file.text, old)
    named = None if hunk.start is None else hunk.start - (1 if old else 0)
    if old == lines:
        return _edit(0, lines, new, read, bare), []
    if old and not places:
        raise Misfit(misfits.no_place(file.name, hunk, old, new, lines))
    is_own = bool(section.made_for) and file.blob.startswith(section.made_for)
    if not any(line[:1] == b" " for line in read):
        if not is_own or named not in places:
            raise Misfit(misfits.no_context(file.name, hunk, is_own))
        return _edit(named, lines[named : named + len(old)], new, read, False), []
    if len(places) == 1:
        (at,) = places
        moved = "" if at == named else misfits.moved(hunk, named, at)
    elif named in places and not file.is_older:
        at, moved = named, "" if is_own else misfits.several(hunk, places, named)
    else:
        raise Misfit(misfits.many_places(file.name, hunk, places[:_MOST_PLACES], len(places), file.is_older))
    edit = _edit(at, lines[at : at + len(old)], new, read, bare)
    return edit, [moved] if moved else []


def _places(text: bytes, old: list[bytes]) -> tuple[list[int], bool]:
    """Return the indexes at which the lines stand, and whether the last one lacks its line end there."""
    wanted = b"".join(old)
    if not wanted:
        return list(range(text.count(b"\n") + 1 + (not text.endswith(b"\n") and bool(text)))), False
    found, at = [], text.find(wanted)
    while at >= 0:
        whole = wanted.endswith(b"\n") or at + len(wanted) == len(text)
        if whole and (at == 0 or text[at - 1 : at] == b"\n"):
            found.append(at)
        at = text.find(wanted, at + 1)
    if found:
        return _numbered(text, found), False
    bare = wanted[:-1]
    at = len(text) - len(bare)
    if (
        bare
        and at >= 0
        and text.endswith(bare)
        and not text.endswith(b"\n")
        and (at == 0 or text[at - 1 : at] == b"\n")
    ):
        return _numbered(text, [at]), True
    return [], False


def _numbered(text: bytes, offsets: list[int]) -> list[int]:
    numbers, line, before = [], 0, 0
    for offset in offsets:
        line, before = line + text.count(b"\n", before, offset), offset
        numbers.append(line)
    return numbers


def _edit(at: int, old: list[bytes], new: list[bytes], read: list[bytes], bare: bool) -> Edit:
    """Return the change without the context around it.

    A last line of context whose line end the file lacks stays as it is, unless lines come behind it.
    """
    marks = [line for line in read if not line.startswith(b"\\")]
    if bare and marks[-1].startswith(b" "):
        new = [*new[:-1], new[-1][:-1]]
    begin = 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < min(len(old), len(new)) - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    return Edit(at + begin, old[begin : len(old) - end], new[begin : len(new) - end])


def _exact(section: Section, edits: list[Edit]) -> bytes:
    """Write a section so that git finds each line where it is looked for first. The numbers are those git reads."""
    if not edits and section.hunks:
        names = (b"--- ", b"+++ ", b"index ")
        header = [line for line in section.header if not line.startswith(names)] if section.changes_more else []
        return b"".join(line + b"\n" for line in header)
    parts, moved = [line + b"\n" for line in section.header], 0
    for edit in edits:
        begin = edit.at + 1 if edit.old else edit.at
        parts.append(b"@@ -%d,%d +%d,%d @@\n" % (begin, len(edit.old), edit.at + moved + 1, len(edit.new)))
        parts += [_line(b"-", line) for line in edit.old] + [_line(b"+", line) for line in edit.new]
        moved += len(edit.new) - len(edit.old)
    return b"".join(parts)


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n" + NO_NEWLINE
