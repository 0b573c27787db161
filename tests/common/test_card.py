"""Evidence cards as people and peers write them."""

from __future__ import annotations

import pytest

from cccc.common import card
from cccc.common.card import Card, CardError, Check

YAML = "title: a claim\nkind: generic\nmeta: {who: PeerA}\nchecks:\n  - name: one\n    run: 'true'\n"
JSON = '{"title": "a claim", "meta": {"who": "PeerA"}, "checks": [{"name": "one", "run": "true"}]}'


@pytest.mark.parametrize("text", [YAML, JSON, "type: EVIDENCE\nintent: prove it\n" + YAML])
def test_a_card_is_yaml_or_json(text: str) -> None:
    assert card.parse(text) == Card("a claim", [Check("one", "true", 120, False)], "generic", {"who": "PeerA"})


def test_every_key_of_a_check_is_read() -> None:
    text = "title: t\nchecks: [{name: a, run: x, timeout_sec: 0.5, allow_failure: true}]"
    assert card.parse(text).checks == [Check("a", "x", 0.5, True)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("just words", "card: not a mapping"),
        ("a: [", "card: neither YAML nor JSON: "),
        ("checks: [{name: a, run: b}]", "card: title is missing"),
        ("title: t\nchecks: [{name: a}]", "card.checks[0]: run is missing"),
        (
            "title: t\nchecks: [{name: a, run: b, shell: c}]",
            "card.checks[0]: unknown key 'shell'; allowed: name, run, timeout_sec",
        ),
        (
            "title: t\nchecks: [{name: a, run: b, timeout_sec: soon}]",
            "card.checks[0].timeout_sec: must be a number of seconds",
        ),
        ("title: no\nchecks: []", "card.title: must be text; quote it: title: 'no'"),
        ("title: t\nchecks: [{name: 1.0, run: b}]", "card.checks[0].name: must be text; quote it: name: '1.0'"),
        ("title: t\nchecks: [{name: a, run: true}]", "card.checks[0].run: must be text; quote it: run: 'true'"),
        ("title: t\nchecks: [{name: a, run: [b]}]", "card.checks[0].run: must be text"),
        ("title:\nchecks: []", "card.title: must be text"),
        ("title: t\nchecks: []", "card: checks: from 1 to 20 are allowed, not 0"),
        ("title: t\nchecks: [{name: a, run: ' '}]", "card: checks: a has no command"),
        ("title: t\nchecks: [{name: a, run: b}, {name: a, run: c}]", "card: checks: each needs a name of its own"),
        ("title: t\nchecks: [{name: a, run: b, timeout_sec: 0}]", "card: checks: timeout_sec of a must be"),
        ('title: "a\\nb"\nchecks: [{name: a, run: b}]', "card: title: one line"),
        ("title: t\nmeta: {a: !!int ''}\nchecks: []", "card: uses a YAML tag (!name)"),
        ("title: t\nmeta: {a: " + "[" * 50_000, "card: is nested more than 16 deep (line 2)"),
        ("title: t\nkind: 9:59" + ":59" * 300 + ".0\nchecks: []", "card: neither YAML nor JSON"),
        ("<<: {title: 1}\nchecks: []", "card.title: must be text"),
        ("title: t\nmeta: &m {a: *m}\nchecks: [{name: a, run: b}]", "card: uses a YAML alias"),
        (f"title: t\nmeta: {{a: {'x' * 2000}}}\nchecks: [{{name: a, run: b}}]", "card: meta: at most 1000 bytes"),
        ("title: t\nmeta: {null: 2}\nchecks: [{name: a, run: b}]", "card.meta: each key must be text; quote it"),
        ("title: t\nmeta: []\nchecks: [{name: a, run: b}]", "card.meta: must be a mapping"),
        ("title: t\nchecks: a", "card.checks: must be a list"),
        ("title: t\nchecks: [a]", "card.checks[0]: must be a mapping with name and run"),
        ("title: t\nchecks: [{name: a, run: b, allow_failure: 1}]", "card.checks[0].allow_failure: must be true or"),
        ("title: t\nwho: me\nchecks: []", "card: unknown key 'who'; allowed: title, checks, kind, meta"),
        ("x" * 70000, "card: larger than 64 KiB"),
    ],
)
def test_a_card_that_cannot_be_run_is_said_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(CardError) as raised:
        card.parse(text)
    assert str(raised.value).startswith(problem)
    assert "\n" not in str(raised.value)


MARKED = f"type: EVIDENCE\n{YAML}"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (MARKED, MARKED),
        (f"<TO_PEER>\n{MARKED}</TO_PEER>\n", f"\n{MARKED}"),
        (f"{MARKED}```insight\nchecks: x\n```", MARKED.rstrip("\n")),
        (f"```yaml title=card\n{MARKED}", f"{MARKED}\n"),
        (f"Look:\n```yaml\n{MARKED}```\nand more", MARKED),
        (f"~~~\n{MARKED}~~~", MARKED),
        (
            '```json\n{"kind": "evidence", "title": "t", "checks": []}\n```',
            '{"kind": "evidence", "title": "t", "checks": []}\n',
        ),
        (YAML, None),
        ("type: EVIDENCE\ntitle: only words\n", None),
        ("EVIDENCE: the checks: all green", None),
    ],
)
def test_a_card_is_found_in_a_message(message: str, found: str | None) -> None:
    assert card.find(message) == found


@pytest.mark.parametrize("message", [MARKED, f"\n~~~yaml\n{MARKED}~~~\n", f"<TO_PEER>\n{MARKED}</TO_PEER>\n"])
def test_a_card_may_be_the_whole_message(message: str) -> None:
    assert card.stands_alone(message)


@pytest.mark.parametrize(
    "message",
    [
        "EVIDENCE: the checks: all green",
        f"Look:\n```yaml\n{MARKED}```",
        f"```yaml\n{MARKED}```\n```\nmore\n```",
        f"{MARKED}```insight\nkind: note\n```",
    ],
)
def test_a_card_beside_anything_else_is_not_the_whole_message(message: str) -> None:
    assert not card.stands_alone(message)
