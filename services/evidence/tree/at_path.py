"""What lies at a path of a work tree, by its bytes.

git's opinion, which flags and file times can mislead, is not asked.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple

from cccc.services.evidence.reading.change import ABSENT, SUBMODULE, SYMLINK

ODD = "odd"  # a pipe, say; or a parent that is a link or a file


class There(NamedTuple):
    """`mode` as git writes it, SUBMODULE for any folder, or ODD; `sha` as git names the bytes as they are."""

    mode: str
    sha: str = ""
    permissions: int = 0
    owner: tuple[int, int] = (-1, -1)
    inode: tuple[int, int] = (0, 0)


NOTHING = There(ABSENT)


def at(top: Path, path: str, kind: str, going: Container[str] = ()) -> There:
    """Return what lies at `path` below `top`, once the files of `going` are gone.

    `kind` is the hash of the repository: sha1 or sha256.
    """
    for parent in reversed(list(Path(path).parents)[:-1]):
        mode = mode_of(top / parent)
        if mode == 0 or (parent.as_posix() in going and not stat.S_ISDIR(mode)):
            return NOTHING
        if not stat.S_ISDIR(mode):
            return There(ODD)
    return alone(top / path, kind)


def alone(path: Path, kind: str) -> There:
    """Return what lies at `path`, whatever its parents are."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    about = stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid), (found.st_dev, found.st_ino)
    if stat.S_ISREG(found.st_mode):
        mode = "100755" if found.st_mode & stat.S_IXUSR else "100644"
        return There(mode, name(path.read_bytes(), kind), *about)
    if stat.S_ISLNK(found.st_mode):
        return There(SYMLINK, name(os.fsencode(path.readlink()), kind), *about)
    return There(SUBMODULE if stat.S_ISDIR(found.st_mode) else ODD)


def name(content: bytes, kind: str) -> str:
    """Return git's name of a blob."""
    return hashlib.new(kind, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def kind(blob: str) -> str:
    """Return the hash that gave a name."""
    return "sha256" if len(blob) == 64 else "sha1"


def mode_of(path: Path) -> int:
    """Return the kind of what lies at `path` as lstat says it, 0 when nothing does."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
