"""The message of the commit that a patch lands as: its own words, else what it changes. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import PurePath

from cccc.common.text import redaction
from cccc.common.text.lines import plain
from cccc.services.evidence.reading.change import ABSENT, Change, shown
from cccc.services.evidence.reading.words import Words

SUBJECT, BODY = 72, 100  # columns
_LONGEST = 16_000  # characters of a body
# Whatever stands for no words at all.
_NOTHING = re.compile(r"(?i)\W*(?:apply(?:ing)?\s+(?:the|this|a|my)?\s*)?(?:patch|diff|changes?|wip)?(?:\.diff)?\W*")
_TRAILER = re.compile(r"(?i)\s*(?:cccc-[\w-]+|signed-off-by|co-authored-by)\s*:")
_TEST = re.compile(r"(?:^|[._-])(?:tests?|spec)(?:$|[._-])|^Test(?=[A-Z])|(?<=[a-z0-9])(?:Tests?|Spec)$")


def problem(words: Words | None) -> str:
    """Return why these words may not stand in a commit, or ""."""
    text = f"{words.subject}\n{words.body}" if words else ""
    if redaction.default.redact(text) == text:
        return ""
    return "commit-message: it contains what looks like a token or password; hand the patch in without it"


def compose(subject: str, body: str, trailers: Sequence[str]) -> str:
    """Return a message. A subject that is too long is cut, and stands whole in the body."""
    line = short = plain(subject)
    if len(line) > SUBJECT:
        short = f"{textwrap.wrap(line, SUBJECT - 1, break_on_hyphens=False)[0]}…"
        body = f"{line}\n\n{body}".strip()
    parts = [short, _tidy(body), "\n".join(trailers)]
    return "\n\n".join(part for part in parts if part) + "\n"


def subject(words: Words | None, changes: Sequence[Change]) -> str:
    """Return the subject that a patch gives itself, else what it changes in a line."""
    told = plain(words.subject).strip() if words else ""
    return computed(changes) if _NOTHING.fullmatch(told) else told


def computed(changes: Sequence[Change]) -> str:
    """Say what was changed: `Update wordcount/counter.py and its test`."""
    added = {change.path: change.blob for change in changes if change.old_mode == ABSENT}
    gone = {change.path: change.old_blob for change in changes if change.new_mode == ABSENT}
    moved = [(old, new) for old, blob in gone.items() for new, fresh in added.items() if blob == fresh]
    if len(moved) == 1 and len(changes) == len(moved[0]):
        old, new = shown(moved[0])
        return _fitting(f"Rename {old} to {new}", f"Rename {PurePath(old).name} to {PurePath(new).name}")
    verb = "Add" if len(added) == len(changes) else "Remove" if len(gone) == len(changes) else "Update"
    paths = shown(change.path for change in changes if verb != "Update" or change.path not in gone) or shown(gone)
    return _fitting(*(f"{verb} {what}" for what in _what(paths)))


def _what(paths: Sequence[str]) -> list[str]:
    """Say of which files, in fewer and fewer words."""
    sources = [path for path in paths if not _is_test(path)]
    tests = [path for path in paths if _is_test(path)]
    names = [*sources, *tests]
    if len(sources) == 1 and tests and all(_stem(test) == _stem(sources[0]) for test in tests):
        names = [sources[0], "its test" if len(tests) == 1 else "its tests"]
    if len(names) == 1:
        return [names[0], PurePath(names[0]).name]
    if len(names) == 2:
        return [" and ".join(names), " and ".join(PurePath(name).name for name in names), f"{len(paths)} files"]
    return [f"{names[0]} and {len(names) - 1} more files", f"{len(paths)} files"]


def _is_test(path: str) -> bool:
    return bool(_TEST.search(PurePath(path).name.split(".")[0]) or re.search(r"[._](?:test|spec)\.", path))


def _stem(path: str) -> str:
    """Return the part of a file's name that it shares with its test."""
    name = re.sub(r"(?i)\.(?:test|spec)(?=\.)", "", PurePath(path).name)
    return _TEST.sub("", name.split(".")[0]).strip("._-").lower()


def _fitting(*ways: str) -> str:
    return next((way for way in ways if len(way) <= SUBJECT), ways[-1])


def _tidy(body: str) -> str:
    """Return a body as git wants it: lines of 100 columns, no control characters, no trailers of somebody else."""
    lines = []
    for line in body[:_LONGEST].expandtabs(4).split("\n"):
        clean = "".join(sign for sign in line if sign.isprintable()).rstrip()
        clean = f"> {clean.strip()}" if _TRAILER.match(clean) else clean
        if len(clean) <= BODY or clean.startswith("    "):
            lines.append(clean)
        else:
            hang = " " * (len(clean) - len(clean.lstrip("-* ")))
            lines += textwrap.wrap(clean, BODY, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
