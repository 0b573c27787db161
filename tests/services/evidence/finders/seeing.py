"""A repository made of a dict, and what is found in it."""

from __future__ import annotations

from cccc.services.evidence.checking import finders
from cccc.services.evidence.checking.finders import Tracked

EVERYTHING = ("*",)


def tracked(files: dict[str, str], *installed: str) -> Tracked:
    """Return a repository of these files; with "*" every program is installed."""
    return Tracked(list(files), lambda name: files.get(name, ""), lambda name: "*" in installed or name in installed)


def lines(files: dict[str, str], *installed: str) -> dict[str, str]:
    """Return what runs as lint and as test; "" when nothing does. Where nothing is named every program is installed."""
    found = finders.find(tracked(files, *(installed or EVERYTHING)))
    return {kind: finders.line(found, kind) for kind in ("lint", "test")}
