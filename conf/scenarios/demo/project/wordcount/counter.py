"""The counting itself."""

from __future__ import annotations

import re
from collections import Counter


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, in their order."""
    found = re.findall(r"\S+", text)
    return [word.lower() for word in found]


def count(text: str) -> Counter[str]:
    """Return how often each word occurs."""
    return Counter(words(text))
