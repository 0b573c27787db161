"""Screens of the real CLIs, kept under the name of what they show: FOLDER/<cli>-<version>/<shown>-<n>.txt.

What a screen shows is known to the flight that kept it (it scripted the model and pressed the keys), so reading it
back tells whether delivery's screen rules are right: `python -m cccc.scripts.certify.corpus FOLDER` prints the table.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.panes import screen
from cccc.services.delivery.panes.pane import Look
from cccc.services.delivery.panes.screen import BUSY, DEAD, DIALOG, DRAFT, IDLE, STARTING, UNKNOWN, View
from cccc.services.delivery.running import peers

SHOWN = {  # and as what it has to be read
    "idle": View(IDLE),
    "error": View(IDLE),  # the turn is over, its error stands above an empty composer
    "limit": View(IDLE),
    "compacted": View(IDLE),
    "draft": View(DRAFT),
    "busy": View(BUSY),
    "compaction": View(BUSY),
    "permission": View(DIALOG, "a dialog is open: permission"),
    "trust": View(DIALOG, "a dialog is open: trust"),
    "bypass-warning": View(DIALOG, "a dialog is open: bypass warning"),
    "hooks-review": View(DIALOG, "a dialog is open: hooks review"),
    "login": View(DIALOG, "a dialog is open: login"),
    "menu": View(DIALOG, "a dialog is open: a menu"),
    "copy-mode": View(UNKNOWN, "the pane is scrolled back"),
    "pager": View(UNKNOWN),
}
STATES = (IDLE, DRAFT, BUSY, DIALOG, STARTING, UNKNOWN, DEAD)


class Kept(NamedTuple):
    """One screen: of which CLI, and what it shows."""

    path: Path
    cli: str
    shown: str
    look: Look

    def read(self) -> View:
        """Return what delivery makes of it."""
        return screen.read(self.look, peers.of(self.cli).appearance(Peer()))

    def right(self) -> bool:
        """Return whether that is what it shows; of a draft, only that there is one."""
        read, due = self.read(), SHOWN[self.shown]
        return read.state == due.state and due.reason in ("", read.reason)


def keep(folder: Path, shown: str, look: Look) -> Kept:
    """Keep a screen in the folder of its CLI, under the next number."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + len(list(folder.glob(f"{shown}-*.txt")))
    path = folder / f"{shown}-{number}.txt"
    head = f"x={look.x} y={look.y} in_mode={int(look.in_mode)} title={look.title}"
    path.write_text("\n".join([head, *look.rows]) + "\n", encoding="utf-8")
    return load(path)


def load(path: Path) -> Kept:
    """Return a screen that was kept."""
    head, *rows = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    place, _, title = head.partition(" title=")
    x, y, in_mode = (int(word.partition("=")[2]) for word in place.split())
    look = Look("", x, y, bool(in_mode), False, title, tuple(rows), 0.0)
    return Kept(path, path.parent.name.partition("-")[0], path.stem.rpartition("-")[0], look)


def screens(folder: Path) -> Iterator[Kept]:
    """Return all screens below a folder."""
    return map(load, sorted(folder.glob("*/*.txt")))


def confusion(folder: Path) -> str:
    """Return, as a Markdown table, as what the screens of each CLI were read."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for kept in screens(folder):
        counts[kept.path.parent.name, kept.shown, kept.read().state] += 1
    columns = [state for state in STATES if any(state == read for _, _, read in counts)]
    lines = [
        f"| CLI | shown | {' | '.join(f'read as {state}' for state in columns)} |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for version in sorted({version for version, _, _ in counts}):
        for shown in (each for each in SHOWN if any((version, each) == key[:2] for key in counts)):
            cells = [str(counts[version, shown, state] or "") for state in columns]
            lines.append(f"| {version} | {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(confusion(Path(sys.argv[1])))
