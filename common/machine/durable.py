"""Files that a power loss cannot leave empty, and what to do with what stands in their place."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from cccc.common.errors import UserError

T = TypeVar("T")


def write(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file (0600): after a power loss it is the old one or the new one, whole."""
    _replace(path, content, sync=True)
    sync_folder(path.parent)


def show(path: Path, content: bytes) -> None:
    """The same, not waiting for the disk, for what is made again at each start."""
    _replace(path, content, sync=False)


def _replace(path: Path, content: bytes, sync: bool) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(fresh, "wb", opener=_private) as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    if path.is_dir() and not path.is_symlink():
        set_aside(path)
    fresh.replace(path)


def no_room(error: OSError) -> bool:
    """Return whether a disk is full, of bytes or of files, or at the user's quota: what is due can wait."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def set_aside(path: Path) -> Path:
    """Rename what stands where a file or folder of ours belongs; return its new name."""
    aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
    path.rename(aside)
    return aside


def sync_folder(path: Path) -> None:
    """Make a rename or a new name in `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def shown(path: Path, kind: type[T], *keys: str) -> T:
    """Return what a service shows in a JSON file, an empty `kind` where there is none.

    `keys` are what each entry of a list has. Raises UserError when it cannot be read.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return kind()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if found is None or (isinstance(found, list) and any(set(keys) - set(entry) for entry in found)):
        raise UserError(f"{path} cannot be read; `cccc up` recreates it")
    return found
