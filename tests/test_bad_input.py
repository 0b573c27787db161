"""Whatever a parser is given, it raises only what it documents, soon, and returns no more than it was given.

`scripts/fuzz` runs these with many more examples.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from cccc.common import bus, card, ledger
from cccc.common.commands import meant
from cccc.common.errors import LedgerBroken
from cccc.common.facts import Fact
from cccc.common.settings import tree
from cccc.common.settings.chat import Telegram
from cccc.common.text import redaction
from cccc.services.bridges import routing, sniff, split
from cccc.services.delivery.mail import cli_hooks
from cccc.services.delivery.memory import Peer
from cccc.services.evidence.reading import diff, placing
from cccc.services.orchestrator.decisions import rfd_cards
from cccc.services.orchestrator.mail import decode, diffs, insight

LARGE = 1 << 18  # bytes of a text that is made to be slow to read
SOON = 5.0  # seconds of a processor to read it

limits.register_profile("suite", max_examples=40, deadline=None)
limits.register_profile("fuzz", max_examples=5_000, deadline=None)
limits.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"

ODD = (
    *("```", "````", "~~~", "```yaml", "```insight", "```diff", "insight", "kind: counter", " | ", "\r\n", "\n", "\t"),
    *("type: EVIDENCE", "type: rfd", "intent: rfd", "title: x", "checks:", "- {name: a, run: b}", "options: [a, b]"),
    *("expires_minutes: 9", "meta: {a: 1}", "<<: {title: 1}", "!!int ''", "!!timestamp x", "!!bool no", "&a", "*a"),
    *(
        '"\\ud800"',
        '"\\UFFFFFFFF"',
        "1:59:59",
        "0b_",
        "._",
        "2001-02-30",
        "[",
        "{",
        "}",
        "]",
        ":",
        "? ",
        "%",
        "=",
        "<<",
    ),
    *("diff --git a/a b/a", "--- a/a", "+++ b/a", "@@ -1,5 +1,5 @@", "*** Begin Patch", "From 1234 Mon", "-", "+x"),
    *("<TO_PEER>", "[MID: ", "a:", "both:", "/a", "/help@pair_bot", "@pair_bot", "\0", "\ufeff", "\u2028", "é", "😀"),
)
WORDS = st.lists(st.sampled_from(ODD), max_size=25)
TEXT = st.one_of(st.text(max_size=200), *(WORDS.map(between.join) for between in ("", " ", "\n")))
RAW = st.one_of(
    st.binary(max_size=200),
    TEXT.map(str.encode),
    st.tuples(TEXT, st.sampled_from(["utf-16", "utf-16-be", "gb18030", "utf-32"])).map(
        lambda one: one[0].encode(one[1])
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=8,
)


def fits_into_a_fact(text: str) -> bool:
    return bool(text.encode() or True)


@given(RAW)
def test_a_mailbox_file_is_text_or_it_is_not(raw: bytes) -> None:
    decoded = decode.decode(raw)
    if decoded:
        assert len(decoded.text) <= len(raw) and "\0" not in decoded.text
        assert fits_into_a_fact(decoded.text)


@given(TEXT)
def test_an_insight_is_a_part_of_its_message(text: str) -> None:
    message = insight.read(text)
    assert len(message.body) <= len(text)
    assert sum(map(len, (message.fields or {}).values())) <= len(text)


@given(TEXT)
def test_a_request_for_decision_is_read_or_refused_in_one_line(text: str) -> None:
    found = rfd_cards.card_in(text)
    if isinstance(found, str):
        assert "\n" not in found and len(found) < 1000
    elif found:
        assert fits_into_a_fact("".join((*found[:4], *found.options, found.default)))
        assert found.minutes <= 525_600
    rfd_cards.stands_alone(text)


@given(TEXT)
def test_an_evidence_card_is_read_or_refused_in_one_line(text: str) -> None:
    card.stands_alone(text)
    for one in (card.find(text), text):
        try:
            read = card.parse(one or "")
        except card.CardError as error:
            assert "\n" not in str(error)
        else:
            assert fits_into_a_fact(read.title + read.kind + "".join(check.name + check.run for check in read.checks))


@given(RAW)
def test_a_diff_is_a_part_of_its_message(raw: bytes) -> None:
    found = diffs.find(raw)
    assert found is None or len(found) <= 2 * len(raw) + 20  # blank context lines get their blank, UTF-16 is read


BASE = b"".join(b"line %d\n" % (number % 7) for number in range(40)) + b"the end"
HUNK_LINES = (
    *(
        b" line 1",
        b"-line 2",
        b"+line 2",
        b" line 3",
        b"-line 4",
        b"+new",
        b" ",
        b"",
        b"@@ -1,3 +1,3 @@",
        b"@@ -8 +8,2 @@",
    ),
    *(
        b"\\ No newline at end of file",
        b"-the end",
        b"...",
        b"@@ ... @@",
        b"--- a/f",
        b"+++ b/f",
        b"diff --git a/f b/f",
    ),
    *(b"\x1b[31m-line 5\x1b[m", b"\xc2\xa0line 5", b"-- ", b"GIT binary patch", b"index 1234567..89abcde 100644"),
)
HUNKS = st.lists(st.sampled_from(HUNK_LINES), max_size=25).map(b"\n".join)


@given(HUNKS)
def test_a_diff_lands_in_the_lines_it_takes_away_or_is_refused_in_words(lines: bytes) -> None:
    found = diff.read(b"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n" + lines)
    file = placing.File("f", BASE, "0" * 40)
    try:
        placed = placing.place(found.sections, [file] * len(found.sections))
    except placing.Misfit as misfit:
        assert 0 < len(str(misfit)) < 4000
        return
    gone = [line[1:] for line in placed.patch.split(b"\n") if line.startswith(b"-") and not line.startswith(b"--- ")]
    assert set(gone) <= set(BASE.split(b"\n"))


@given(RAW)
def test_what_is_no_diff_has_no_sections(raw: bytes) -> None:
    found = diff.read(raw)
    assert all(section.header or section.hunks for section in found.sections)


@given(TEXT, st.booleans())
def test_a_line_that_was_meant_for_the_program_is_a_command_or_an_answer(text: str, chat: bool) -> None:
    ours = meant.meant(text, ("status", "help", "rfd"), chat)
    assert ours is None or bool(ours.command) != bool(ours.words)


@given(TEXT)
def test_a_settings_file_is_a_tree_or_broken(text: str) -> None:
    try:
        tree.parse(text)
    except tree.Broken as broken:
        assert len(str(broken)) < 1000


@given(RAW | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_bus_frame_is_a_map_or_a_value_error(raw: bytes) -> None:
    try:
        fields = bus.unpack(raw)
    except ValueError:
        return
    for read in (bus.as_fact, bus.as_signal):
        with pytest.raises(msgspec.ValidationError):
            read(fields)


FIELDS = st.dictionaries(st.sampled_from(["kind", "seq", "id", "by", "author", "to", "mid", "sha", "size"]), JSON)
KINDS = st.sampled_from(["handoff", "patch", "rfd", "beat", "notice", "nudge", "of-a-later-version"])


@given(FIELDS, KINDS)
def test_a_frame_with_wrong_fields_is_a_validation_error(fields: dict[str, object], kind: str) -> None:
    for read in (bus.as_fact, bus.as_signal):
        try:
            read({**fields, "kind": kind})
        except msgspec.ValidationError:
            continue


@given(RAW | FIELDS.map(lambda fields: json.dumps({**fields, "kind": "handoff"}).encode()))
def test_a_ledger_line_is_a_fact_or_breaks_the_ledger(raw: bytes) -> None:
    try:
        fact = ledger.decode(raw)
    except LedgerBroken as error:
        assert len(str(error)) < 2000
    else:
        assert fact is None or isinstance(fact, Fact)


@given(TEXT, st.booleans(), st.booleans(), st.booleans())
def test_a_line_of_a_chat_has_one_reading(text: str, direct: bool, mentioned: bool, plain: bool) -> None:
    read = routing.read(text, Telegram(), "pair_bot", direct, mentioned, plain)
    if isinstance(read, routing.Routed):
        assert read.route in ("a", "b", "both") and len(read.text) <= len(text)


@given(TEXT, st.integers(20, 80))
def test_a_text_is_split_into_few_parts_that_fit(text: str, most: int) -> None:
    found = split.parts(split.tidy(text), most)
    assert all(split.units(part) <= most for part in found)
    assert len(found) <= 1 + 16 * split.units(text) // most
    shown, _ = split.shortened(text, most, 5)
    assert len(shown) <= most + len("\n```")


@given(TEXT | st.text(st.characters(), min_size=100, max_size=300) | st.text("文.é_", min_size=100, max_size=300))
def test_a_safe_file_name_is_one_everywhere(name: str) -> None:
    safe = sniff.safe_name(name)
    assert safe and len(safe.encode()) <= 120 and "/" not in safe and safe[0] not in ".-"
    assert safe == Path(safe).name and safe.isprintable()


SECRETIVE = (
    *("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "12345678:", "xoxb-", "xapp-", "eyJ", "sk-"),
    *("https://hooks.slack.com/", "https://discord.com/api/webhooks/", "ghp_", "github_pat_", "AKIA", "AIza", "://"),
    *("Authorization", "Bearer", "aws_secret_access_key", "api_key", "secret", "password", '"token"', "[REDACTED]"),
    *("a" * 11, "b" * 24, "Ma1_", "0123456789ABCDEF", "user:"),
    *"@=:-._/\"'\\\n ",
)
SECRETS = st.lists(st.sampled_from(SECRETIVE), max_size=25).map("".join)


@given(SECRETS | TEXT)
def test_a_redacted_text_stays_as_it_is_when_it_is_redacted_again(text: str) -> None:
    once = redaction.default.redact(text)
    assert redaction.default.redact(once) == once
    assert len(once) <= 3 * len(text)


@given(st.lists(st.sampled_from(SECRETIVE), min_size=1, max_size=4).map("".join))
@limits(max_examples=300 if FUZZ else 20)
def test_a_large_text_of_parts_of_secrets_is_redacted_soon(part: str) -> None:
    begin = time.process_time()
    redaction.default.redact(part * (LARGE // len(part)))
    assert time.process_time() - begin < SOON


EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "Nudged",
    "PostToolUse",
    "Stop",
    "PostCompact",
    "Interrupt",
    "StopFailure",
)
TOLD = st.dictionaries(
    st.sampled_from(
        ["session_id", "source", "prompt", "reason", "tool_name", "tool_response", "error", "last_assistant_message"]
    ),
    JSON | st.sampled_from(["x" * 9000, "\ud800", "rate_limit", "resets 3pm"]),
)


@given(st.sampled_from(EVENTS), RAW | TOLD.map(lambda told: json.dumps(told).encode()))
def test_what_a_hook_left_becomes_facts_that_the_ledger_takes_or_a_value_error(event: str, raw: bytes) -> None:
    try:
        fields = cli_hooks.read(raw)
    except ValueError:
        return
    for fact in cli_hooks.follows("PeerA", Peer(unproved={"m1": 1}), cli_hooks.Told("id", Path("x"), event, fields)):
        packed = bus.pack(msgspec.to_builtins(fact))
        assert bus.as_fact(bus.unpack(packed)) == fact
        assert len(packed) < 4096


class Large(NamedTuple):
    """A large text, made to be slow to read."""

    name: str
    text: str


def large() -> Iterator[Large]:
    marked = "type: EVIDENCE\ntype: rfd\nchecks: "
    for name, part in {
        "blank lines": "\n",
        "open insights": "```insight\n",
        "fences of two kinds": "```\n````\n",
        "blocks that look like cards": f"```yaml\n{marked}\n```\n",
        "a line of fences": "`",
        "opened tags": "[MID: ",
        "blanks": " ",
        "opened lists": "[",
        "nested lists": "- ",
        "hunks": "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,99 +1,99 @@\n",
        "patches of another kind": "*** Begin Patch\n",
    }.items():
        yield Large(name, part * (LARGE // len(part)) + "x")
    yield Large("growing fences", "".join(f"{'`' * n}\n" for n in range(3, 1400)))
    yield Large("cards that are nested deep", (f"```yaml\n{marked}{'[' * 60_000}\n```\n") * 16)
    yield Large("a field with many blanks", f"x\n```insight\nmsg: a{' ' * LARGE}b\n```")


READERS: tuple[Callable[[str], object], ...] = (
    redaction.default.redact,
    card.find,
    card.stands_alone,
    rfd_cards.card_in,
    rfd_cards.stands_alone,
    insight.read,
    split.tidy,
    lambda text: diffs.find(text.encode()),
    lambda text: diff.read(text.encode()),
    lambda text: meant.meant(text, (), chat=True),
    lambda text: split.parts(split.shortened(text, 20_000, 20_000)[0], 4000),
)


@pytest.mark.corpus(5)
@pytest.mark.parametrize("given", [pytest.param(one.text, id=one.name) for one in large()])
def test_a_large_message_is_read_soon_whatever_is_in_it(given: str) -> None:
    begin = time.process_time()
    for read in READERS:
        read(given)
    assert time.process_time() - begin < SOON
