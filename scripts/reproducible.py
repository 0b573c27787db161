"""How this project is packed, named in pyproject.toml: as setuptools does, and to the same bytes each time."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path
from typing import Any, Optional

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403  # the other hooks of a build

_EPOCH = 315_532_800  # 1980, before which a zip file knows no time

os.environ.setdefault("SOURCE_DATE_EPOCH", str(_EPOCH))  # setuptools obeys it in a wheel


def build_sdist(sdist_directory: str, config_settings: Optional[Any] = None) -> str:  # noqa: UP045
    """Pack the sources; times, owners and permissions of this machine's files are left out."""
    name: str = build_meta.build_sdist(sdist_directory, config_settings)
    path = Path(sdist_directory) / name
    with tarfile.open(path) as packed:
        entries = sorted(packed.getmembers(), key=lambda entry: entry.name)
        contents = [packed.extractfile(entry) for entry in entries]
        bodies = [content.read() if content else b"" for content in contents]
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as sources:
        for entry, body in zip(entries, bodies):
            mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            entry.mtime, entry.mode, entry.pax_headers = int(os.environ["SOURCE_DATE_EPOCH"]), mode, {}
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            sources.addfile(entry, io.BytesIO(body))
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed_again:
        packed_again.write(plain.getvalue())
    return name
