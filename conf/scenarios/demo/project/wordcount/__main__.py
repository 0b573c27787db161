"""Print the ten most frequent words of the standard input."""

from __future__ import annotations

import sys

from wordcount.counter import count

for word, times in count(sys.stdin.read()).most_common(10):
    print(f"{times}  {word}")
