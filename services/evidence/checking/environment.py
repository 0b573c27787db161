"""The environment of a check: the terminal's, with the project's own programs first, whichever terminal typed `up`.

A check sees the gate tree where the repository lies (bind), or elsewhere (path): then every variable that names a place
in the repository names the gate tree's. What its Python looks at is arranged by `sitecustomize.py`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.machine import git
from cccc.services.evidence.checking import interpreters
from cccc.services.evidence.checking.interpreters import Interpreter, is_environment
from cccc.services.evidence.tree.sweep import remove

# Servers of build tools live on after a build, and see the user's tree: a check that asks one tests the old code.
_NO_SERVERS = {
    "NX_DAEMON": "false",
    "TURBO_DAEMON": "false",
    "PANTS_PANTSD": "false",
    "DOTNET_CLI_USE_MSBUILD_SERVER": "0",
    "MSBUILDDISABLENODEREUSE": "1",
    "UseSharedCompilation": "false",
    "WATCHMAN_SOCK": "/dev/null",
}
_NO_GRADLE_DAEMON = "-Dorg.gradle.daemon=false"
_PYTEST, _MYPY = "pytest", "mypy"
_NODE = "node_modules/.bin"
# Stands before every other pytest where the project's own Python has no script of that name. Not `-m`: that would let
# modules of the project's folder hide those of the standard library.
_INSTEAD = """\
import sys
if __name__ == "__main__":
    try:
        import pytest
    except ImportError:
        print("pytest is not installed in {name}, the project's own environment; install it there")
        sys.exit(127)
    sys.exit(pytest.console_main())
"""
_NAME = re.compile(r"(?m)^\s*name\s*=\s*[\"']?([A-Za-z0-9][\w.-]*)")
_NAMING = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True)
class Own:
    """What a project has of its own: its Python environment, and the folders of programs that come before the PATH."""

    python: Interpreter | None
    folders: tuple[Path, ...]


def find(repo: git.Repo, env: Mapping[str, str], folders: Iterable[str] = ()) -> Own:
    """Return what the project has of its own in the user's tree, and last what lies in these `folders` of it."""
    python = interpreters.find(repo, env)
    root = repo.top / repo.prefix
    nodes = [node for node in dict.fromkeys(top / _NODE for top in (root, repo.top)) if node.is_dir()]
    below = [root / folder / place for folder in folders for place in beside(root / folder)]
    found = [*([python.bin] if python else []), *nodes, *below]
    return Own(python, tuple(dict.fromkeys(found)))


def beside(folder: Path) -> list[str]:
    """Return where programs of its own lie in a folder, seen from there."""
    python = interpreters.in_folder(folder)
    return [*([f"{python.name}/bin"] if python else []), *([_NODE] if (folder / _NODE).is_dir() else [])]


def path(repo: git.Repo, env: Mapping[str, str], folders: Iterable[str] = ()) -> str:
    """Return the PATH of a check, as it is seen from the user's tree."""
    return before(find(repo, env, folders).folders, env)


def has(own: Own, env: Mapping[str, str], program: str) -> bool:
    """Return whether a check finds a program; one that imports the project counts in the project's own Python only."""
    if own.python and program == _PYTEST:
        return own.python.has(program) or own.python.has_module(program)
    if own.python and program == _MYPY:  # without what the project imports it says that this is missing
        return own.python.has(program)
    return shutil.which(program, path=before(own.folders, env)) is not None


def before(folders: Iterable[Path], env: Mapping[str, str]) -> str:
    """Return the terminal's PATH with these folders first."""
    first = list(map(str, folders))
    rest = env.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*first, *(entry for entry in rest if entry not in first)])


def words(repo: git.Repo, env: Mapping[str, str]) -> str:
    """Return for people where a check finds its programs: ".venv (not activated), node_modules/.bin"."""
    own = find(repo, env)
    said = []
    if own.python:
        is_active = str(own.python.bin) in env.get("PATH", "").split(os.pathsep)
        said.append(f"{own.python.named_by}{'' if is_active else ' (not activated)'}")
    nodes = [folder for folder in own.folders if folder.name == ".bin"]
    said += [folder.relative_to(repo.top).as_posix() for folder in nodes]
    return ", ".join([*said, "PATH"])


