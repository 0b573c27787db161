"""A diff as its author wrote it: sections, one for each file, and their hunks. Pure; git alone reads the paths.

A hunk's lines are taken by the counts of its header, and then on for as long as lines look like a hunk's: what both
say is compared in placing.py, with the text of the base at hand.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

NO_NEWLINE = b"\\ No newline at end of file\n"
_GIT = b"diff --git "
_BINARY = b"GIT binary patch"
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))?(?![\d,])")
_AT = re.compile(rb"@@(?!@)")
_STRAY = re.compile(rb"@@ -\d|@@@+ |diff --(?:cc|combined) ")
_TOLD = re.compile(rb"Only in |Binary files .* differ|Files .* differ")
_MAIL = re.compile(rb"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\r?$")
_SIGNATURE = re.compile(rb"--[ ]?\r?(?:\n\d[\w.]*[^\n]*)?\n*(?:$|\nFrom )")
_EXTENDED = re.compile(
    rb"(?:(?:old|new|deleted file|new file) mode|copy (?:from|to)|rename (?:from|to|old|new)|"
    rb"(?:dis)?similarity index|index|Binary files) "
)
_INDEX = re.compile(rb"index ([0-9a-f]{4,64})\.\.[0-9a-f]{4,64}")
_ELLIPSIS = re.compile(
    rb"\s*(?:#|//|/\*|<!--|--)?\s*[\[(<{]?\s*(?:\.\.\.|\xe2\x80\xa6)\W*"
    rb"(?:[^\n]*\b(?:unchanged|existing|rest|remaining|remainder|omitted|same|snip|lines|code)\b[^\n]*)?$",
    re.IGNORECASE,
)
_SUBMODULE = re.compile(rb"[-+ ]Subproject commit [0-9a-f]{40,64}\r?$")
_COLOURS = re.compile(rb"\x1b\[[0-9;]*[mK]")


@dataclass(frozen=True)
class Hunk:
    """One hunk. Its lines have their marks and no line ends; a line without a mark is as it was written."""

    at: int  # the line of the diff that its header is
    start: int | None  # the line of the old text that the header names; None where it names none
    counts: tuple[int, int] | None  # the old and new lines that the header promises
    lines: tuple[bytes, ...]
    last: bool  # whether nothing follows it in the diff
    ellipsis: bool  # whether a line behind it stands for what was left out


@dataclass
class Section:
    """What a diff says of one file."""

    at: int  # its first line in the diff
    mail: int  # of which mail of a series it is part
    header: list[bytes] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)
    binary: bytes = b""  # the data of a git binary patch, byte for byte

    @property
    def creates(self) -> bool:
        return self._has(b"new file mode ", b"--- /dev/null")

    @property
    def deletes(self) -> bool:
        return self._has(b"deleted file mode ", b"+++ /dev/null")

    @property
    def moves(self) -> bool:
        return self._has(b"rename ", b"copy ")

    @property
    def copies(self) -> bool:
        return self._has(b"copy ")

    @property
    def lacks_content(self) -> bool:
        """Whether it is a binary file's, and only says that it differs."""
        return self._has(b"Binary files ")

    @property
    def changes_more(self) -> bool:
        """Whether there is something in it beside the hunks."""
        return self.creates or self.deletes or self.moves or self._has(b"old mode ")

    @property
    def is_submodule(self) -> bool:
        lines = [line for hunk in self.hunks for line in hunk.lines]
        return bool(lines) and all(_SUBMODULE.match(line) for line in lines)

    @property
    def is_bare(self) -> bool:
        """Whether there are only names in it, and nothing that happens to them."""
        return not (self.hunks or self.binary or self.changes_more or self.lacks_content)

    def begin(self) -> None:
        """Let it make the file, which it does not say that it does."""
        at = next((number for number, line in enumerate(self.header) if line.startswith(_GIT)), None)
        if at is not None:
            self.header.insert(at + 1, b"new file mode 100644")
        self.header = [b"--- /dev/null" if line.startswith(b"--- ") else line for line in self.header]

    @property
    def made_for(self) -> str:
        """The hash, as long as it is written, of the blob that the hunks were made for; "" where it is not named."""
        found = [match for match in (_INDEX.match(line) for line in self.header) if match]
        return found[0][1].decode() if found else ""

    @property
    def names(self) -> bytes:
        """A diff that git finds the same paths in."""
        if self.binary or not self.hunks:
            return self.text
        if self.creates:
            return self._header + b"@@ -0,0 +1 @@\n+x\n"
        return self._header + (b"@@ -1 +0,0 @@\n-x\n" if self.deletes else b"@@ -1 +1 @@\n-x\n+y\n")

    @property
    def text(self) -> bytes:
        """The section where git itself has to say what it means: no hunk of it is placed."""
        return self._header + self.binary + b"".join(_written(hunk) for hunk in self.hunks)

    @property
    def _header(self) -> bytes:
        return b"".join(line + b"\n" for line in self.header)

    def _has(self, *begins: bytes) -> bool:
        return any(line.startswith(begins) for line in self.header)


