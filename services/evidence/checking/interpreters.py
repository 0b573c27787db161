"""Which Python environment is a project's own, whether or not a terminal has activated it. Only looks; runs nothing.

In the repository: the active one, the one that UV_PROJECT_ENVIRONMENT names, `.venv` and its kin, direnv's, pixi's,
pdm's. Outside of it: the active one, those that poetry, pipenv and virtualenvwrapper keep for this folder, conda's by
the name in environment.yml, pyenv's by `.python-version`. Each is where the tool's documents say that it is.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git

IN_REPOSITORY = (".venv", "venv", "env")
_DIRENV = (".direnv/python-*", ".direnv/virtualenv", ".direnv/venv")
_ACTIVATED = re.compile(
    r"(?m)^\s*(?:source|\.)\s+[\"']?([^\s\"']+)/bin/activate\b|^\s*export\s+VIRTUAL_ENV=[\"']?([^\s\"']+)"
)
_CONDA_NAME = re.compile(r"(?m)^name:\s*[\"']?([^\s\"'#]+)")
_POETRY_PATH = re.compile(
    r"(?ms)^\[virtualenvs\][^\[]*?^path\s*=\s*[\"']([^\"']+)|^virtualenvs\.path\s*=\s*[\"']([^\"']+)"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python environment: the folder that has `bin` in it, and what names it, in words for people."""

    prefix: Path
    named_by: str

    @property
    def bin(self) -> Path:
        return self.prefix / "bin"

    def has(self, program: str) -> bool:
        return os.access(self.bin / program, os.X_OK)

    def has_module(self, name: str) -> bool:
        sites = list(self.prefix.glob("lib/python*/site-packages"))
        return any((site / form).exists() for site in sites for form in (name, f"{name}.py"))


def find(repo: git.Repo, env: Mapping[str, str]) -> Interpreter | None:
    """Return the environment of the project in the user's tree, None where it has none of its own.

    Where none works, one whose Python is gone is still the project's own: no other one is to take its place.
    """
    found = [Interpreter(*one) for one in _named(repo, env)]
    broken = (one for one in found if (one.prefix / "pyvenv.cfg").is_file() and one.bin.is_dir())
    return next((one for one in found if is_environment(one.prefix)), None) or next(broken, None)


def is_environment(folder: Path) -> bool:
    """Return whether Python can be run from here: a virtual environment, or one of conda's or pyenv's."""
    return any(os.access(folder / "bin" / name, os.X_OK) for name in ("python", "python3"))


def _named(repo: git.Repo, env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    root = repo.top / repo.prefix
    active = env.get("VIRTUAL_ENV", "")
    if active and repo.top in Path(active).parents:
        yield Path(active), _shown(repo, Path(active))
    if env.get("UV_PROJECT_ENVIRONMENT"):
        yield root / env["UV_PROJECT_ENVIRONMENT"], "UV_PROJECT_ENVIRONMENT"
    folders = dict.fromkeys((root, repo.top))
    for path in (path for folder in folders for path in _beside(folder)):
        yield path, _shown(repo, path)
    if active:
        yield Path(active), active
    if env.get("CONDA_PREFIX") and env.get("CONDA_DEFAULT_ENV") != "base":
        yield Path(env["CONDA_PREFIX"]), env["CONDA_PREFIX"]
    for folder in folders:
        for path, word in _kept_for(folder, env):
            yield path, f"{path}, by {word}"


def _shown(repo: git.Repo, path: Path) -> str:
    return path.relative_to(repo.top).as_posix() if repo.top in path.parents else str(path)


def in_folder(folder: Path) -> Path | None:
    """Return the virtual environment that lies in a folder under one of the usual names."""
    return next((folder / name for name in IN_REPOSITORY if (folder / name / "pyvenv.cfg").is_file()), None)


def _beside(folder: Path) -> Iterator[Path]:
    """Yield what lies in the folder or is named by a file in it."""
    for name in IN_REPOSITORY:
        if (folder / name / "pyvenv.cfg").is_file() or (folder / name / "conda-meta").is_dir():
            yield folder / name
    if (folder / ".venv").is_file():  # of pipenv and virtualenvwrapper: a path, or a name that `_kept_for` finds
        yield folder / _read(folder / ".venv").strip()
    yield folder / ".pixi" / "envs" / "default"
    for named in _ACTIVATED.findall(_read(folder / ".envrc")):
        yield folder / (named[0] or named[1]).replace("$PWD", str(folder))
    for pattern in _DIRENV:
        yield from sorted(folder.glob(pattern), reverse=True)
    pdm = _read(folder / ".pdm-python").strip()
    if pdm:
        yield Path(pdm).parent.parent


def _kept_for(folder: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield what tools keep elsewhere for the folder, and the tool."""
    home = Path(env.get("HOME") or Path.home())
    for path in _of_poetry(folder, home, env):
        yield path, "poetry"
    shared = Path(env.get("XDG_DATA_HOME") or home / ".local" / "share") / "virtualenvs"
    for place in filter(None, (env.get("WORKON_HOME"), str(shared), str(home / ".virtualenvs"))):
        for project in sorted(Path(place).glob("*/.project")):
            if _read(project).strip() == str(folder):
                yield project.parent, "pipenv" if (folder / "Pipfile").exists() else "virtualenvwrapper"
        name = _read(folder / ".venv").strip() if (folder / ".venv").is_file() else ""
        if name and "/" not in name:
            yield Path(place) / name, ".venv"
    for path in _of_conda(folder, home, env):
        yield path, "environment.yml"
    for version in _read(folder / ".python-version").split():
        versions = Path(env.get("PYENV_ROOT") or home / ".pyenv") / "versions"
        yield versions / version, ".python-version"
        for path in sorted(versions.glob(f"{version}.*"), key=_by_number, reverse=True):
            yield path, ".python-version"


def _of_poetry(folder: Path, home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Yield poetry's environments of a folder, the last used first; their names end with a hash of its path."""
    is_mac = sys.platform == "darwin"
    cache = home / "Library" / "Caches" if is_mac else Path(env.get("XDG_CACHE_HOME") or home / ".cache")
    settings = (
        home / "Library" / "Application Support" if is_mac else Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    )
    cache = Path(env.get("POETRY_CACHE_DIR") or cache / "pypoetry")
    said = _POETRY_PATH.search(_read(settings / "pypoetry" / "config.toml"))
    path = env.get("POETRY_VIRTUALENVS_PATH") or (said and (said[1] or said[2])) or "{cache-dir}/virtualenvs"
    place = Path(path.replace("{cache-dir}", str(cache)))
    digest = base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(folder)).digest()).decode()[:8]
    found = [entry for entry in place.glob("*-py*") if f"-{digest}-py" in entry.name]
    yield from sorted(found, key=lambda entry: entry.stat().st_mtime, reverse=True)


def _of_conda(folder: Path, home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Yield the environments of the name that the folder's environment.yml has."""
    text = _read(folder / "environment.yml") or _read(folder / "environment.yaml")
    named = _CONDA_NAME.search(text)
    if not named or named[1] == "base":
        return
    listed = [Path(line) for line in _read(home / ".conda" / "environments.txt").splitlines()]
    root = env.get("CONDA_EXE") or env.get("MAMBA_EXE")
    places = [Path(root).parent.parent / "envs"] if root else []
    places += [Path(env["MAMBA_ROOT_PREFIX"]) / "envs"] if env.get("MAMBA_ROOT_PREFIX") else []
    yield from (path for path in listed if path.name == named[1])
    yield from (place / named[1] for place in places)


def _by_number(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
