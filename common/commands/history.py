"""What was typed at the consoles of a project: `.cccc/state/console-history`, one JSON string per line."""

from __future__ import annotations

import contextlib
import json
import os

from cccc.common.machine import durable
from cccc.common.paths import Project

_KEPT = 500


class History:
    """The lines of all consoles, the newest last. A console that is open does not see what others add."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = project.state / "console-history"
        self.lines: list[str] = []
        if self._path.exists():
            kept = self._path.read_bytes().splitlines()
            for line in kept[-_KEPT:]:
                with contextlib.suppress(ValueError):  # cut by a crash: of no worth to anybody
                    self.lines.append(str(json.loads(line)))
            if len(kept) > 2 * _KEPT:
                durable.write(self._path, b"".join(line + b"\n" for line in kept[-_KEPT:]))

    def add(self, text: str) -> None:
        """Keep a line, unless it repeats the last one."""
        if self.lines[-1:] == [text]:
            return
        self.lines.append(text)
        self._project.make(self._path.parent)
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
            file.write(json.dumps(text) + "\n")
