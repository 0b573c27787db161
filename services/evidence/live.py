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

from cccc.common import git, settings
from cccc.common.blobs import Blobs
from cccc.common.faults import fault
from cccc.common.paths import Project
from cccc.services.evidence.queue import Applying

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


def tried(
    project: Project, prefix: str, patch: bytes, options: tuple[str, ...], env: Mapping[str, str]
) -> list[Changed]:
    """Return what the patch changes. Raises Refused when it does not apply, or the settings would be wrong.

    `options` are how `git apply` has to read the patch.
    """
    scratch = project.work / "settings"
    shutil.rmtree(scratch, ignore_errors=True)
    copy = Project(scratch / prefix / ".cccc")
    copy.settings.mkdir(mode=0o700, parents=True)
    try:
        before = _files(project)
        for name, content in before.items():
            (copy.settings / name).write_bytes(content)
        # The ceiling keeps git from finding the user's repository above: then it would skip every path.
        alone = {**git.environment(env), "GIT_CEILING_DIRECTORIES": str(scratch.resolve().parent)}
        try:
            git.run(scratch.resolve(), "apply", "--whitespace=nowarn", *options, env=alone, input=patch)
        except git.GitError as error:
            raise Refused(f"git cannot apply it to the settings as they are: {error.stderr.strip()}") from None
        wrong = [path.name for path in copy.settings.iterdir() if path.is_symlink() or not path.is_file()]
        if wrong:
            raise Refused(f"settings-invalid: {', '.join(wrong)} would be no plain file")
        for problem in settings.problems(copy):
            raise Refused(f"settings-invalid: {problem}")
        after = _files(copy)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not names:
        raise Refused("empty: the patch changes nothing in the settings as they are")
    return [Changed(f".cccc/settings/{name}", before.get(name), after.get(name)) for name in names]


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
