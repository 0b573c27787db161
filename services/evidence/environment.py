"""The environment of a check: the terminal's, with the project's own programs first, whichever terminal typed `up`.

A check sees the gate tree where the repository lies (bind), or elsewhere (path): then every variable that names a place
in the repository names the gate tree's. What its Python looks at is arranged by `sitecustomize.py`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common import git
from cccc.services.evidence import interpreters
from cccc.services.evidence.interpreters import Interpreter
from cccc.services.evidence.sweep import remove

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
_NAME = re.compile(r"(?m)^\s*name\s*=\s*[\"']?([A-Za-z0-9][\w.-]*)")
_NAMING = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True)
class Own:
    """What a project has of its own: its Python environment, and the folders of programs that come before the PATH."""

    python: Interpreter | None
    folders: tuple[Path, ...]

    def has(self, program: str) -> bool:
        return any(os.access(folder / program, os.X_OK) for folder in self.folders)


def find(repo: git.Repo, env: Mapping[str, str]) -> Own:
    """Return what the project has of its own in the user's tree."""
    python = interpreters.find(repo, env)
    tops = dict.fromkeys((repo.top / repo.prefix, repo.top))
    nodes = [top / "node_modules" / ".bin" for top in tops]
    folders = [*([python.bin] if python else []), *(node for node in nodes if node.is_dir())]
    return Own(python, tuple(folders))


def path(repo: git.Repo, env: Mapping[str, str]) -> str:
    """Return the PATH of a check, as it is seen from the user's tree."""
    return _before(find(repo, env).folders, env)


def _before(folders: Iterable[Path], env: Mapping[str, str]) -> str:
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
    """The environment of the checks of `repo`, which see its tree at `top`; `box` is a folder that they can read."""

    def __init__(self, repo: git.Repo, top: Path, box: Path) -> None:
        self._repo = repo
        self._top = top
        self._python = box / "python"

    def variables(self, env: Mapping[str, str], made: Iterable[Path]) -> dict[str, str]:
        """Return the environment. `made` are folders seen from the tree's root that `gate.setup` has made."""
        own = find(self._repo, env)
        folders, prefix = list(own.folders), own.python.prefix if own.python else None
        for path in made:
            if path.name == "node_modules":
                folders.insert(0, self._repo.top / path / ".bin")
            elif path.name in interpreters.IN_REPOSITORY:
                prefix = self._repo.top / path
                folders.insert(0, prefix / "bin")
        found = {**_NO_SERVERS, **env, "PATH": _before(dict.fromkeys(folders), env)}
        found["GRADLE_OPTS"] = f"{env.get('GRADLE_OPTS', '')} {_NO_GRADLE_DAEMON}".strip()
        if prefix:
            found.pop("PYTHONHOME", None)
            found["CONDA_PREFIX" if (prefix / "conda-meta").is_dir() else "VIRTUAL_ENV"] = str(prefix)
        if self._top != self._repo.top:
            found = {name: self._moved(value) for name, value in found.items()}
            found.setdefault("UV_NO_SYNC", "1")  # the environment is the user's own there
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(self._python), found.get("PYTHONPATH", ""))))
        return found

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
        """Write anew what a check's Python reads at its start; `tree` is the gate tree."""
        remove(self._python)
        self._python.mkdir()
        shutil.copyfile(Path(__file__).with_name("sitecustomize.py"), self._python / "sitecustomize.py")
        here, lies = self._top / self._repo.prefix, tree / self._repo.prefix
        has_sources = (lies / "src").is_dir() and not (lies / "src" / "__init__.py").exists()
        names = {_normal(name) for name in (self._repo.top.name, *_names(lies))}
        more = [str(here), *([str(here / "src")] if has_sources else [])]
        places = [str(self._repo.top), str(self._top), self._repo.top.as_uri(), " ".join(sorted(names)), *more]
        (self._python / "places").write_bytes(os.fsencode("\0".join(places)))


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
