"""What checks need and git does not track: found in the user's tree, lent to the gate tree, taken back.

A file is copied. A folder is mounted, so that what a check does to it stays with the check. Where there are no mounts
it is a symbolic link; or, when links in it lead back into the repository, as those of workspaces do, a copy of hard
links, in which they lead to the gate tree. Nothing of it is in the index, and so in no commit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.checking.interpreters import IN_REPOSITORY
from cccc.services.evidence.checking.sandbox import Mount
from cccc.services.evidence.tree.sweep import remove

_MOST_PACKAGES = 50
_OURS = frozenset({".git", ".cccc"})
_PYTHON = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "manage.py")
# What go's and yarn's own commands put beside the sources, where it is not committed.
_BESIDE = ("go.work", "go.work.sum", ".pnp.cjs", ".pnp.loader.mjs", ".yarn/cache", ".yarn/unplugged")


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


def usual(repo: git.Repo, files: Iterable[str], path: str) -> list[Link]:
    """Return what a repository usually needs: packages of node, virtual environments, programs on the PATH `path`."""
    root, files = repo.top / repo.prefix, list(files)
    programs = [Path(entry) for entry in path.split(os.pathsep) if entry.startswith(f"{repo.top}/")]
    above = [folder for folder in root.parents if folder == repo.top or repo.top in folder.parents]
    packages = [*(root / folder for folder in folders(files, ("package.json",))), *above]
    found = [folder / "node_modules" for folder in packages]
    environments = [*dict.fromkeys((root, repo.top, *(root / folder for folder in folders(files, _PYTHON))))]
    found += [folder / name for folder in environments for name in IN_REPOSITORY]
    found += [entry.parent for entry in programs if entry.name == "bin"]
    links = {}
    for folder in found:
        if folder.is_dir() and (folder.name == "node_modules" or is_environment(folder)):
            links[_link(repo, folder).path] = folder
    for entry in programs:
        if entry.is_dir() and not any(str(entry).startswith(f"{repo.top}/{lent}/") for lent in links):
            links.setdefault(_link(repo, entry).path, entry)
    links.update((_link(repo, root / name).path, root / name) for name in _BESIDE if can_be_lent(root / name))
    return [Link(*one) for one in links.items()]


def folders(files: Iterable[str], names: tuple[str, ...] = ("package.json", *_PYTHON)) -> list[str]:
    """Return the folders in which one of the tracked files has one of the names."""
    parents = (file.rpartition("/")[0] for file in files if file.rpartition("/")[2] in names)
    return list(dict.fromkeys(parents))[:_MOST_PACKAGES]


def submodules(repo: git.Repo, modules: Iterable[str]) -> list[Link]:
    """Return the submodules, given by their paths from the work tree's root, that the user has checked out."""
    places = ((path, repo.top / path) for path in modules)
    return [Link(path, place) for path, place in places if os.path.lexists(place / ".git")]


def checked_out(repo: git.Repo, modules: Iterable[str]) -> dict[str, str]:
    """Return at which commit the user has each submodule that is checked out."""
    lent = submodules(repo, modules)
    heads = {link.path: git.run(link.source, "rev-parse", "--verify", "-q", "HEAD", check=False) for link in lent}
    return {path: done.stdout.decode().strip() for path, done in heads.items() if done.returncode == 0}


def _link(repo: git.Repo, path: Path) -> Link:
    return Link(path.relative_to(repo.top).as_posix(), path)