class Seen:
    """The environment of the checks of `repo`, which see its tree at `top`; `box` is a folder that they can read.

    `env` is the terminal's, `own` what `find` found. `made` is what `gate.setup` has made, by the place from the tree's
    root: it comes first.
    """

    def __init__(
        self, repo: git.Repo, top: Path, box: Path, env: Mapping[str, str], own: Own, made: Mapping[str, Path]
    ) -> None:
        self._repo = repo
        self._top = top
        self._box = box
        self._env = env
        self._python = own.python.prefix if own.python else None
        self._has_pytest = own.python is None or own.python.has(_PYTEST)
        self._folders = list(own.folders)
        for path, source in made.items():
            if path.rpartition("/")[2] == "node_modules":
                self._folders.insert(0, repo.top / path / ".bin")
            elif is_environment(source):
                self._python, self._has_pytest = repo.top / path, Interpreter(source, path).has(_PYTEST)
                self._folders.insert(0, repo.top / path / "bin")

    def variables(self) -> dict[str, str]:
        """Return the environment."""
        instead = [] if self._has_pytest else [self._box / "bin"]
        found = {**_NO_SERVERS, **self._env, "PATH": before([*dict.fromkeys(self._folders), *instead], self._env)}
        found["GRADLE_OPTS"] = f"{self._env.get('GRADLE_OPTS', '')} {_NO_GRADLE_DAEMON}".strip()
        if self._python:
            found.pop("PYTHONHOME", None)
            found["CONDA_PREFIX" if (self._python / "conda-meta").is_dir() else "VIRTUAL_ENV"] = str(self._python)
        if self._top != self._repo.top:
            found = {name: self._moved(value) for name, value in found.items()}
            if self._python:
                found.setdefault("UV_NO_SYNC", "1")  # the environment is the user's own there
        arranged = (str(self._box / "python"), found.get("PYTHONPATH", ""))
        return {**found, "PYTHONPATH": os.pathsep.join(filter(None, arranged))}

    def _moved(self, value: str) -> str:
        """Let each path in a variable that lies in the user's tree be the gate tree's; not those in .cccc and .git."""
        return os.pathsep.join(self._place(part) for part in value.split(os.pathsep))

    def _place(self, path: str) -> str:
        top = str(self._repo.top)
        if path != top and not path.startswith(f"{top}/"):
            return path
        rest = path[len(top) + 1 :]
        return path if rest.split("/")[0] in (".cccc", ".git") else str(self._top / rest)

    def write(self, tree: Path) -> None:
        """Write anew what the variables name; `tree` is the gate tree."""
        for name in ("python", "bin"):
            remove(self._box / name)
            (self._box / name).mkdir()
        shutil.copyfile(Path(__file__).with_name("sitecustomize.py"), self._box / "python" / "sitecustomize.py")
        (self._box / "python" / "places").write_bytes(os.fsencode("\0".join(self._places(tree / self._repo.prefix))))
        if self._python:
            script, own = self._box / "bin" / _PYTEST, self._box / "bin" / "own.py"
            own.write_text(_INSTEAD.format(name=self._python.name))
            words = map(shlex.quote, (self._place(f"{self._python}/bin/python"), str(own)))
            script.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
            script.chmod(0o755)

    def _places(self, lies: Path) -> list[str]:
        """Return what `sitecustomize.py` reads; the project's folder lies at `lies`."""
        here = self._top / self._repo.prefix
        has_sources = (lies / "src").is_dir() and not (lies / "src" / "__init__.py").exists()
        names = {_normal(name) for name in (self._repo.top.name, *_names(lies))}
        more = [str(here), *([str(here / "src")] if has_sources else [])]
        return [str(self._repo.top), str(self._top), self._repo.top.as_uri(), " ".join(sorted(names)), *more]


def _normal(name: str) -> str:
    return re.sub(r"[-_. ]+", "-", name).lower()


def _names(folder: Path) -> list[str]:
    """Return what the project calls its distribution, as far as a text search finds it."""
    found = []
    for name in _NAMING:
        try:
            found += _NAME.findall((folder / name).read_text(errors="replace"))
        except OSError:
            continue
    return found
