"""Evidence cards: claims with the commands that prove them, in YAML or JSON.

title: the parser takes empty files
checks:
  - name: unit
    run: pytest -q tests/test_parser.py
    timeout_sec: 60        # 120 when left out
    allow_failure: false   # true: shown, but the card passes without it
kind: generic
meta: {owner: PeerA}
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, Dict, List, Optional

import msgspec
import yaml

from cccc.common import fences
from cccc.common.errors import UserError

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

_LARGEST = 64 * 1024
_MOST_CHECKS = 20
_LONGEST_NAME = 200
_LONGEST_LIMIT = 3600.0
_LARGEST_META = 1000
_MARKERS = ("type", "intent")  # what a card of the mailbox has besides
_DEEPEST = 16
_LABELS = frozenset({"", "yaml", "yml", "json", "evidence"})
_STEP = re.compile(r"\w+")  # of a path such as .checks[0].name
_TAGS = re.compile(r"(?m)\n?^[ \t]*</?(?:TO|FROM)_\w+>[ \t\r]*$|\[MID: [^][]*\]")


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CardError(UserError):
    """A card cannot be run: which key, and what is allowed there."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command of a card."""

    name: str
    run: str
    timeout_sec: float = 120
    allow_failure: bool = False


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is claimed, and how it is proved."""

    title: str
    checks: List[Check]
    kind: str = "generic"
    meta: Dict[str, Any] = {}


def parse(text: str) -> Card:
    """Read a card. Raises CardError."""
    fields = _mapping(text)
    for name in _MARKERS:
        fields.pop(name, None)
    try:
        card = msgspec.convert(msgspec.to_builtins(fields, str_keys=True), Card)
    except (msgspec.ValidationError, TypeError) as error:
        raise CardError(f"card{_in_words(str(error), text)}") from None
    problem = _problem(card)
    if problem:
        raise CardError(f"card: {problem}")
    return card


def find(message: str) -> Optional[str]:
    """Return the text of the card in a peer's message, None when there is none.

    A card is the whole message, or a fenced block of it, with `checks` and `type: EVIDENCE` or `kind: evidence`.
    """
    outside, fenced = fences.apart(message)
    blocks = [block for label, block in fenced if label in _LABELS]
    return next((text for text in (*blocks, _TAGS.sub("", outside)) if _is_card(text)), None)


def stands_alone(message: str) -> bool:
    """Whether a peer's message is a card and nothing else."""
    outside, fenced = fences.apart(message)
    alone = not fenced if _TAGS.sub("", outside).strip() else len(fenced) == 1
    return alone and find(message) is not None


def _is_card(text: str) -> bool:
    if "checks" not in text:
        return False
    try:
        fields = _mapping(text)
    except CardError:  # prose, or a card so broken that it cannot be told from prose
        return False
    said = {str(fields.get(name, "")).lower() for name in ("type", "kind")}
    return "checks" in fields and "evidence" in said


def _mapping(text: str) -> Dict[str, Any]:
    if len(text) > _LARGEST:
        raise CardError(f"card: larger than {_LARGEST >> 10} KiB")
    try:
        _refuse_odd(text)
        found = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: of escapes, numbers and dates
        raise CardError(f"card: neither YAML nor JSON: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise CardError("card: not a mapping; title and checks are needed")
    return found


def _refuse_odd(text: str) -> None:
    """Raise CardError for what grows (aliases), sinks (nesting) or is converted into anything (tags)."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise CardError("card: aliases (*name) are not allowed")
        if getattr(event, "tag", None):
            raise CardError("card: tags (!name) are not allowed; quote a text that begins with !")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise CardError(f"card: nested more than {_DEEPEST} deep")
        if isinstance(event, yaml.ScalarEvent):
            event.value.encode()  # half a sign, written as an escape, is no text


def _in_words(error: str, text: str) -> str:
    """Return where a card is wrong and how; YAML reads an unquoted `no` or `1.0` as something else than text."""
    what, _, where = error.partition(" - at `$")
    where = where.rstrip("`")
    if not what.startswith("Expected `str`"):
        return f"{where}: {what}"
    key, written = "", yaml.load(text, yaml.BaseLoader)  # everything as it was written
    with contextlib.suppress(KeyError):  # a key that came by `<<`
        for key in _STEP.findall(where):
            written = written[int(key) if key.isdigit() else key]
    quote = f"; quote it: {key}: '{written}'" if written and isinstance(written, str) else ""
    return f"{where}: must be text{quote}"


def _problem(card: Card) -> str:
    names = [check.name for check in card.checks]
    if not _is_line(card.title):
        return f"title: one line of at most {_LONGEST_NAME} characters is needed"
    if not _is_line(card.kind):
        return f"kind: one line of at most {_LONGEST_NAME} characters"
    if not 1 <= len(names) <= _MOST_CHECKS:
        return f"checks: from 1 to {_MOST_CHECKS} are allowed, not {len(names)}"
    if len(set(names)) < len(names) or not all(map(_is_line, names)):
        return "checks: each needs a name of its own, in one line"
    empty = [check.name for check in card.checks if not check.run.strip()]
    if empty:
        return f"checks: {empty[0]} has no command in `run`"
    endless = [check.name for check in card.checks if not 0 < check.timeout_sec <= _LONGEST_LIMIT]
    if endless:
        return f"checks: timeout_sec of {endless[0]} must be more than 0 and at most {_LONGEST_LIMIT:g}"
    if len(msgspec.json.encode(card.meta)) > _LARGEST_META:
        return f"meta: at most {_LARGEST_META} bytes as JSON"
    return ""


def _is_line(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _LONGEST_NAME and text.isprintable()