class Loan:
    """What is lent to the gate tree `tree` of `repo` for one run. Raises Missing when something cannot be."""

    def __init__(self, links: Iterable[Link], repo: git.Repo, tree: Path, mounts: bool) -> None:
        self.mounts: list[Mount] = []
        self._repo = repo
        self._tree = tree
        self._mounts = mounts
        self._made: list[Path] = []
        self._copied: list[Path] = []
        for link in links:
            try:
                self._lend(link)
            except OSError as error:
                self.take_back()
                raise Missing(f"{link.path} cannot be lent to the checks: {error}") from None

    def _lend(self, link: Link) -> None:
        place = self._tree / link.path
        if place in self._made or _is_taken(place) or not _OURS.isdisjoint(link.path.split("/")):
            return  # git tracks it, or it is none of the checks' business
        self._make_folders(place.parent)
        if link.source.is_symlink() and self._point(link, place):
            pass
        elif not link.source.is_dir():
            shutil.copy2(link.source, place)
        elif self._mounts:
            place.mkdir(exist_ok=True)
            self.mounts.append(Mount(link.source, place))
        else:
            with contextlib.suppress(FileNotFoundError):
                place.rmdir()
            self._show(link, place)
        self._made.append(place)

    def _point(self, link: Link, place: Path) -> bool:
        """Make a link that leads into the repository anew, and lend what it leads to where git does not track that."""
        real = Path(os.path.realpath(link.source))
        inside = self._inside(real)
        if self._inside(link.source) is None:  # what gate.setup made, in the place where it is seen again
            place.symlink_to(link.source.readlink())
        elif inside is None:
            return False
        else:
            place.symlink_to(os.path.relpath(self._tree / inside, place.parent))
            self._lend(Link(inside.as_posix(), real))
        return True

    def _show(self, link: Link, place: Path) -> None:
        """Let a folder be seen where there are no mounts: as a link, or as a copy when that would lead elsewhere."""
        is_repository = os.path.lexists(link.source / ".git")
        out = [] if is_environment(link.source) else list(_links_out(link.source))
        if not is_repository and not any(self._leads_back(link, *one) for one in out):
            place.symlink_to(link.source)
            return
        self._copied.append(place)
        copy = shutil.copy2 if is_repository else _hard_link
        shutil.copytree(link.source, place, symlinks=True, copy_function=copy, ignore=_without_git)
        for path, text in out:
            if text.startswith("/") or _leaves(Path(link.path) / path.parent / text):
                real = Path(os.path.realpath(link.source / path))
                inside = self._inside(real)
                (place / path).unlink()
                (place / path).symlink_to(self._tree / inside if inside else real)

    def _leads_back(self, link: Link, path: Path, text: str) -> bool:
        stays = not text.startswith("/") and not _leaves(Path(link.path) / path.parent / text)
        return stays or bool(self._inside(Path(os.path.realpath(link.source / path))))

    def _inside(self, path: Path) -> Path | None:
        """Return a path of the user's tree from its root; None for others, and what is git's or ours."""
        if self._repo.top not in path.parents:
            return None
        inside = path.relative_to(self._repo.top)
        return inside if _OURS.isdisjoint(inside.parts) else None

    def _make_folders(self, folder: Path) -> None:
        if not folder.exists():
            self._make_folders(folder.parent)
            folder.mkdir()
            self._made.append(folder)

    def take_back(self) -> None:
        """Leave the gate tree without what was lent to it."""
        for place in self._copied:
            remove(place)
        for place in reversed(self._made):
            with contextlib.suppress(OSError):  # a check removed it, or put something in
                if place.is_dir() and not place.is_symlink():
                    place.rmdir()
                else:
                    place.unlink()


def is_environment(folder: Path) -> bool:
    """Return whether a folder is a Python environment, whose links `sitecustomize.py` follows."""
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").is_dir()


def _links_out(top: Path) -> Iterator[tuple[Path, str]]:
    """Yield the symbolic links in a folder that lead out of it, and what they say."""
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink():
                inside, text = path.relative_to(top), str(path.readlink())
                if text.startswith("/") or _leaves(inside.parent / text):
                    yield inside, text


def _leaves(path: Path) -> bool:
    return os.path.normpath(path).split("/")[0] == ".."


def _hard_link(source: str, place: str) -> None:
    try:
        os.link(source, place)
    except OSError:  # another disk, or a file of somebody else
        shutil.copy2(source, place)


def _without_git(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == ".git"]


def _is_taken(place: Path) -> bool:
    """Whether git tracks something at `place`; of a submodule it makes an empty folder, which can be filled."""
    if place.is_symlink() or not place.is_dir():
        return os.path.lexists(place)
    return any(place.iterdir())
