"""Which messages of one peer are worth the other's attention: `handoff_filter` in policies.yaml.

Times are Unix seconds, from the facts; a direction is `PeerA->PeerB` or the other way.
"""

from __future__ import annotations

import hashlib
import re
from typing import Dict, List

import msgspec

from cccc.common.machine.waits import left
from cccc.common.settings.policies import HandoffFilter
from cccc.services.orchestrator.mail import insight

# ruff: noqa: UP006, UP035  # msgspec evaluates annotations, on Python 3.9 too

_KEPT = 5  # forwarded messages that a new one is compared with


class Seen(msgspec.Struct):
    """A message that was let through."""

    at: float
    words: List[str]  # none for one of high signal: too long to be the same as a short one
    short: str = ""  # hash of the normalised text, when it was short


class Direction(msgspec.Struct):
    seen: List[Seen] = msgspec.field(default_factory=list)


class State(msgspec.Struct):
    directions: Dict[str, Direction] = msgspec.field(default_factory=dict)


def refusal(state: State, rules: HandoffFilter, direction: str, text: str, now: float) -> str:
    """Return why a message is not forwarded, or "" and remember it as forwarded."""
    seen = state.directions.setdefault(direction, Direction()).seen
    high, short = _is_high(rules, text), _is_short(rules, text)
    if low(rules, text):
        return "low-signal: it is short and has nothing the other peer needs"
    cool = bool(seen) and left(seen[-1].at, rules.cooldown_seconds, now) > 0
    if cool and not (high and rules.bypass_cooldown_when_high_signal):
        return f"cooldown: the last message was less than {rules.cooldown_seconds:g} s ago"
    digest = _digest(text) if short else ""
    if short and any(one.short == digest and left(one.at, rules.dedup_short_seconds, now) for one in seen):
        return f"duplicate: the same short message within {rules.dedup_short_seconds:g} s"
    words = insight.words(text)
    for one in [] if high else seen[-_KEPT:]:
        recent = left(one.at, rules.redundant_window_seconds, now) > 0
        if recent and insight.likeness(words, frozenset(one.words)) >= rules.redundant_similarity_threshold:
            return f"redundant: nearly the same words within {rules.redundant_window_seconds:g} s"
    seen.append(Seen(now, [] if high else sorted(words), digest))
    del seen[: -max(_KEPT, rules.dedup_max_keep)]
    return ""


def low(rules: HandoffFilter, text: str) -> bool:
    """Return whether a text says nothing."""
    if not text.strip():
        return True
    empty = _is_short(rules, text) and _matches(rules.drop_regexes, text) and not _required(rules, text)
    return empty and not _is_high(rules, text)


def _is_high(rules: HandoffFilter, text: str) -> bool:
    return (
        _has(rules.boost_keywords_any, text)
        or _matches(rules.boost_regexes, text)
        or "?" in text
        or len(text) >= max(120, 3 * rules.min_chars)
        or len(text.split()) >= max(25, 3 * rules.min_words)
    )


def _is_short(rules: HandoffFilter, text: str) -> bool:
    return len(text) < rules.min_chars and len(text.split()) < rules.min_words


def _required(rules: HandoffFilter, text: str) -> bool:
    return _has(rules.require_keywords_any, text)


def _has(keywords: tuple[str, ...], text: str) -> bool:
    return any(keyword.lower() in text.lower() for keyword in keywords)


def _matches(regexes: tuple[str, ...], text: str) -> bool:
    return any(re.search(regex, text) for regex in regexes)


def _digest(text: str) -> str:
    normal = re.sub(r"[^\w\s]", "", " ".join(text.lower().split()))
    return hashlib.sha256(normal.encode()).hexdigest()[:16]
