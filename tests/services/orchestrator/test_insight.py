"""The insight block."""

from __future__ import annotations

import pytest

from cccc.services.orchestrator.mail.insight import likeness, read, words

MANY = "```insight\nlens: cost\nto: peerB\nkind: Counter\nmsg: why: because\nref: src/x.py\nnext: ask\n```"
ONE = "```insight\nto: peerB | kind: counter | msg: why: because | refs: src/x.py | next: ask\n```"


@pytest.mark.parametrize("block", [MANY, ONE])
def test_fields_are_read_from_many_lines_and_from_one(block: str) -> None:
    message = read(f"COUNTER: no.\n\n{block}\n\n")
    assert message.body == "COUNTER: no."
    assert message.kind == "counter"
    assert message.fields and message.fields["msg"] == "why: because" and message.fields["refs"] == "src/x.py"


def test_a_block_with_line_ends_of_windows_is_read() -> None:
    message = read(f"COUNTER: no.\n\n{MANY}\n".replace("\n", "\r\n"))
    assert (message.body, message.kind) == ("COUNTER: no.", "counter")


def test_a_block_that_is_not_at_the_end_does_not_count() -> None:
    assert read(f"{MANY}\nand more").fields is None


def test_another_fence_at_the_end_is_no_insight() -> None:
    assert read("text\n```diff\n-a\n+b\n```").fields is None


def test_the_last_of_two_blocks_counts() -> None:
    message = read(f"a\n{MANY}\nb\n```insight\nkind: note\n```")
    assert message.kind == "note" and message.body.endswith("b")


def test_a_block_alone_is_a_message_without_a_body() -> None:
    assert read(MANY).body == ""


def test_words_of_one_text_are_like_themselves_and_unlike_others() -> None:
    assert likeness(words("one two three"), words("three two one")) == 1.0
    assert likeness(words("alpha beta"), words("gamma delta")) == 0.0
    assert likeness(words(""), words("")) == 0.0
