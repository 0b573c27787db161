from __future__ import annotations

import pytest

from cccc.scripts.mock_agent.keys import Decoder, Key

STREAM = "aü漢\x1b[A\x7f\x1b[200~one\rtwo\x1b[A\tx\x1b[201~\r\x1b\x1b[200~\x1b[201~é\x1bOC\x15".encode()
KEYS = [
    Key("text", "aü漢"),
    Key("up"),
    Key("backspace"),
    Key("paste", "one\ntwo    x"),
    Key("enter"),
    Key("escape"),
    Key("paste", ""),
    Key("text", "é"),
    Key("right"),
    Key("kill"),
]


def test_a_whole_stream_is_decoded() -> None:
    assert Decoder().feed(STREAM) == KEYS


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
def test_a_stream_cut_anywhere_means_the_same(cut: int) -> None:
    decoder = Decoder()
    keys = decoder.feed(STREAM[:cut]) + decoder.feed(STREAM[cut:])
    joined: list[Key] = []
    for key in keys:
        if key.kind == "text" and joined and joined[-1].kind == "text":
            joined[-1] = Key("text", joined[-1].text + key.text)
        else:
            joined.append(key)
    assert joined == KEYS


def test_a_lone_escape_is_a_key_once_nothing_follows() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.undecided
    assert decoder.settle() == [Key("escape")]
    assert not decoder.undecided


def test_an_open_paste_is_not_undecided() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x1b[200~half") == []
    assert not decoder.undecided


@pytest.mark.parametrize(
    "odd", [b"\xff\xfe", b"\x1b]11;rgb\x07", b"\x1b[999;999Z", b"\x1b[\x00", b"\x1b[\xc3", bytes(range(256))]
)
def test_odd_bytes_never_stop_the_decoder(odd: bytes) -> None:
    decoder = Decoder()
    decoder.feed(odd)
    decoder.settle()
    assert decoder.feed(b"ok")[-1].text.endswith("ok")
