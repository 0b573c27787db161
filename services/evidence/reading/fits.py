"""How a patch is to be read on a base: the paths, which git finds, and the text of each file that it changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, Protocol, Tuple  # noqa: UP035

from cccc.common.machine import git
from cccc.services.evidence.reading import change, diff, mistakes
from cccc.services.evidence.reading.diff import Section
from cccc.services.evidence.reading.placing import File, Misfit

# The letters before the first slash of both ends; "" where there is none.
_GIT_HEADER = re.compile(rb'^diff --git (?:"?([a-z])/)?[^\n]*? (?:"?([a-z])/)?[^\n]*\n', re.MULTILINE)
_PLAIN_HEADER = re.compile(rb'^--- (?:"?([a-z])/)?[^\n]*\n\+\+\+ (?:"?([a-z])/)?[^\n]*\n@@ ', re.MULTILINE)
_MOST_ALIKE = 3

Content = Tuple[str, bytes]  # noqa: UP006  # its hash as git has it, and the bytes
Git = Callable[..., bytes]  # runs git in the gate tree with these words and `input`, and returns what it printed


class NoDiff(Exception):
    """No patch can be read in the bytes: a word for programs, a colon, words for its author."""


class DoesNotApply(Exception):
    """The patch does not fit this base; words for its author."""


class Absent(Misfit):
    """A file that the patch changes is not there."""


@dataclass(frozen=True)
class Part:
    """Sections that git takes at once: of one mail, and each path changed once."""

    sections: list[Section] = field(default_factory=list)
    old: list[str] = field(default_factory=list)  # the name of each section's file before
    new: list[str] = field(default_factory=list)  # and after it


@dataclass(frozen=True)
class Fit:
    """How a patch is to be read so that its paths are those of the repository."""

    level: str  # of `git apply`
    folder: str  # that its names are below: "" or "sub/dir/"
    parts: list[Part]
    notes: list[str]

    @property
    def options(self) -> tuple[str, ...]:
        return (self.level, f"--directory={self.folder.rstrip('/')}") if self.folder else (self.level,)

    @property
    def names(self) -> list[str]:
        return [name for part in self.parts for name in part.new]

    @property
    def paths(self) -> list[str]:
        return [self.folder + name for name in self.names]


def fit(patch: bytes, repo: git.Repo, run: Git) -> Fit:
    """Return how the patch is to be read. Raises NoDiff when there is none in it, or git cannot tell its paths.

    Decided by the patch's own headers, not by trial: a patch that only adds files fits anywhere.
    """
    read = diff.read(patch)
    if not read.sections:
        raise NoDiff(mistakes.unreadable(patch))
    if read.stray:
        raise NoDiff(mistakes.unreadable(*read.stray))
    for bare in (section for section in read.sections if section.is_bare):
        raise NoDiff(mistakes.unreadable(bare.text, bare.at))
    asked = b"".join(section.names for section in read.sections)
    level = "-p1" if has_prefixes(asked) else "-p0"
    try:
        new = change.names(run("apply", "--numstat", "-z", level, input=asked))
        # Turned round, git prints the last one first.
        moves = any(section.moves for section in read.sections)
        old = change.names(run("apply", "-R", "--numstat", "-z", level, input=asked))[::-1] if moves else new
    except git.GitError as error:
        raise NoDiff(f"bad-diff: {mistakes.of_git(error.stderr)}") from None
    if not len(new) == len(old) == len(read.sections):
        raise NoDiff(f"bad-diff: git finds {len(new)} files for {len(read.sections)} headers")
    for name in (name for name in new if name.startswith("/")):
        top = f"{repo.top}/"
        inside = name[len(top) :] if name.startswith(top) else ""
        raise NoDiff(f"path-not-allowed: {mistakes.absolute(change.shown([name])[0], inside)}")
    is_here = all(name.startswith(repo.prefix) for name in new)
    return Fit(level, "" if is_here else repo.prefix, _parts(read.sections, old, new), read.notes)


def _parts(sections: list[Section], old: list[str], new: list[str]) -> list[Part]:
    """Split what cannot be taken at once: mails of a series, since git rehas no file name that the same input has made,
    and diffs of one file that were put one behind the other."""
    parts: list[Part] = []
    mail = -1
    for section, before, after in zip(sections, old, new):
        changes = not section.creates and not section.copies
        again = bool(parts) and (
            (changes and before in _changed(parts[-1])) or (not section.deletes and after in _made(parts[-1]))
        )
        if section.mail != mail or again:
            parts.append(Part())
        mail = section.mail
        parts[-1].sections.append(section)
        parts[-1].old.append(before)
        parts[-1].new.append(after)
    return parts


def _changed(part: Part) -> set[str]:
    return {name for section, name in zip(part.sections, part.old) if not section.creates and not section.copies}


def _made(part: Part) -> set[str]:
    return {name for section, name in zip(part.sections, part.new) if not section.deletes}


class Base(Protocol):
    """What a patch is applied to."""

    @property
    def name(self) -> str:
        """Return what people call it."""

    def read(self, paths: list[str]) -> list[Content | None]:
        """Return the content of each path, None where there is none."""

    def knows(self, blobs: list[str]) -> set[str]:
        """Return which of these hashes, or beginnings of one, name a content that was ever there."""

    def tracked(self) -> Iterable[str]:
        """Return all paths."""

    def modules(self) -> Iterable[str]:
        """Return those of them that are submodules."""


def files(part: Part, folder: str, base: Base) -> list[File | None]:
    """Return the file of each section; None where no hunk is to be placed. Raises Misfit."""
    for name in (folder + name for name in (*part.old, *part.new)):
        module = next((module for module in base.modules() if name.startswith(f"{module}/")), "")
        if module and module not in part.old:
            raise Misfit(mistakes.in_submodule(*change.shown([name, module])))
    there = base.read([folder + name for name in part.old])
    older = _older(part, there, base)
    gone = {name for section, name in zip(part.sections, part.old) if section.deletes or section.moves}
    found: list[File | None] = []
    for number, (section, before, after) in enumerate(zip(part.sections, part.old, part.new)):
        name = change.shown([folder + before])[0]
        blob, text = there[number] or ("", b"")
        if section.is_submodule or (section.creates and before in gone):
            pass
        elif section.creates and blob:
            raise Misfit(mistakes.exists(name, b"".join(_added(section)) == text))
        elif not section.creates and not blob:
            if not _only_adds(section):
                raise Absent(_absent(name, folder + after, section, base))
            section.begin()
        if section.lacks_content:
            raise Misfit(f"{name}: {mistakes.of_git('without full index line')}")
        is_text = bool(section.hunks) and not section.binary and not section.is_submodule
        content = b"" if section.creates else text
        found.append(File(name, content, blob, number in older) if is_text else None)
    return found


def _older(part: Part, there: list[Content | None], base: Base) -> set[int]:
    """Return which sections name a version of their file that is known, and is not the base's."""
    named = {
        number: section.made_for
        for number, section in enumerate(part.sections)
        if section.hunks
        and section.made_for.strip("0")
        and not (there[number] or ("",))[0].startswith(section.made_for)
    }
    known = base.knows(list(named.values())) if named else set()
    return {number for number, blob in named.items() if blob in known}


