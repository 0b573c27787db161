"""Finding a request for decision in what a peer wrote: YAML with `intent: rfd` or `type: rfd`. Pure.

The card is the message (less its insight block), or a fenced yaml block in it. Every value is the
text that was written: YAML's own `no` for false, or a date, would not be what the author meant.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cccc.common.text import fences, strict_yaml
from cccc.services.orchestrator.mail import insight

LARGEST = 16 * 1024
_DEEPEST = 6
_MOST_OPTIONS, _LONGEST_OPTION = 10, 60
_A_YEAR = 525_600
_LABELS = frozenset({"", "yaml", "yml", "rfd"})
VERBS = frozenset({"ask", "revoke", "check"})
_MARK = r"[\"']?(?:intent|type)[\"']?[ \t]*:[ \t]*[\"']?rfd[\"']?[ \t]*"
_BLOCK_MARK = re.compile(rf"^[ \t]*{_MARK}(?:#.*)?$", re.IGNORECASE | re.MULTILINE)
_PLAIN_MARK = re.compile(rf"^{_MARK}(?:#.*)?$", re.IGNORECASE | re.MULTILINE)
_FLOW_MARK = re.compile(rf"\A\s*\{{(?:[^}}]*,)?\s*{_MARK}[,}}]", re.IGNORECASE)


class Card(NamedTuple):
    """What an author asks for. `id` and `default` may be empty; `minutes` 0 is the settings' number."""

    id: str
    title: str
    question: str
    summary: str
    options: list[str]
    default: str
    minutes: int


def card_in(text: str) -> Card | str | None:
    """Return the card in a message, or what is wrong with it in one line, or None when there is none."""
    marked, _ = _marked(insight.read(text).body)
    if not marked:
        return None
    if len(marked) > 1:
        return "only one request per message, this one has several"
    try:
        return _card(_mapping(marked[0]))
    except _Wrong as wrong:
        return str(wrong)


def stands_alone(text: str) -> bool:
    """Whether a message is a card and nothing else, not even an insight."""
    marked, rest = _marked(text)
    return len(marked) == 1 and not rest and isinstance(card_in(text), Card)


def _marked(body: str) -> tuple[list[str], bool]:
    """Return the parts of a message that say they are cards, and whether there is more in it."""
    plain, fenced = fences.apart(body.replace("\r\n", "\n").lstrip("\ufeff"))
    marked = [block for label, block in fenced if label in _LABELS and _is_marked(_BLOCK_MARK, block)]
    if not marked and _is_marked(_PLAIN_MARK, plain):
        return [plain], bool(fenced)
    return marked, len(fenced) > len(marked) or bool(plain.strip())


def _is_marked(mark: re.Pattern[str], text: str) -> bool:
    return bool(mark.search(text) or _FLOW_MARK.search(text))


class _Wrong(Exception):
    """What is wrong with a card."""


def _mapping(text: str) -> dict[str, Any]:
    """Return the YAML mapping of a card, all its scalars as written."""
    if len(text.encode()) > LARGEST:
        raise _Wrong(f"the request is longer than {LARGEST // 1024} KiB; shorten it and refer to files by path")
    try:
        read = strict_yaml.as_written(text, _DEEPEST)
    except strict_yaml.NotYAML as error:
        where = f" in its line {error.line}" if error.line else ""
        raise _Wrong(f"the request is not valid YAML{where}: {error}; a ```yaml fence helps") from None
    except strict_yaml.BadYAML as error:
        raise _Wrong(f"the request {error}") from None
    if not isinstance(read, dict):
        raise _Wrong("the request is not a YAML mapping; put it alone in the file or into a ```yaml fence")
    return {key.lower(): value for key, value in read.items() if isinstance(key, str)}


def _card(fields: dict[str, Any]) -> Card:
    tasks = fields.get("tasks")
    first = tasks[0] if isinstance(tasks, list) and tasks else {}
    described = first.get("desc", "") if isinstance(first, dict) else first
    title = _text(fields, "title") or _text(fields, "summary") or " ".join(str(described).split())
    options = _options(fields.get("options"))
    default = _text(fields, "default")
    if default and default not in options:
        raise _Wrong(f"default: {default!r} is not one of the options: {', '.join(options)}")
    more = [f"{name}: {_text(fields, name)}" for name in ("impact", "rollback") if _text(fields, name)]
    summary = "\n".join(([_text(fields, "summary")] if _text(fields, "title") else []) + more).strip()
    return Card(
        id=_text(fields, "id"),
        title=title,
        question=_text(fields, "question") or title,
        summary=summary,
        options=options,
        default=default,
        minutes=_minutes(_text(fields, "expires_minutes")),
    )


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = "; ".join(value)
    if not isinstance(value, str):
        raise _Wrong(f"{name}: must be text")
    return " ".join(value.split())


def _options(given: Any) -> list[str]:
    if given in (None, "", []):
        return ["approve", "reject"]
    listed = given.split(",") if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(option, str) for option in listed):
        raise _Wrong("options: must be a list of texts")
    options = [" ".join(option.split()) for option in listed]
    if not 2 <= len(options) <= _MOST_OPTIONS or len({option.lower() for option in options}) != len(options):
        raise _Wrong(f"options: must be 2 to {_MOST_OPTIONS} different texts")
    for option in options:
        if not option or len(option) > _LONGEST_OPTION or option.lower() in VERBS:
            raise _Wrong(
                f"options: {option[:_LONGEST_OPTION]!r} is empty, too long, or one of {', '.join(sorted(VERBS))}"
            )
    return options


def _minutes(given: str) -> int:
    if not given:
        return 0
    if not given.isascii() or not given.isdigit() or len(given) > 10 or not 1 <= int(given) <= _A_YEAR:
        raise _Wrong(f"expires_minutes: must be a whole number from 1 to {_A_YEAR}")
    return int(given)
