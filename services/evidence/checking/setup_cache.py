"""What `gate.setup` made, kept outside of the gate tree until the files it depends on change.

Kept under a name that says of which files and which command it is the product; a check gets it lent.
"""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from cccc.common.paths import Project
from cccc.services.evidence.checking.links import Link
from cccc.services.evidence.tree.sweep import open_and_retry

_KEPT = 3
_DEPENDENCIES = re.compile(
    r"(?:^|/)(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?"
    r"|(?:requirements|constraints)[^/]*\.(?:txt|in)|requirements/[^/]+\.txt"
    r"|pyproject\.toml|setup\.(?:py|cfg)|Pipfile(?:\.lock)?|(?:poetry|uv|pdm|pixi)\.lock|environment\.ya?ml"
    r"|Cargo\.(?:toml|lock)|go\.(?:mod|sum)|Gemfile(?:\.lock)?|composer\.(?:json|lock)|mix\.lock|\.gitmodules)$|/$"
)


def key(command: str, blobs: Mapping[str, str]) -> str:
    """Name the products of `command` for a tree: path of each file → its blob; a submodule's ends with a slash."""
    named = sorted(entry for entry in blobs.items() if _DEPENDENCIES.search(entry[0]))
    return hashlib.sha256(json.dumps([command, named]).encode()).hexdigest()[:16]


def date(user: Path, tree: Path, files: Iterable[str]) -> None:
    """Give the files on which products depend the times that they have in the user's tree, if they are equal there.

    make installs anew what is older than the lock file, and in the gate tree every file is new.
    """
    for path in filter(_DEPENDENCIES.search, files):
        with contextlib.suppress(OSError):  # it is gone on one side
            if filecmp.cmp(user / path, tree / path, shallow=False):
                times = (user / path).stat()
                os.utime(tree / path, ns=(times.st_atime_ns, times.st_mtime_ns))


class Products:
    """The products of a project's setups, in `.cccc/work/setup`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._folder = project.work / "setup"

    def find(self, key: str) -> list[Link] | None:
        """Return what was made for this key, None when nothing was."""
        try:
            paths = json.loads((self._folder / f"{key}.json").read_text())
        except (FileNotFoundError, ValueError):  # none, or cut by a power loss: it is made again
            return None
        return [Link(path, self._folder / key / path) for path in paths]

    def keep(self, key: str, tree: Path, paths: list[str]) -> list[Link]:
        """Move what a setup left at `paths` of the tree to its place, and remove the oldest products."""
        shutil.rmtree(self._folder / key, onerror=open_and_retry)
        self._project.make(self._folder)
        for path in paths:
            self._project.make((self._folder / key / path).parent)
            shutil.move(str(tree / path), str(self._folder / key / path))
        (self._folder / f"{key}.json").write_text(json.dumps(paths))
        for old in sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink()
            shutil.rmtree(old.with_suffix(""), onerror=open_and_retry)
        return [Link(path, self._folder / key / path) for path in paths]
