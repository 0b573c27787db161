"""Which lint and test commands a repository has, found as its own people find them: by the files that show it. Pure.

Each module is one ecosystem and gives the names of `Ecosystem`. The runner of a language comes before what wraps it
(make, just, a script), since counts and names are read from it. All that is found runs for every patch: the counts of
two patches would not compare otherwise.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from cccc.services.evidence.checking.finders import (
    cargo,
    general,
    go,
    native,
    node,
    others,
    php,
    precommit,
    python,
    ruby,
)
from cccc.services.evidence.checking.finders import hints as _hints
from cccc.services.evidence.checking.finders.proposals import proposals
from cccc.services.evidence.checking.finders.seen import Ecosystem, Found, Row, Tracked

__all__ = ["ECOSYSTEMS", "Found", "Row", "Tracked", "find", "hints", "line", "missing", "proposals", "table"]

LANGUAGES: tuple[Ecosystem, ...] = (python, node, cargo, go, native, ruby, php, others)
WRAPPERS: tuple[Ecosystem, ...] = (general,)  # where no language's runner was found
LINTERS: tuple[Ecosystem, ...] = (precommit,)  # where nothing else lints
ECOSYSTEMS = (*LANGUAGES, *WRAPPERS, *LINTERS)

_MANIFEST = re.compile("|".join(module.MANIFEST.pattern for module in ECOSYSTEMS))
_NO_PROJECT = re.compile(  # folders with projects that are samples, data, or somebody else's
    r"(?:^|/)(?:node_modules|vendor|third[_-]?party|external|deps|examples?|samples?|demos?|docs?|fixtures?|__fixtures__|testdata"
    r"|test[_-]data|contrib|support|tests?|t|__tests__|specs?|e2e|templates?|playgrounds?|bench(?:es|marks?)?|fuzz|\.[^/]+)/"
)


def find(tracked: Tracked) -> list[Found]:
    """Return every check that the repository has, in the order in which they run: lint, then tests."""
    return sorted(_find(tracked), key=lambda one: one.kind)


def _find(tracked: Tracked) -> list[Found]:
    here = _here(tracked)
    if any(one.ecosystem == general.NAME for one in here):
        return here  # it is taken to reach everything below
    found = list(here)
    for folder in _projects(tracked):
        for one in _find(tracked.below(folder)):
            if _is_new(one, here, tracked, folder):
                found.append(replace(one, folder=folder + one.folder))
    return found


def _here(tracked: Tracked) -> list[Found]:
    found, wrappers = _by(LANGUAGES, tracked), _by(WRAPPERS, tracked)
    if native.has_code(tracked) and not tracked.matching(python.MANIFEST):
        builds = any(one.ecosystem == native.NAME for one in found) or wrappers
        found = [one for one in found if not (builds and one.ecosystem == python.NAME)]  # they test what is built
    if any(not one.missing for one in wrappers):  # a Makefile beside a build tool that is not here
        found = [one for one in found if not (one.ecosystem == native.NAME and one.missing)]
    if not any(one.kind == "test" for one in found):
        found += wrappers
    if not any(one.kind == "lint" and not one.missing for one in found):
        found += [
            one for one in _by(LINTERS, tracked) if not one.missing or not any(one.kind == "lint" for one in found)
        ]
    return found


def _by(ecosystems: tuple[Ecosystem, ...], tracked: Tracked) -> list[Found]:
    return [replace(one, ecosystem=module.NAME) for module in ecosystems for one in module.find(tracked)]


def _projects(tracked: Tracked) -> list[str]:
    """Return the folders below that are projects of their own, without those in others."""
    manifests = [name for name in tracked.files if "/" in name and _MANIFEST.search(name.rpartition("/")[2])]
    candidates = {f"{name.rpartition('/')[0]}/" for name in manifests if not _NO_PROJECT.search(name)}
    folders: list[str] = []
    for folder in sorted(candidates):
        if not folders or not folder.startswith(folders[-1]):
            folders.append(folder)
    return folders


def _is_new(one: Found, here: list[Found], tracked: Tracked, folder: str) -> bool:
    """Whether a check of a folder below is not part of one of those here."""
    same = [known for known in here if (known.ecosystem, known.kind) == (one.ecosystem, one.kind)]
    module = next(module for module in ECOSYSTEMS if one.ecosystem == module.NAME)
    return not same or module.is_apart(tracked, folder, one.kind)


def line(found: list[Found], kind: str) -> str:
    """Return one line for sh that runs all checks of a kind, "" for none. Linters that are missing are left out."""
    runs = [one for one in found if one.kind == kind and not (kind == "lint" and one.missing)]
    return " && ".join(
        f"(cd {shlex.quote(one.folder)} && {one.command})" if one.folder else one.command for one in runs
    )


def missing(found: list[Found]) -> list[str]:
    """Return, for people, which linters are configured and cannot run here; each once, though it has two commands."""
    said = (
        f"{one.missing} is configured ({one.folder}{one.marker}) and not installed: it does not lint"
        for one in found
        if one.kind == "lint" and one.missing
    )
    return list(dict.fromkeys(said))


def hints(tracked: Tracked) -> list[str]:
    """Return what CI files and READMEs say of checks where nothing was found; for people, never run."""
    kinds = {one.kind for one in find(tracked)}
    return _hints.hints(tracked, [kind for kind in ("lint", "test") if kind not in kinds])


def table() -> str:
    """Return the table of docs/gate.md."""
    rows = [row for module in ECOSYSTEMS for row in module.ROWS]
    lines = [f"| {row.marker} | {row.lint} | {row.tests} |" for row in rows]
    return "\n".join(["| marker | lint | tests |", "|---|---|---|", *(one.replace("  ", " ") for one in lines)])
