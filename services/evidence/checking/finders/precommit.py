"""pre-commit as lint, where nothing else lints."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "pre-commit"
MANIFEST = re.compile(r"(?!)")  # it lies at the repository's root alone
_FILES = (".pre-commit-config.yaml", ".pre-commit-config.yml")

ROWS: tuple[Row, ...] = (Row(".pre-commit-config.yaml, nothing else lints", lint="`pre-commit run --all-files`"),)


def find(tracked: Tracked) -> list[Found]:
    marker = tracked.first(_FILES)
    missing = "" if tracked.on_path("pre-commit") else "pre-commit"
    return [Found("lint", "pre-commit run --all-files", marker, missing=missing)] if marker else []


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
