"""The edits of a project that the gate is tried with: which file and which line, by the language. Pure.

An edit is the new content of files, by their paths. Which tests see a mutation is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import PurePosixPath
from typing import Callable, NamedTuple

Edit = dict[str, str]
Read = Callable[[str], str]


class Language(NamedTuple):
    """How comments begin, and what linters of the language forbid at the end of a file."""

    name: str
    suffixes: tuple[str, ...]
    comment: str
    forbidden: str


LANGUAGES = (
    Language("Python", (".py",), "#", "import os,sys\n"),
    Language("JavaScript", (".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx"), "//", "let  unusedHere = 1;;\n"),
    Language("Rust", (".rs",), "//", "fn unused_here( ) { let x=1; }\n"),
    Language("Go", (".go",), "//", "func unusedHere( ) { for { break } }\n"),
    Language("C", (".c", ".cc", ".cpp"), "/*", "static  int unused_here ;\n"),
    Language("Perl", (".pm",), "#", "my  $unused_here=1 ;\n"),
)
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|t|specs?|__tests__|docs?|documentation|examples?|bench(?:es|marks?)?|scripts?|bin|dev|tools?|contrib|fuzz\w*"
    r"|deps|vendor|node_modules|\.[^/]+)/|(?:^|/)(?:conftest|setup|noxfile|build|bench[^/]*|[^/]+(?:\.config|\.d|test-d))\.\w+$"
)
_TEST = re.compile(r"(?:^|/)(?:tests?[-._][^/]*|tests?|[^/]*[-._](?:tests?|spec))\.\w+$|^t/[^/]+\.t$")
_TEST_FOLDER = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__)/(?:[^/]+/)*[^/]+$")
_NO_TEST = re.compile(
    r"(?:^|/)(?:support|fixtures?|utils?|helpers?|data|[^/]*snapshots[^/]*|contrib)/|(?:^|/)(?:__init__|conftest|index)\.\w+$"
)
_MUTATIONS = (
    (re.compile(r"(?<=[\w)\]'\"]) === "), " !== "),
    (re.compile(r"(?<=[\w)\]'\"]) == "), " != "),
    (re.compile(r"(?<=[\w)\]'\"]) !== "), " === "),
    (re.compile(r"(?<=[\w)\]'\"]) != "), " == "),
    (re.compile(r"\breturn True$"), "return False"),
    (re.compile(r"(\breturn |^\s*)true(?=;?$)"), r"\1false"),
    (re.compile(r"(?<=[\w)\]]) && "), " || "),
    (re.compile(r"\bis None:$"), "is not None:"),
    (re.compile(r"^(\s*)if not (?=[\w.()]+:$)"), r"\1if "),
    (re.compile(r"(?<=[\w)\]]) \* (?=\d)"), " + "),
    (re.compile(r"(?<=[\w)\]]) \+ 1\b"), " - 1"),
)
_PROSE = re.compile(r"\s*(?:#|//|/?\*|--|>>>|\.\.\.|while\b|for\b|assert|debug_assert|use\b|import\b)")


def language(files: Sequence[str]) -> Language:
    """Return the language of most of the sources, the first of LANGUAGES where there are none."""
    return max(LANGUAGES, key=lambda one: sum(_is_source(name, one) for name in files))


def sources(files: Sequence[str], of: Language, read: Read) -> list[str]:
    """Return the sources that are no tests, the largest first."""
    return sorted((name for name in files if _is_source(name, of)), key=lambda name: (-len(read(name)), name))


def tests(files: Sequence[str], of: Language) -> list[str]:
    """Return the files with tests, those whose name says so first."""
    suffixes = (*of.suffixes, ".t") if of.name == "Perl" else of.suffixes
    named = [name for name in files if name.endswith(suffixes) and not _NO_TEST.search(name)]
    return sorted(
        (name for name in named if _TEST.search(name) or _TEST_FOLDER.search(name)),
        key=lambda name: (not _TEST.search(name), name.count("/"), name),
    )


def _is_source(name: str, of: Language) -> bool:
    return name.endswith(of.suffixes) and not _ASIDE.search(name) and not _TEST.search(name)


def harmless(path: str, text: str, of: Language) -> Edit:
    """Return a comment more: above a comment of its own line, else at the end."""
    lines = text.splitlines(keepends=True)
    said = f"{of.comment} Looked at again.{' */' if of.comment == '/*' else ''}"
    for number, line in enumerate(lines[2:], 2):
        own = re.match(rf"(\s*){re.escape(of.comment)} \w", line)
        if own:
            return {path: "".join([*lines[:number], f"{own[1]}{said}\n", *lines[number:]])}
    return {path: f"{text.rstrip()}\n\n\n{said}\n" if of.name == "Python" else f"{text.rstrip()}\n\n{said}\n"}


def forbidden(path: str, text: str, of: Language) -> Edit:
    """Return what a linter of the language refuses, at the end."""
    return {path: f"{text.rstrip()}\n\n{of.forbidden}"}


def mutations(texts: Sequence[tuple[str, str]], most: int) -> Iterator[Edit]:
    """Yield edits of one line that a test may see, by turns from each of the files, spread over each."""
    each = [list(_spread(list(_of_file(path, text)), most)) for path, text in texts]
    yield from islice((edit for turn in zip_longest(*each) for edit in turn if edit), most)


def _of_file(path: str, text: str) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if _PROSE.match(line) or "/*" in line:
            continue
        bare = line.rstrip("\r\n")
        for pattern, instead in _MUTATIONS:
            changed = pattern.sub(instead, bare, count=1)
            if changed != bare:
                yield {path: "".join([*lines[:number], changed + line[len(bare) :], *lines[number + 1 :]])}
                break


def _spread(edits: list[Edit], most: int) -> Iterator[Edit]:
    """Yield so many of them, the middle one first, then those at the quarters, the eighths and so on."""
    seen: set[int] = set()
    parts = 2
    while len(seen) < min(most, len(edits)):
        for part in range(1, parts, 2):
            number = len(edits) * part // parts
            if number not in seen:
                seen.add(number)
                yield edits[number]
        parts *= 2


def place(path: str, name: str) -> str:
    """Return the path of a file beside another."""
    return str(PurePosixPath(path).with_name(name))
