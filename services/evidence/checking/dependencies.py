"""What a patch changes of the project's dependencies, where `gate.setup` does not install them anew. Pure.

The checks then ran with what was installed before, and no green shows that it still fits: the author and the user are
told. Rust, Go and Elixir are left out, as their tools fetch what the manifest says when they are run.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Callable

from cccc.services.evidence.reading.change import ABSENT, SUBMODULE, Change, shown

_PIP = "python3 -m venv .venv && .venv/bin/pip install"
_REQUIREMENTS = re.compile(r"(?:^|/)(?:(?:requirements|constraints)[^/]*\.(?:txt|in)|requirements/[^/]+\.(?:txt|in))$")
# What is locked, and what installs that; the first of a folder that git tracks says it for the folder's manifests too.
_LOCKS = (
    (re.compile(r"^pnpm-lock\.yaml$"), "pnpm install --frozen-lockfile"),
    (re.compile(r"^yarn\.lock$"), "yarn install --frozen-lockfile"),
    (re.compile(r"^bun\.lockb?$"), "bun install --frozen-lockfile"),
    (re.compile(r"^(?:package-lock|npm-shrinkwrap)\.json$"), "npm ci"),
    (re.compile(r"^package\.json$"), "npm install"),
    (re.compile(r"^uv\.lock$"), "uv sync --frozen"),
    (re.compile(r"^poetry\.lock$"), "POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install"),
    (re.compile(r"^pdm\.lock$"), "pdm sync"),
    (re.compile(r"^pixi\.lock$"), "pixi install --frozen"),
    (re.compile(r"^Pipfile(?:\.lock)?$"), "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev"),
    (re.compile(r"^environment\.ya?ml$"), "conda env create -p .venv -f {name}"),
    (re.compile(r"^(?:pyproject\.toml|setup\.(?:py|cfg))$"), f"{_PIP} -e ."),
    (re.compile(r"^Gemfile(?:\.lock)?$"), "BUNDLE_PATH=vendor/bundle bundle install"),
    (re.compile(r"^composer\.(?:json|lock)$"), "composer install"),
)
_NODE = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides", "resolutions")
_PHP = ("require", "require-dev")
_TABLE = re.compile(r"(?ms)^\[+([^\]\n]+)\]+[^\n]*\n(.*?)(?=^\[|\Z)")
_TABLES = re.compile(
    r"^(?:build-system|dependency-groups|project\.optional-dependencies|tool\.(?:poetry|uv|pdm|pixi|hatch)\b.*"
    r"|options\.extras_require)$"
)
_LIST = re.compile(
    r"(?ms)^\s*(?:dependencies|requires-python|install_requires|extras_require|tests_require)\s*=.*?(?=^\S|\Z)"
)

_SPACE = re.compile(r"\s+")


def notes(changes: Iterable[Change], tracked: Iterable[str], content: Callable[[str], bytes]) -> list[str]:
    """Return for people what was not tested with what the patch asks for. `content` gives the bytes of a blob."""
    tracked = set(tracked)
    by_line: dict[str, list[str]] = {}
    for change in changes:
        line = _line(change.path, tracked)
        if line and _asks_for_other(change, content):
            by_line.setdefault(line, []).append(change.path)
    return [
        f"{' and '.join(shown(paths))} changed; tested with the installed versions; set gate.setup: {line}"
        for line, paths in by_line.items()
    ]


def of_submodules(changes: Iterable[Change], checked_out: Mapping[str, str]) -> list[str]:
    """Return the same for submodules; `checked_out` is the commit at which the user has each."""
    moved = [change for change in changes if change.new_mode == SUBMODULE]
    return [
        f"{shown([change.path])[0]} moves to {change.blob[:9]}; tested with {checked_out[change.path][:9]}, which is "
        "checked out"
        for change in moved
        if checked_out.get(change.path, change.blob) != change.blob
    ]


def _line(path: str, tracked: set[str]) -> str:
    """Return what installs anew what the file at `path` asks for, "" when it asks for nothing."""
    if _REQUIREMENTS.search(path):
        return f"{_PIP} -r {shlex.quote(path)}"
    folder, _, name = path.rpartition("/")
    kind = next((number for number, (pattern, _) in enumerate(_LOCKS) if pattern.match(name)), None)
    if kind is None:
        return ""
    place, line = _locked(folder, name, tracked) or (folder, _LOCKS[kind][1].format(name=name))
    return f"(cd {shlex.quote(place)} && {line})" if place else line


def _locked(folder: str, name: str, tracked: set[str]) -> tuple[str, str] | None:
    """Return where the lock of a manifest lies, in its folder or above, and what installs it."""
    manifests = {"package.json": _LOCKS[:4], "pyproject.toml": _LOCKS[5:9]}
    while name in manifests:
        for pattern, line in manifests[name]:
            prefix = f"{folder}/" if folder else ""
            if any(path.startswith(prefix) and pattern.match(path[len(prefix) :]) for path in tracked):
                return folder, line
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    return None


def _asks_for_other(change: Change, content: Callable[[str], bytes]) -> bool:
    """Whether it is only what a manifest says of dependencies that counts, and that changes."""
    if change.new_mode == ABSENT:
        return False
    name = change.path.rpartition("/")[2]
    asked = {"package.json": _of_node, "composer.json": _of_php}.get(name, _of_text)
    if name not in ("package.json", "composer.json", "pyproject.toml", "setup.py", "setup.cfg"):
        return True
    before = content(change.old_blob) if change.old_mode != ABSENT else b""
    return asked(before) != asked(content(change.blob))


def _of_node(text: bytes) -> object:
    return _keys(text, _NODE)


def _of_php(text: bytes) -> object:
    return _keys(text, _PHP)


def _keys(text: bytes, keys: tuple[str, ...]) -> object:
    try:
        package = json.loads(text or b"{}")
    except ValueError:
        return text
    return [package.get(key) or None for key in keys] if isinstance(package, dict) else text


def _of_text(text: bytes) -> object:
    """Return what of pyproject.toml, setup.cfg or setup.py names dependencies."""
    words = text.decode(errors="replace")
    tables = [_SPACE.sub("", body) for name, body in _TABLE.findall(words) if _TABLES.match(name.strip())]
    return tables, [_SPACE.sub("", found) for found in _LIST.findall(words)]
