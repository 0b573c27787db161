"""What a patch changes, in git's own words. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

ABSENT = "000000"
SYMLINK = "120000"
SUBMODULE = "160000"
PROGRAM = "100755"
FILES = frozenset({"100644", PROGRAM})


@dataclass(frozen=True)
class Change:
    """One path. A rename is two of them: the old end goes, the new end comes."""

    path: str  # from the work tree's root
    old_mode: str  # ABSENT when the patch adds the path
    new_mode: str  # ABSENT when the patch removes it
    old_blob: str
    blob: str  # the new content


def changes(raw: bytes) -> list[Change]:
    """Read what `git diff-index` or `diff-tree` prints with `--raw -z --no-renames --no-abbrev`."""
    fields = os.fsdecode(raw).split("\0")
    result = []
    for header, path in zip(fields[::2], fields[1::2]):
        old_mode, new_mode, old_blob, blob, _ = header.lstrip(":").split(" ")
        result.append(Change(path, old_mode, new_mode, old_blob, blob))
    return result


def names(numstat: bytes) -> list[str]:
    """Read the paths that `git apply --numstat -z` prints."""
    return [entry.split("\t", 2)[2] for entry in os.fsdecode(numstat).split("\0")[:-1]]


def shown(paths: Iterable[str]) -> list[str]:
    """Return paths as facts and people get them: what is no UTF-8 in a name stands there as `\\xNN`."""
    return [os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths]
