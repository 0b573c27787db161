"""The checks of `cccc doctor`: each looks at one thing and says what mends it."""

from __future__ import annotations

from typing import NamedTuple

OK, WARN, BAD = "ok", "warn", "bad"


class Check(NamedTuple):
    """One check: BAD keeps a session from working, WARN does not."""

    name: str
    verdict: str
    found: str
    mend: str = ""  # what to do when it is not OK
