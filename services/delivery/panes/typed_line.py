"""A line that is typed into a pane, and how far its typing has come."""

from __future__ import annotations

from dataclasses import dataclass

from cccc.services.delivery import nudge


@dataclass(frozen=True)
class TypedLine:
    """What is typed: a nudge, known by its token wherever it stands, or else just this text."""

    text: str
    token: str = ""

    def stands_in(self, draft: str) -> bool:
        return nudge.mark(self.token) in draft if self.token else self.is_all_of(draft)

    def is_all_of(self, draft: str) -> bool:
        return nudge.ours(draft) == self.token if self.token else draft == "".join(self.text.split())


@dataclass
class Typing:
    """Times are `time.monotonic()`, 0 for not yet."""

    line: TypedLine
    place: str = ""  # where the pane was seen safe; "" means look again
    adopted: bool = False  # said before a restart: it may have been pasted already
    pasted_at: float = 0.0
    shown_at: float = 0.0  # when it was first seen in the composer
    seen_at: float = 0.0  # last time in the composer
    enters: int = 0
    entered_at: float = 0.0
