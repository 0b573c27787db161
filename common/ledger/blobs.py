"""The bodies that facts only name: messages, patches, outputs, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cccc.common.errors import NotFound
from cccc.common.machine import durable
from cccc.common.paths import Project


class Blobs:
    """The folder `state/blobs`, one file per SHA-256, readable by the user alone."""

    def __init__(self, project: Project) -> None:
        self._folder = project.blobs
        project.make(self._folder)

    def path(self, sha: str) -> Path:
        return self._folder / sha

    def put(self, content: bytes) -> str:
        """Return the SHA-256 of `content`, which is on disk when this returns."""
        sha = hashlib.sha256(content).hexdigest()
        if not self._has(sha):
            durable.write(self.path(sha), content)
        return sha

    def get(self, sha: str) -> bytes:
        """Return a body. Raises NotFound when it was removed, or has other bytes than it had."""
        try:
            content = self.path(sha).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            raise NotFound(f"the body {sha} is missing in {self._folder}") from None
        if hashlib.sha256(content).hexdigest() != sha:
            raise NotFound(f"the body {sha} in {self._folder} was changed")
        return content

    def _has(self, sha: str) -> bool:
        try:
            self.get(sha)
        except NotFound:
            return False
        return True

    def remove(self, sha: str) -> None:
        """Remove a body, and what a crash left of its writing. One that is not there is no error."""
        for path in (self.path(sha), *self._folder.glob(f".{sha}.*")):
            path.unlink(missing_ok=True)
        durable.sync_folder(self._folder)
