"""What checks need and git does not track: found in the user's tree, lent to the gate tree, taken back.

A file is copied. A folder is mounted, so that what a check does to it stays with the check; where
there are no mounts it is a symbolic link. Nothing of it is in the index, and so in no commit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common import git
from cccc.services.evidence.sandbox import Mount

_VIRTUALENVS = (".venv", "venv", "env")
_MOST_PACKAGES = 50
_OURS = frozenset({".git", ".cccc"})


class Missing(Exception):
    """Something that the checks were promised is not there, in words for people."""


@dataclass(frozen=True)
class Link:
    """Something that lies at `path`, seen from the work tree's root, and comes from `source`."""

    path: str
    source: Path


def asked(repo: git.Repo, patterns: Iterable[str]) -> list[Link]:
    """Return what `gate.link` names. Raises Missing when a pattern finds nothing."""
    root, links = repo.top / repo.prefix, []
    for pattern in patterns:
        try:
            found = sorted(root.glob(pattern))
        except ValueError as error:
            raise Missing(f"gate.link: {error}") from None
        if not found:
            raise Missing(f"gate.link names {pattern}, which is not in {root}")
        for path in (path for path in found if not can_be_lent(path)):
            raise Missing(f"gate.link names {path}, which is neither a folder nor a file that can be read")
        links += [_link(repo, path) for path in found]
    return links


def can_be_lent(path: Path) -> bool:
    """Return whether there is a folder or a file to read: no link to nowhere, no socket."""
    return (path.is_dir() or path.is_file()) and os.access(path, os.R_OK)


def usual(repo: git.Repo, files: Iterable[str], env: Mapping[str, str]) -> list[Link]:
    """Return what a repository usually needs: packages of node, virtual environments, programs on the PATH."""
    root = repo.top / repo.prefix
    packages = [root / file for file in files if file.rpartition("/")[2] == "package.json"][:_MOST_PACKAGES]
    found = [package.parent / "node_modules" for package in packages]
    found += [folder / name for folder in (root, repo.top) for name in _VIRTUALENVS]
    programs = [Path(entry) for entry in env.get("PATH", "").split(os.pathsep) if entry.startswith(f"{repo.top}/")]
    found += [entry.parent for entry in programs]
    links: dict[str, Link] = {}
    for path in found:
        is_ours = path.name == "node_modules" or (path / "pyvenv.cfg").exists()
        if is_ours and path.is_dir():
            links.setdefault(*_entry(_link(repo, path)))
    for path in programs:
        if path.is_dir() and not any(str(path).startswith(f"{repo.top}/{lent}/") for lent in links):
            links.setdefault(*_entry(_link(repo, path)))
    return list(links.values())


def _link(repo: git.Repo, path: Path) -> Link:
    return Link(path.relative_to(repo.top).as_posix(), path)


def _entry(link: Link) -> tuple[str, Link]:
    return link.path, link


class Loan:
    """What is lent to the gate tree `tree` for one run."""

    def __init__(self, links: Iterable[Link], tree: Path, mounts: bool) -> None:
        self.mounts: list[Mount] = []
        self._made: list[Path] = []
        for link in links:
            place = tree / link.path
            if _is_taken(place) or not _OURS.isdisjoint(link.path.split("/")):
                continue  # git tracks it, or it is none of the checks' business
            self._make_folders(place.parent)
            if not link.source.is_dir():
                shutil.copy2(link.source, place)
            elif mounts:
                place.mkdir(exist_ok=True)
                self.mounts.append(Mount(link.source, place))
            else:
                with contextlib.suppress(FileNotFoundError):
                    place.rmdir()
                place.symlink_to(link.source)
            self._made.append(place)

    def _make_folders(self, folder: Path) -> None:
        if not folder.exists():
            self._make_folders(folder.parent)
            folder.mkdir()
            self._made.append(folder)

    def take_back(self) -> None:
        """Leave the gate tree without what was lent to it."""
        for place in reversed(self._made):
            with contextlib.suppress(OSError):  # a check removed it, or put something in
                if place.is_dir() and not place.is_symlink():
                    place.rmdir()
                else:
                    place.unlink()


def _is_taken(place: Path) -> bool:
    """Whether git tracks something at `place`; of a submodule it makes an empty folder, which can be filled."""
    if place.is_symlink() or not place.is_dir():
        return os.path.lexists(place)
    return any(place.iterdir())
