"""What a person or a program has typed and not yet submitted."""

from __future__ import annotations

from typing import NamedTuple

from cccc.scripts.mock_agent.keys import Key

# The real CLIs fold a paste of more line breaks or characters into one mark.
FOLD_BREAKS = 3
FOLD_CHARACTERS = 800


class _Piece(NamedTuple):
    shown: str
    meant: str


class Composer:
    """Text with a cursor. A folded paste is one piece, shown as a mark."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._cursor = 0
        self._pastes = 0

    @property
    def text(self) -> str:
        """What a submit sends."""
        return "".join(piece.meant for piece in self._pieces)

    @property
    def shown(self) -> str:
        return "".join(piece.shown for piece in self._pieces)

    @property
    def shown_before_cursor(self) -> str:
        return "".join(piece.shown for piece in self._pieces[: self._cursor])

    def clear(self) -> None:
        self._pieces, self._cursor = [], 0

    def paste(self, text: str) -> None:
        breaks = text.count("\n")
        if breaks <= FOLD_BREAKS and len(text) <= FOLD_CHARACTERS:
            self.insert(text)
            return
        self._pastes += 1
        more = f" +{breaks} lines" if breaks else ""
        self._put([_Piece(f"[Pasted text #{self._pastes}{more}]", text)])

    def insert(self, text: str) -> None:
        self._put([_Piece(character, character) for character in text])

    def edit(self, key: Key) -> None:
        """Do what an editing key asks for. Keys with no meaning here change nothing."""
        at = self._cursor
        if key.kind == "text":
            self.insert(key.text)
        elif key.kind == "paste":
            self.paste(key.text)
        elif key.kind == "newline":
            self.insert("\n")
        elif key.kind == "backspace":
            self._cut(at - 1)
        elif key.kind == "kill":
            # Like the real ones: to the begin of the line, and there the line break.
            self._cut(at - 1 if self._line_start() == at else self._line_start())
        elif key.kind == "left":
            self._cursor = max(0, at - 1)
        elif key.kind == "right":
            self._cursor = min(len(self._pieces), at + 1)
        elif key.kind == "home":
            self._cursor = self._line_start()
        elif key.kind == "end":
            self._cursor = self._line_end()

    def _put(self, pieces: list[_Piece]) -> None:
        self._pieces[self._cursor : self._cursor] = pieces
        self._cursor += len(pieces)

    def _cut(self, start: int) -> None:
        start = max(0, start)
        del self._pieces[start : self._cursor]
        self._cursor = start

    def _line_start(self) -> int:
        start = self._cursor
        while start > 0 and self._pieces[start - 1].meant != "\n":
            start -= 1
        return start

    def _line_end(self) -> int:
        end = self._cursor
        while end < len(self._pieces) and self._pieces[end].meant != "\n":
            end += 1
        return end
