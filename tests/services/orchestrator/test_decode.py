"""Encodings of mailbox files."""

from __future__ import annotations

import pytest

from cccc.services.orchestrator.mail.decode import decode

TEXT = "Grüße, 世界 and some plain words\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        ("plain ascii words".encode("utf-16-le"), "utf-16-le"),
        ("plain ascii words".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_the_encoding_is_told_and_no_mark_or_nul_stays(raw: bytes, encoding: str) -> None:
    found = decode(raw)
    assert found and found.encoding == encoding
    assert "\0" not in found.text and "\ufeff" not in found.text


def test_a_chinese_text_in_gb18030_is_read() -> None:
    text = "这是一个用于测试的中文消息 里面有足够多的汉字 可以认出编码。" * 3
    found = decode(text.encode("gb18030"))
    assert found and found.text == text


@pytest.mark.parametrize("raw", [bytes(range(256)) * 4, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\1\2\3" * 9, b"a\0b"])
def test_what_is_no_text_is_not_guessed(raw: bytes) -> None:
    assert decode(raw) is None
