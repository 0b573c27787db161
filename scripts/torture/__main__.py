"""`scripts/soak`: the soak, its picture and its numbers."""

from __future__ import annotations

import sys
from pathlib import Path

from cccc.scripts.torture import soak

_MOST = 1.5  # times what it was after a quarter of the time


def main() -> int:
    hours, path = float(sys.argv[1]), Path(sys.argv[2])
    samples = soak.run(hours, lambda line: print(line, flush=True))
    soak.save(samples, path)
    grown = soak.grown(samples)
    if not grown:
        print(f"{hours:g} hours are too short to say what grows; from 5 on each quarter has a busy and an idle phase")
        return 0
    print("\n| what | last quarter ÷ second quarter |\n|---|---|")
    for name, ratio in grown.items():
        print(f"| {name} | {ratio:.2f} |")
    return 1 if any(ratio > _MOST for ratio in grown.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