def content_by_itself(name: str, run: Git) -> Content | None:
    """Return what `git.Objects` cannot be asked for, as the name has more than one line."""
    try:
        return run("rev-parse", "--verify", name).decode().strip(), run("cat-file", "blob", name)
    except git.GitError:
        return None


def _added(section: Section) -> list[bytes]:
    return [line for hunk in section.hunks for line in diff.ends(hunk.lines)[1]]


def _only_adds(section: Section) -> bool:
    lines = [line for hunk in section.hunks for line in hunk.lines]
    starts = all(hunk.start in (0, None) for hunk in section.hunks)
    return bool(lines) and starts and not section.moves and all(line[:1] in (b"+", b"\\") for line in lines)


def _absent(name: str, after: str, section: Section, base: Base) -> str:
    tracked = list(base.tracked())
    last = name.rsplit("/", 1)[-1]
    alike = [path for path in tracked if path.rsplit("/", 1)[-1] == last][:_MOST_ALIKE]
    words = mistakes.no_file(name, base.name, change.shown(alike))
    is_done = section.deletes or (section.moves and not section.copies and after in tracked)
    return f"{words} It may already be applied." if is_done and not (section.deletes and alike) else words


def has_prefixes(patch: bytes) -> bool:
    """Whether the paths carry git's one-letter prefixes (a/ and b/, or those of diff.mnemonicPrefix)."""
    pairs = _GIT_HEADER.findall(patch) or _PLAIN_HEADER.findall(patch)
    return all(b"" in pair or pair[0] != pair[1] for pair in pairs) and any(any(pair) for pair in pairs)
