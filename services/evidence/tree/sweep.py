"""Leaving nothing in the gate tree that git does not track, and removing what does not want to be removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path


def sweep(top: Path, tracked: Iterable[str], mode: int) -> None:
    """Remove from the work tree at `top` what is not among the `tracked` paths; give its folders `mode`.

    `git clean` passes by every `.git` in a folder, what is in a submodule's folder, and the modes of folders.
    """
    files = set(tracked)
    folders: set[str] = set()
    for parent in (path.rpartition("/")[0] for path in files):
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    left = [""]
    for folder in left:
        place = top / folder
        if stat.S_IMODE(place.lstat().st_mode) != mode:
            place.chmod(mode)
        with os.scandir(place) as entries:
            there = [(entry, f"{folder}/{entry.name}".lstrip("/")) for entry in entries]
        for entry, path in there:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and path in folders:
                left.append(path)
            elif is_folder or (path not in files and path != ".git"):
                remove(Path(entry.path))


def remove(path: Path) -> None:
    """Remove whatever lies at `path`, if anything does."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=open_and_retry)
    else:
        path.unlink(missing_ok=True)


def open_and_retry(remove: object, path: str, error: object) -> None:
    """Remove what a check left in folders that nobody may write to: the `onerror` of `shutil.rmtree`."""
    if not os.path.lexists(path):
        return
    with contextlib.suppress(FileNotFoundError):
        Path(path).parent.chmod(0o700)
        if Path(path).is_dir() and not Path(path).is_symlink():
            Path(path).chmod(0o700)
            shutil.rmtree(path)
        else:
            Path(path).unlink()
