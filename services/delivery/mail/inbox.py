"""The inbox folders: a message is put in by one rename, and has been read when it has left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from cccc.common.machine.durable import sync_folder
from cccc.common.paths import PEERS, Project


def prepare(project: Project) -> None:
    """Make the folders, and remove what a crash left half written."""
    for peer in PEERS:
        for folder in (project.inbox(peer), project.processed(peer)):
            project.make(folder)
        for path in project.inbox(peer).glob(".*.part"):
            path.unlink()


def keep_processed(project: Project, peer: str) -> None:
    """Make `processed/` again where the peer removed it, or has moved a message to its name."""
    folder = project.processed(peer)
    if not folder.is_dir():
        if os.path.lexists(folder):
            folder.rename(folder.with_name(f"{folder.name}.{time.time_ns()}"))
        project.make(folder)


def has(project: Project, peer: str, file: str) -> bool:
    """Return whether a message is in the inbox, or was already moved to `processed/`."""
    return (project.inbox(peer) / file).exists() or (project.processed(peer) / file).exists()


def put(project: Project, peer: str, file: str, body: bytes) -> None:
    """Put a message into the inbox, whole or not at all, and onto the disk. Raises OSError."""
    inbox = project.inbox(peer)
    part = inbox / f".{file}.part"
    with part.open("wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(inbox / file)
    sync_folder(inbox)


def gone(project: Project, peer: str, files: Iterable[str]) -> list[str]:
    """Return those of `files` that are not in the inbox any more."""
    try:
        there = {path.name for path in project.inbox(peer).iterdir()}
    except FileNotFoundError:
        there = set()
    return [file for file in files if file not in there]


def put_away(project: Project, peer: str, file: str, kept: bool) -> bool:
    """Take a message out of the inbox unread, into `processed/` or away; return whether it was there."""
    path = project.inbox(peer) / file
    try:
        if kept:
            path.replace(project.processed(peer) / file)
        else:
            path.unlink()
    except FileNotFoundError:
        return False
    return True


def prune(project: Project, peer: str, files: Iterable[str]) -> None:
    """Delete files of `processed/`; those that somebody else removed are no error."""
    processed: Path = project.processed(peer)
    for file in files:
        (processed / file).unlink(missing_ok=True)
