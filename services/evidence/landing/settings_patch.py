"""Changes of `.cccc/settings`: tried on a copy, and after a decision written to the live files.

They are no part of the repository, so nothing is committed. The change is announced with the hash of
each old and new file, and written when that is heard: doing it again after a crash changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cccc.common import settings
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.machine.faults import fault
from cccc.common.paths import Project
from cccc.services.evidence.queue import Applying
from cccc.services.evidence.reading import fits, mistakes, placing
from cccc.services.evidence.reading.fits import Content, Fit

_FILE = re.compile(r"\.cccc/settings/[a-z_]+\.yaml")


class Refused(Exception):
    """Why the change may not be made."""


class Changed(NamedTuple):
    """One settings file: its path from the project, and its bytes; None where there is no file."""

    path: str
    old: bytes | None
    new: bytes | None


def only(paths: Iterable[str], prefix: str) -> bool:
    """Whether all paths (from the repository's top) are settings files of the project below `prefix`."""
    paths = list(paths)
    return bool(paths) and all(
        path.startswith(prefix) and _FILE.fullmatch(path[len(prefix) :]) is not None for path in paths
    )


def tried(project: Project, prefix: str, fit: Fit, env: Mapping[str, str]) -> list[Changed]:
    """Return what the patch changes. Raises Refused when it does not apply, or the settings would be wrong."""
    scratch = project.work / "settings"
    shutil.rmtree(scratch, ignore_errors=True)
    copy = Project(scratch / prefix / ".cccc")
    copy.settings.mkdir(mode=0o700, parents=True)
    try:
        before = _files(project)
        for name, content in before.items():
            (copy.settings / name).write_bytes(content)
        _apply(scratch.resolve(), fit, env)
        wrong = [path.name for path in copy.settings.iterdir() if path.is_symlink() or not path.is_file()]
        if wrong:
            raise Refused(f"settings-invalid: {', '.join(wrong)} would not be a regular file")
        for problem in settings.problems(copy):
            raise Refused(f"settings-invalid: {problem}")
        after = _files(copy)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not names:
        raise Refused("empty: the patch changes nothing in the current settings")
    return [Changed(f".cccc/settings/{name}", before.get(name), after.get(name)) for name in names]


class _Copy:
    """The settings files below `top`, as what a patch is applied to."""

    name = "the settings"

    def __init__(self, top: Path) -> None:
        self._top = top

    def read(self, paths: list[str]) -> list[Content | None]:
        there = [_read(self._top / path) for path in paths]
        return [
            None if text is None else (hashlib.sha1(b"blob %d\0%s" % (len(text), text)).hexdigest(), text)
            for text in there
        ]

    def knows(self, blobs: list[str]) -> set[str]:
        return set()

    def tracked(self) -> list[str]:
        return [path.relative_to(self._top).as_posix() for path in self._top.rglob("*") if path.is_file()]

    def modules(self) -> list[str]:
        return []


def _apply(top: Path, fit: Fit, env: Mapping[str, str]) -> None:
    # The ceiling keeps git from finding the user's repository above: then it would skip every path.
    alone = {**git.environment(env), "GIT_CEILING_DIRECTORIES": str(top.parent)}
    apply = ("apply", "--unidiff-zero", "--whitespace=nowarn", *fit.options)
    try:
        for part in fit.parts:
            placed = placing.place(part.sections, fits.files(part, fit.folder, _Copy(top)))
            if placed.patch:
                git.run(top, *apply, env=alone, input=placed.patch)
    except placing.Misfit as misfit:
        raise Refused(f"git cannot apply it to the current settings: {misfit}") from None
    except git.GitError as error:
        raise Refused(f"git cannot apply it to the current settings: {mistakes.of_git(error.stderr)}") from None


def write(project: Project, blobs: Blobs, change: Applying) -> list[str]:
    """Write an announced change, or what is left of it; return where the old files are kept.

    Raises Refused, with nothing written, when somebody else has changed a file meanwhile.
    """
    now = [sha(_read(project.root / path)) for path in change.paths]
    for path, is_, old, new in zip(change.paths, now, change.old, change.new):
        if is_ not in (old, new):
            raise Refused(f"settings-changed: {path} was changed meanwhile; hand the patch in again")
    kept = []
    moment = re.sub(r"\D", "", change.ts)[:14]
    for path, is_, old, new in zip(change.paths, now, change.old, change.new):
        live = project.root / path
        if old:
            aside = live.with_name(f"{live.name}.{moment}.old")
            kept.append(str(aside.relative_to(project.root)))
            if is_ == old:
                _put(aside, blobs.get(old), live)
        if is_ != new:
            if new:
                _put(live, blobs.get(new), live)
            else:
                live.unlink()
            fault("evidence.settings-written")
    return kept


def sha(content: bytes | None) -> str:
    """Return how facts name the content of a file: "" where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _files(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.settings.glob("*.yaml") if path.is_file()}


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _put(path: Path, content: bytes, like: Path) -> None:
    """Write a file whole or not at all, with the mode of `like`, by default for its owner alone."""
    mode = 0o600
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(like.stat().st_mode)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
