"""A peer's side of the mailbox: read the oldest message, move it away, hand in files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILES = {"to_peer": "to_peer.md", "to_user": "to_user.md", "patch": "patch.diff"}

_NAME = re.compile(r"(\d+)\.(.+)\.txt")
_OPEN = re.compile(r"<\s*FROM_(USER|SYSTEM|PEERA|PEERB)\s*>", re.IGNORECASE)
_CLOSE = re.compile(r"</\s*FROM_\w+\s*>", re.IGNORECASE)
_MID = re.compile(r"^\[MID: (.+?)\][ \t]*\n?", re.MULTILINE)
_AUTHORS = {"USER": "User", "SYSTEM": "System", "PEERA": "PeerA", "PEERB": "PeerB"}

PART_PAUSE = 0.1


class Message(NamedTuple):
    """A message without its envelope. `author` is empty when no tag names one."""

    author: str
    mid: str
    text: str


def waiting(inbox: Path) -> list[Path]:
    """Return the messages of an inbox, lowest number first. Raises FileNotFoundError."""
    named = [(found, path) for path in inbox.iterdir() for found in [_NAME.fullmatch(path.name)] if found]
    return [path for found, path in sorted(named, key=lambda pair: (int(pair[0][1]), pair[1].name))]


def parse(text: str, mid: str) -> Message:
    """Take the envelope off; `mid` is used where the text does not name its own."""
    tag = _OPEN.search(text)
    own = _MID.search(text)
    bare = _MID.sub("", _CLOSE.sub("", _OPEN.sub("", text, count=1)), count=1)
    return Message(_AUTHORS[tag[1].upper()] if tag else "", own[1] if own else mid, bare.strip())


def read(path: Path) -> Message:
    """Return one message. Raises FileNotFoundError when somebody else took it."""
    return parse(path.read_bytes().decode("utf-8", "replace"), path.name.split(".", 1)[1][: -len(".txt")])


def move(path: Path) -> None:
    """Put a message that was read into `processed/` beside its inbox, unless somebody else took it."""
    processed = path.parent.parent / "processed"
    processed.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.replace(processed / path.name)


def hand_in(folder: Path, file: str, text: str, how: str) -> Iterator[float]:
    """Write one of the peer's files; yields the pauses, in seconds, between the parts of a slow write."""
    target = folder / FILES[file]
    content = text.encode()
    if how == "rename":
        fresh = folder / f".{target.name}.{os.getpid()}.tmp"
        fresh.write_bytes(content)
        fresh.replace(target)
    elif how == "inplace":
        target.write_bytes(content)
    else:
        quarter = len(content) // 4 + 1
        with target.open("wb", buffering=0) as stream:
            for at in range(0, len(content), quarter):
                stream.write(content[at : at + quarter])
                yield PART_PAUSE
