"""How many of something, in words."""

from __future__ import annotations


def plural(number: int, one: str, many: str = "") -> str:
    """Return the number and the thing: `1 line`, `1,200 lines`. `many` is for what does not end in `s`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
