"""What a file is, by its bytes, and whether the settings let it through."""

from __future__ import annotations

import errno
import fnmatch
import mimetypes
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import filetype

from cccc.common.settings.chat import Files

_HEAD = 64 << 10
_LONGEST_NAME = 120  # bytes; an id stands before it, and `.meta.json` behind
_LONGEST_SUFFIX = 20
_SCAN_WITHIN = 120.0


def opened(path: Path) -> BinaryIO:
    """Open a plain file. Raises OSError for a link, a pipe or a folder, also when one took its place just now."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(fd, "rb")


def mime(path: Path) -> str:
    """Return the type that a file's bytes have; its name only tells kinds of text apart. Raises OSError."""
    with opened(path) as file:
        head = file.read(_HEAD)
    found = filetype.guess_mime(head)
    if found:
        return str(found)
    if not head or b"\0" in head or not _is_text(head):
        return "application/octet-stream"
    guessed = mimetypes.guess_type(path.name)[0] or ""
    return guessed if guessed.startswith("text/") else "text/plain"


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == _HEAD  # cut within a sign
    return True


def allowed(kind: str, patterns: Iterable[str]) -> bool:
    """Return whether a type is among the allowed; no pattern allows all."""
    wanted = list(patterns)
    return not wanted or any(fnmatch.fnmatch(kind, pattern) for pattern in wanted)


def safe_name(name: str) -> str:
    """Return a file name that is one everywhere: no folder, no leading dot, no sign that a shell or terminal reads."""
    name = re.sub(r"[^\w.+-]+", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    room = _LONGEST_NAME - len(f"{dot}{suffix}".encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix or "file"


def refusal(path: Path, rules: Files, most_bytes: int) -> str:
    """Return why a file that is here may not go through, or ""."""
    size, kind = path.stat().st_size, mime(path)
    if not size:
        return "it is empty"
    if size > most_bytes:
        return f"it has {size} bytes (limit {most_bytes})"
    if not allowed(kind, rules.allowed_mime):
        return f"its type is {kind}; allowed: {', '.join(rules.allowed_mime)}"
    return _virus(path) if rules.run_clamav else ""


def _virus(path: Path) -> str:
    """Return what ClamAV has against a file; also when it cannot look, because it was asked to."""
    program = shutil.which("clamdscan")
    if program is None:
        return "files.run_clamav is on and clamdscan is not installed; install clamav-daemon, or turn it off"
    done = subprocess.run(
        [program, "--fdpass", "--no-summary", str(path)],
        capture_output=True,
        text=True,
        timeout=_SCAN_WITHIN,
        check=False,
    )
    if done.returncode == 0:
        return ""
    said = " ".join((done.stdout + done.stderr).split())[-200:]
    return f"ClamAV found something: {said}" if done.returncode == 1 else f"ClamAV cannot scan it: {said}"
