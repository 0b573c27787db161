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

from cccc.common.errors import UserError
from cccc.common.text import fences, strict_yaml

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

_LARGEST = 64 * 1024
_MOST_CHECKS = 20
_LONGEST_NAME = 200
_LONGEST_LIMIT = 3600.0
_LARGEST_META = 1000
_MARKERS = ("type", "intent")  # what a card of the mailbox has besides
_LABELS = frozenset({"", "yaml", "yml", "json", "evidence"})
_TAGS = re.compile(r"(?m)\n?^[ \t]*</?(?:TO|FROM)_\w+>[ \t\r]*$|\[MID: [^][]*\]")


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
    fields = {name: value for name, value in _mapping(text).items() if name not in _MARKERS}
    card = _Reader(strict_yaml.as_written(text)).card(fields)
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
        strict_yaml.check(text)
        found = yaml.load(text, strict_yaml.Loader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # of numbers, dates and keys
        raise _refused(strict_yaml.broken(text, error)) from None
    except strict_yaml.BadYAML as error:
        raise _refused(error) from None
    if not isinstance(found, dict):
        raise CardError("card: not a mapping; title and checks are needed")
    return found


def _refused(error: strict_yaml.BadYAML) -> CardError:
    what = f"neither YAML nor JSON: {error}" if isinstance(error, strict_yaml.NotYAML) else str(error)
    return CardError(f"card: {what}" + (f" (line {error.line})" if error.line else ""))


class _Reader:
    """Turns a card's mapping into the card; knows what was written where YAML read no text, as of `no` and `1.0`."""

    def __init__(self, written: Any) -> None:
        self._written = written

    def card(self, fields: dict[str, Any]) -> Card:
        self._keys(fields, Card)
        listed = fields["checks"]
        if not isinstance(listed, list):
            raise CardError("card.checks: must be a list")
        meta = fields.get("meta", {})
        if not isinstance(meta, dict):
            raise CardError("card.meta: must be a mapping")
        try:
            meta = msgspec.to_builtins(meta, str_keys=True)
        except TypeError:  # a key that is a date, a switch or nothing
            raise CardError("card.meta: each key must be text; quote it") from None
        return Card(
            title=self._text(fields, "title"),
            checks=[self._check(given, "checks", number) for number, given in enumerate(listed)],
            kind=self._text(fields, "kind") if "kind" in fields else "generic",
            meta=meta,
        )

    def _check(self, given: Any, *at: str | int) -> Check:
        if not isinstance(given, dict):
            raise CardError(f"card{_path(at)}: must be a mapping with name and run")
        self._keys(given, Check, *at)
        limit, allowed = given.get("timeout_sec", 120), given.get("allow_failure", False)
        if isinstance(limit, bool) or not isinstance(limit, (int, float)):
            raise CardError(f"card{_path(at)}.timeout_sec: must be a number of seconds")
        if not isinstance(allowed, bool):
            raise CardError(f"card{_path(at)}.allow_failure: must be true or false")
        return Check(self._text(given, "name", *at), self._text(given, "run", *at), limit, allowed)

    def _keys(self, fields: dict[Any, Any], kind: type[msgspec.Struct], *at: str | int) -> None:
        for key in fields:
            if key not in kind.__struct_fields__:
                allowed = ", ".join(kind.__struct_fields__)
                raise CardError(f"card{_path(at)}: unknown key {str(key)[:40]!r}; allowed: {allowed}")
        for key in kind.__struct_fields__[: -len(kind.__struct_defaults__)]:
            if key not in fields:
                raise CardError(f"card{_path(at)}: {key} is missing")

    def _text(self, fields: dict[str, Any], key: str, *at: str | int) -> str:
        value = fields[key]
        if isinstance(value, str):
            return value
        written = self._written
        with contextlib.suppress(KeyError):  # a key that came by `<<`
            for step in (*at, key):
                written = written[step]
        quote = f"; quote it: {key}: '{written}'" if written and isinstance(written, str) else ""
        raise CardError(f"card{_path((*at, key))}: must be text{quote}")


def _path(steps: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


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
