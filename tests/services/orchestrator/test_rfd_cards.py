"""Requests for decision in what a peer wrote."""

from __future__ import annotations

import time

import pytest

from cccc.services.orchestrator.decisions.rfd_cards import Card, card_in

INSIGHT = "\n```insight\nto: PeerB | kind: ask\nmsg: a new angle\n```\n"
YAML = """\
intent: rfd
title: Drop the v1 endpoint
options: [drop, keep]
impact: two callers in src/api, none outside
rollback: revert one commit
default: keep
expires_minutes: 240
"""
CARD = Card(
    id="",
    title="Drop the v1 endpoint",
    question="Drop the v1 endpoint",
    summary="impact: two callers in src/api, none outside\nrollback: revert one commit",
    options=["drop", "keep"],
    default="keep",
    minutes=240,
)


@pytest.mark.parametrize(
    "text",
    [
        YAML,
        YAML + INSIGHT,
        f"```yaml\n{YAML}```\n",
        f"I want to drop it.\n\n```yaml\n{YAML}```\nWhat do you think?\n{INSIGHT}",
        f"~~~yml\n{YAML}~~~\n",
        f"```\n{YAML}```\n{INSIGHT}",
        f"---\n{YAML}",
        YAML.replace("intent: rfd", "type: RFD"),
        YAML.replace("intent: rfd", '"intent": "rfd"  # please'),
        YAML.replace("\n", "\r\n"),
        f"\ufeff{YAML}",
        YAML.replace("[drop, keep]", "\n  - drop\n  - keep"),
        YAML.replace("[drop, keep]", "drop, keep"),
        YAML.replace("title:", "Title:"),
    ],
)
def test_a_card_is_found_however_it_is_wrapped(text: str) -> None:
    assert card_in(text) == CARD


@pytest.mark.parametrize(
    "text",
    [
        "CLAIM: use `intent: rfd` next time" + INSIGHT,
        "the card said\n  intent: rfd\nand nothing else",
        "```diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n intent: rfd\n-a\n+b\n```",
        "```python\nintent: rfd\n```",
        "intent: claim\ntitle: x",
        "",
    ],
)
def test_what_only_mentions_a_card_is_none(text: str) -> None:
    assert card_in(text) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("intent: rfd\nsummary: publish it", "publish it"),
        ("intent: rfd\ntasks: [{desc: publish it}]", "publish it"),
        ("{intent: rfd, title: publish it}", "publish it"),
        ("intent: rfd", ""),
        ("intent: rfd\ntitle: no", "no"),
        ("intent: rfd\ntitle: 2026-01-01", "2026-01-01"),
    ],
)
def test_the_title_is_what_is_there(text: str, title: str) -> None:
    card = card_in(text)
    assert isinstance(card, Card) and card.title == title and card.options == ["approve", "reject"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("intent: rfd\ntitle: [", "not valid YAML in its line 2"),
        ("please decide\nintent: rfd\ntitle: x", "not valid YAML"),
        ("- x\n\n```yaml\n- a\nintent: rfd\n```", "not valid YAML"),
        ('intent: rfd\ntitle: "\\uD800"', "not valid YAML"),
        ('intent: rfd\ntitle: "\\UFFFFFFFF"', "not valid YAML"),
        ("intent: rfd\ntitle: x\nexpires_minutes: 0000000001" + "0" * 5000, "must be a whole number"),
        ("intent: rfd\na: &a [1]\nb: *a", "uses a YAML alias"),
        ("intent: rfd\na: " + "[" * 50 + "]" * 50, "nested more than 6 deep"),
        ("intent: rfd\ntitle: " + "x" * 20_000, "longer than 16 KiB"),
        (
            "intent: rfd\noptions: [drop, keep]\ndefault: maybe",
            "default: 'maybe' is not one of the options: drop, keep",
        ),
        ("intent: rfd\noptions: [drop]", "options: must be 2 to 10"),
        ("intent: rfd\noptions: [drop, Drop]", "options: must be 2 to 10 different"),
        ("intent: rfd\noptions: [drop, revoke]", "options: 'revoke' is empty, too long, or one of"),
        ("intent: rfd\noptions: {a: b}", "options: must be a list"),
        ("intent: rfd\ntitle: {a: b}", "title: must be text"),
        ("intent: rfd\nexpires_minutes: soon", "expires_minutes: must be a whole number from 1 to 525600"),
        ("intent: rfd\nexpires_minutes: 0", "expires_minutes: must be"),
        (f"```yaml\n{YAML}```\n```yaml\n{YAML}```", "has several"),
        ("intent: rfd\n? [a, b]\n: c", "not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_card_is_said_in_one_line(text: str, words: str) -> None:
    wrong = card_in(text)
    assert isinstance(wrong, str) and words in wrong and "\n" not in wrong


@pytest.mark.parametrize("text", ["```" * 30_000, "```yaml\n" * 20_000, "intent: rfd\n" * 20_000, "{" + "a," * 50_000])
def test_long_nonsense_is_read_in_no_time(text: str) -> None:
    begin = time.monotonic()
    card_in(text)
    assert time.monotonic() - begin < 2


def test_a_tag_builds_nothing() -> None:
    card = card_in("intent: rfd\ntitle: !!python/object/apply:os.system [echo hi]")
    assert isinstance(card, Card) and card.title == "echo hi"
