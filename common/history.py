"""What was typed at the consoles of a project: `.cccc/state/console-history`, one JSON string per line."""

from __future__ import annotations

import json
import os

from cccc.common.paths import Project

_KEPT = 500


class History:
    """The lines of all consoles, the newest last. A console that is open does not see what others add."""

    def __init__(self, project: Project) -> None:
        self._path = project.state / "console-history"
        self.lines: list[str] = []
        if self._path.exists():
            kept = self._path.read_text(encoding="utf-8").splitlines()
            self.lines = [json.loads(line) for line in kept[-_KEPT:]]
            if len(kept) > 2 * _KEPT:
                fresh = self._path.with_suffix(f".{os.getpid()}")
                fresh.write_text("".join(f"{line}\n" for line in kept[-_KEPT:]), encoding="utf-8")
                fresh.replace(self._path)

    def add(self, text: str) -> None:
        """Keep a line, unless it repeats the last one."""
        if self.lines[-1:] == [text]:
            return
        self.lines.append(text)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
            file.write(json.dumps(text) + "\n")
