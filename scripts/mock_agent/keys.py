"""Turn the bytes of a terminal into keys and pastes."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

_PASTE_BEGIN = "\x1b[200~"
_PASTE_END = "\x1b[201~"
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\x1bO(?P<ss3>[@-~])"
    r"|(?P<escape>\x1b(?=\x1b))"
    r"|\x1b(?P<alt>[^\x1b\[O])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
)
_CONTROLS = {
    "\r": "enter",
    "\n": "newline",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x15": "kill",
    "\x01": "home",
    "\x05": "end",
    "\x03": "cancel",
    "\x04": "eof",
    "\x0c": "redraw",
}
_SEQUENCES = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "1~": "home", "4~": "end"}
_UNPRINTABLE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Key(NamedTuple):
    """What arrived: `text` and `paste` carry what to insert, every other kind is a key's name."""

    kind: str
    text: str = ""


def printable(pasted: str) -> str:
    """Return pasted text as a composer keeps it: LF line ends, tabs as four blanks, no control characters."""
    lines = pasted.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return _UNPRINTABLE.sub("", lines)


class Decoder:
    """Keeps what is not yet whole: half a character, half a sequence, an open paste."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._pasting = False

    @property
    def undecided(self) -> bool:
        """An escape arrived that may be the Esc key or the begin of a sequence: `settle` decides."""
        return bool(self._rest) and not self._pasting

    def feed(self, chunk: bytes) -> list[Key]:
        """Return the keys that are whole now."""
        self._rest += self._utf8.decode(chunk)
        keys: list[Key] = []
        while self._rest:
            taken = self._paste() if self._pasting else self._token()
            if taken is None:
                break
            if taken.kind:
                keys.append(taken)
        return keys

    def settle(self) -> list[Key]:
        """Return what an undecided escape means when nothing followed it."""
        alone = self._rest == "\x1b"
        self._rest = ""
        return [Key("escape")] if alone else []

    def _paste(self) -> Key | None:
        pasted, end, after = self._rest.partition(_PASTE_END)
        if not end:
            return None
        self._rest, self._pasting = after, False
        return Key("paste", printable(pasted))

    def _token(self) -> Key | None:
        if self._rest.startswith(_PASTE_BEGIN):
            self._rest, self._pasting = self._rest[len(_PASTE_BEGIN) :], True
            return Key("")
        found = _TOKEN.match(self._rest)
        if found is None:
            # Half a sequence waits for its end; what can never become one is dropped with its escape.
            if re.fullmatch(r"\x1b(\[[0-?]*[ -/]*|O)?", self._rest):
                return None
            self._rest = self._rest[1:]
            return Key("")
        self._rest = self._rest[found.end() :]
        kind, value = str(found.lastgroup), found[str(found.lastgroup)]
        if kind == "text":
            return Key("text", value)
        if kind == "control":
            return Key(_CONTROLS.get(value, ""))
        if kind == "escape":
            return Key("escape")
        if kind == "alt":
            return Key("newline" if value == "\r" else "")
        return Key(_SEQUENCES.get(value, ""))
