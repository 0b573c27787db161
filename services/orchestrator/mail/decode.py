"""Which encoding the bytes of a mailbox file are in."""

from __future__ import annotations

import codecs
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Decoded(NamedTuple):
    """A text and the encoding it was read in; `plain` when that is UTF-8."""

    text: str
    encoding: str

    @property
    def plain(self) -> bool:
        return self.encoding in ("utf-8", "utf-8-sig")


def decode(raw: bytes) -> Decoded | None:
    """Return the text of a mailbox file, or None when it is no text.

    A byte-order mark decides. UTF-16 without one is ASCII-like text whose every second byte is
    NUL, which strict UTF-8 would let pass: so NULs are looked at first.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _try(raw, encoding)
    if b"\0" in raw:
        return _utf16(raw)
    return _try(raw, "utf-8") or _guess(raw)


def _try(raw: bytes, encoding: str) -> Decoded | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else Decoded(text, encoding)


def _utf16(raw: bytes) -> Decoded | None:
    even, odd = raw[0::2].count(0), raw[1::2].count(0)
    if max(even, odd) <= max(4, len(raw) // 8) and max(even, odd) < len(raw) // 4:
        return None
    return _try(raw, "utf-16-be" if even > odd else "utf-16-le")


def _guess(raw: bytes) -> Decoded | None:
    from charset_normalizer import from_bytes  # 30 ms, and hardly ever needed

    best = from_bytes(raw).best()
    return None if best is None else Decoded(str(best), best.encoding)