@dataclass(frozen=True)
class Diff:
    """What was read, and what had to be taken off before it could be."""

    sections: list[Section]
    notes: list[str]
    stray: tuple[bytes, int] | None = None  # the first line that belongs to a diff and to no section, and its number


def read(text: bytes) -> Diff:
    """Return the sections of a diff; none where there is none."""
    found = _read(text)
    if found.sections:
        return found
    for strip, note in ((_uncoloured, "terminal colours were stripped"), (_flush, "the indentation was stripped")):
        other = _read(strip(text))
        if other.sections:
            return Diff(other.sections, [note, *other.notes], other.stray)
    return found


def _uncoloured(text: bytes) -> bytes:
    return _COLOURS.sub(b"", text)


def _flush(text: bytes) -> bytes:
    return textwrap.dedent(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _read(text: bytes) -> Diff:
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    sections: list[Section] = []
    at = mail = 0
    stray: tuple[bytes, int] | None = None
    notes: list[str] = []
    is_open = False  # whether a header or hunk that comes now belongs to the last section
    while at < len(lines):
        line = lines[at]
        if _MAIL.match(line):
            mail, is_open = mail + 1, False
        elif line.startswith(_GIT):
            sections.append(Section(at + 1, mail, [line.rstrip(b"\r")]))
            is_open = True
        elif _begins_file(lines, at):
            if not is_open or sections[-1].hunks or sections[-1]._has(b"--- "):
                sections.append(Section(at + 1, mail))
                is_open = True
            sections[-1].header += [name.rstrip(b"\r") for name in lines[at : at + 2]]
            at += 1
        elif line.startswith(b"@@") and not line.startswith(b"@@@") and is_open:
            hunk, at = _hunk(lines, at)
            sections[-1].hunks.append(hunk)
            continue
        elif line.startswith(_BINARY) and is_open:
            end = next((n for n in range(at + 1, len(lines)) if _ends_binary(lines, n)), len(lines))
            sections[-1].binary = b"".join(one.rstrip(b"\r") + b"\n" for one in lines[at:end])
            at = end
            continue
        elif is_open and not sections[-1].hunks and _EXTENDED.match(line):
            sections[-1].header.append(line.rstrip(b"\r"))
        elif _STRAY.match(line):
            stray = stray or (line, at + 1)
        elif _TOLD.match(line):
            notes.append(f"passed over: {line.decode('utf-8', 'replace').strip()}")
        at += 1
    return Diff(sections, notes, stray)


def _begins_file(lines: list[bytes], at: int) -> bool:
    """Whether the names of a file stand here. In a hunk every line has a mark, so `@@` as the third is none of it."""
    here = lines[at : at + 3]
    return len(here) == 3 and here[0].startswith(b"--- ") and here[1].startswith(b"+++ ") and bool(_AT.match(here[2]))


def _ends_binary(lines: list[bytes], at: int) -> bool:
    return lines[at].startswith(_GIT) or bool(_MAIL.match(lines[at])) or _is_signature(lines, at)


def _is_signature(lines: list[bytes], at: int) -> bool:
    """Whether the end of a mail of `git format-patch` stands here."""
    return lines[at] in (b"-- ", b"--", b"-- \r") and bool(_SIGNATURE.match(b"\n".join(lines[at : at + 5])))


def _hunk(lines: list[bytes], at: int) -> tuple[Hunk, int]:
    """Return the hunk whose header stands here, and where the diff goes on."""
    header = _HUNK.match(lines[at])
    counts = (_number(header[2]), _number(header[4])) if header else None
    end = _counted(lines, at + 1, counts) if counts else at + 1
    taken = tally(lines[at + 1 : end])
    if counts != taken or _goes_on(lines, end):
        end = _marked(lines, end, blanks=counts != taken)
    while end < len(lines) and lines[end].startswith(b"\\"):
        end += 1
    after = next((lines[number] for number in range(end, len(lines)) if lines[number].strip()), None)
    body = tuple(b" " + line if line in (b"", b"\r") else line for line in lines[at + 1 : end])
    start = int(header[1]) if header else None
    return Hunk(at + 1, start, counts, body, after is None, after is not None and is_ellipsis(after)), end


def _counted(lines: list[bytes], at: int, counts: tuple[int, int]) -> int:
    """Return where the lines end that the counts promise."""
    old, new = counts
    while (old > 0 or new > 0) and at < len(lines) and not _stops(lines, at):
        mark = lines[at][:1]
        if mark in (b"", b"\r") and not (old > 0 and new > 0):
            break
        if mark != b"\\":
            old, new = old - (mark != b"+"), new - (mark != b"-")
        at += 1
    return at


def _marked(lines: list[bytes], at: int, blanks: bool) -> int:
    """Return where the lines with marks end; blank ones count only before others, and where they may."""
    end = at
    while at < len(lines) and not _stops(lines, at) and not _is_signature(lines, at):
        if lines[at][:1] in (b" ", b"+", b"-", b"\\") and lines[at] != b"\r":
            end = at + 1
        elif not blanks or lines[at].strip():
            break
        at += 1
    return end


def _goes_on(lines: list[bytes], at: int) -> bool:
    more = at < len(lines) and lines[at][:1] in (b" ", b"+", b"-") and bool(lines[at].strip())
    return more and not _stops(lines, at) and not _is_signature(lines, at)


def _stops(lines: list[bytes], at: int) -> bool:
    return (
        lines[at].startswith((b"@@", _GIT, b"diff --cc ", b"diff --combined "))
        or _begins_file(lines, at)
        or bool(_MAIL.match(lines[at]))
    )


def is_ellipsis(line: bytes) -> bool:
    """Whether the line stands for others: `...`, `# ... rest unchanged`."""
    return bool(_ELLIPSIS.match(line))


def _number(count: bytes | None) -> int:
    return 1 if count is None else int(count)


def tally(lines: tuple[bytes, ...] | list[bytes]) -> tuple[int, int]:
    """Return how many old and new lines there are; a line without a mark counts as context."""
    marks = [line[:1] for line in lines]
    context = sum(mark not in (b"+", b"-", b"\\") for mark in marks)
    return context + marks.count(b"-"), context + marks.count(b"+")


def ends(lines: tuple[bytes, ...] | list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the old and the new lines of a hunk, with their line ends."""
    old: list[bytes] = []
    new: list[bytes] = []
    for line, bare in _with_ends(lines):
        text = line[1:] + (b"" if bare else b"\n")
        if line[:1] != b"+":
            old.append(text)
        if line[:1] != b"-":
            new.append(text)
    return old, new


def _with_ends(lines: tuple[bytes, ...] | list[bytes]) -> Iterator[tuple[bytes, bool]]:
    for number, line in enumerate(lines):
        if not line.startswith(b"\\"):
            yield line, number + 1 < len(lines) and lines[number + 1].startswith(b"\\")


def _written(hunk: Hunk) -> bytes:
    old, new = tally(hunk.lines)
    header = b"@@ -%d,%d +%d,%d @@\n" % (hunk.start or 0, old, hunk.start or 0, new)
    return header + b"".join(line + b"\n" for line in hunk.lines)
